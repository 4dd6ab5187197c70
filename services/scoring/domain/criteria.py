"""The criteria of the awards, each a score from 0 to 100, as ``regulation/award_editions.toml`` defines them."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from contracts.award import CriterionScore
from regulation.award_rows import AwardCriterion
from regulation.awards import AwardEdition
from services.scoring.domain.candidate import Candidate
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.rounding import EXACT, NONE_PCT, WHOLE_PCT, mean, share_pct, weighted


def _ip_spm(candidate: Candidate, _: AwardEdition) -> Decimal:
    return candidate.last.index_pct if candidate.last else NONE_PCT


def _reporting(candidate: Candidate, edition: AwardEdition) -> Decimal:
    return mean([edition.points(_punctuality(quarter)) for quarter in candidate.year.values()])


def _punctuality(quarter: QuarterFigures | None) -> str:
    if quarter is None:
        return "missing"
    return "on_time" if quarter.on_time else "late"


def _stages(candidate: Candidate, _: AwardEdition) -> Decimal:
    return candidate.last.stages_pct if candidate.last else NONE_PCT


def _budget(candidate: Candidate, _: AwardEdition) -> Decimal:
    return candidate.last.budget_pct if candidate.last else NONE_PCT


def _team(candidate: Candidate, _: AwardEdition) -> Decimal:
    return share_pct(sum(quarter.team for quarter in candidate.accepted), len(candidate.year))


def _action_plan(candidate: Candidate, _: AwardEdition) -> Decimal:
    return WHOLE_PCT if candidate.last and candidate.last.action_plan else NONE_PCT


def _guided_index(candidate: Candidate, edition: AwardEdition) -> Decimal:
    return _mean_of_guided(candidate, [_ip_spm(guided, edition) for guided in candidate.guided])


def _guided_reporting(candidate: Candidate, edition: AwardEdition) -> Decimal:
    return _mean_of_guided(candidate, [_reporting(guided, edition) for guided in candidate.guided])


def _mean_of_guided(candidate: Candidate, scores: list[Decimal]) -> Decimal:
    """A provinsi without kabupaten and kota that report has nobody to guide."""
    return mean(scores) if candidate.guided else NONE_PCT


CRITERIA: Final[Mapping[str, Callable[[Candidate, AwardEdition], Decimal]]] = MappingProxyType(
    {
        "ip_spm": _ip_spm,
        "reporting": _reporting,
        "stages": _stages,
        "budget": _budget,
        "team": _team,
        "action_plan": _action_plan,
        "guided_index": _guided_index,
        "guided_reporting": _guided_reporting,
    }
)


def known_criterion(row: AwardCriterion) -> AwardCriterion:
    """The row, when its criterion can be computed.

    Raises:
        Unscorable: it cannot.
    """
    if row.id not in CRITERIA:
        raise Unscorable(
            f"{row.row_id} names the criterion {row.id!r}; known are: {', '.join(sorted(CRITERIA))}."
            " Write it in services/scoring/domain/criteria.py or correct the row."
        )
    return row


def criterion_scores(
    candidate: Candidate, edition: AwardEdition, criteria: Iterable[AwardCriterion]
) -> tuple[CriterionScore, ...]:
    return tuple(
        CriterionScore(criterion=row.id, score_pct=CRITERIA[row.id](candidate, edition), weight_pct=row.weight_pct)
        for row in criteria
    )


def award_score(criteria: tuple[CriterionScore, ...]) -> Decimal:
    """The sum of the weighted scores; the law's weights make 100 percent."""
    return weighted([(EXACT.scaleb(scored.weight_pct, -2), scored.score_pct) for scored in criteria])
