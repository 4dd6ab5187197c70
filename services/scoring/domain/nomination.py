"""Who is nominated and who wins, with a digest over every figure that it rests on."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic import TypeAdapter

from contracts.award import CategoryAward, Nominee, Ranked
from regulation.award_rows import AwardCategory
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.candidate import Candidate, candidates
from services.scoring.domain.digests import digest_of
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.panel import Given, placed
from services.scoring.domain.ranking import Ranking, rank

_QUARTERS: Final = TypeAdapter(list[QuarterFigures | None])


def standing(
    law: Law, edition: AwardEdition, category: AwardCategory, figures: Iterable[QuarterFigures]
) -> tuple[Ranking, str]:
    """How every region of the category stands, and the digest over the figures that it rests on."""
    compared = candidates(law, category, edition.fiscal_year, figures)
    return rank(compared, edition, edition.criteria_of(category.id)), figures_digest(compared)


def nominated(law: Law, edition: AwardEdition, figures: Sequence[QuarterFigures]) -> tuple[CategoryAward, ...]:
    """The first of each ranking, in the order of the edition's categories."""
    awards = []
    for category in edition.categories:
        ranking, digest = standing(law, edition, category, figures)
        awards.append(
            CategoryAward(
                category=category.id,
                nominees=ranking.ranked[: category.nominee_count],
                ranked=len(ranking.ranked),
                excluded=ranking.excluded,
                others=tuple(
                    Ranked(rank=one.rank, region_code=one.region_code, score=one.score)
                    for one in ranking.ranked[category.nominee_count :]
                ),
                figures_digest=digest,
            )
        )
    return tuple(awards)


def decided(
    nomination: Sequence[CategoryAward], edition: AwardEdition, scores: Mapping[str, Given]
) -> tuple[CategoryAward, ...]:
    """The best of the nominees win, as many as the category has winners; ``scores`` are the panel's, by seat."""
    awards = []
    for award in nomination:
        nominees = placed(award, edition.panel, scores)
        best_first = sorted(nominees, key=_final_order)
        winners = tuple(one.region_code for one in best_first[: edition.category(award.category).winner_count])
        awards.append(award.model_copy(update={"nominees": nominees, "winners": winners, "others": None}))
    return tuple(awards)


def _final_order(nominee: Nominee) -> tuple[Decimal, int]:
    """By the final score, where a panel sits; equal ones by their place in the ranking, tie breaks included."""
    final = nominee.score if nominee.final_score is None else nominee.final_score
    return final.copy_negate(), nominee.rank


def figures_digest(compared: Sequence[Candidate]) -> str:
    """Over the figures of every region of the category, in the order of codes and quarters.

    A quarter without an accepted report is null. Regions that a candidate guides follow it in the same form.
    """
    return digest_of([_figures_of(candidate) for candidate in compared])


def _figures_of(candidate: Candidate) -> list[Any]:
    own = [candidate.region.code, _QUARTERS.dump_python(list(candidate.year.values()), mode="json")]
    return [*own, *(_figures_of(guided) for guided in candidate.guided)]
