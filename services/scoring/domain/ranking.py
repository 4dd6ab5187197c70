"""The order of the regions of one category: by award score, then by the tie breaks that the edition names."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from contracts.award import CriterionScore, Excluded, Nominee
from regulation.award_rows import AwardCriterion, TieBreak
from regulation.awards import AwardEdition
from services.scoring.domain.candidate import Candidate
from services.scoring.domain.criteria import award_score, criterion_scores
from services.scoring.domain.eligibility import exclusion
from services.scoring.domain.rounding import NONE_PCT, mean


@dataclass(frozen=True, slots=True)
class Ranking:
    ranked: tuple[Nominee, ...]
    """Best first; every one has a place of its own."""
    excluded: tuple[Excluded, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    candidate: Candidate
    criteria: tuple[CriterionScore, ...]
    score: Decimal


def rank(candidates: Iterable[Candidate], edition: AwardEdition, rows: Sequence[AwardCriterion]) -> Ranking:
    entries, excluded = [], []
    for candidate in candidates:
        refused = exclusion(candidate, edition)
        if refused is not None:
            excluded.append(refused)
            continue
        criteria = criterion_scores(candidate, edition, rows)
        entries.append(_Entry(candidate, criteria, award_score(criteria)))
    entries.sort(key=lambda entry: _order(entry, edition))
    ranked = tuple(
        Nominee(
            rank=place,
            region_code=entry.candidate.region.code,
            score=entry.score,
            index_pct=_index_pct(entry.candidate),
            criteria=entry.criteria,
        )
        for place, entry in enumerate(entries, start=1)
    )
    return Ranking(ranked, tuple(excluded))


def _order(entry: _Entry, edition: AwardEdition) -> tuple[Any, ...]:
    return (entry.score.copy_negate(), *(_tie_broken(entry.candidate, row) for row in edition.tie_breaks))


def _tie_broken(candidate: Candidate, row: TieBreak) -> Any:
    """What sorts the better candidate first."""
    speaks = TIE_BREAKS[row.id](candidate)
    return speaks.copy_negate() if row.better == "higher" else speaks


def _index_pct(candidate: Candidate) -> Decimal:
    return candidate.last.index_pct if candidate.last else NONE_PCT


def _average_arrival(candidate: Candidate) -> Decimal:
    """Microseconds after the deadline, each report against its own; before it they are negative."""
    delays = [(quarter.arrived_at - quarter.due_at) // timedelta(microseconds=1) for quarter in candidate.accepted]
    return mean([Decimal(delay) for delay in delays]) if delays else NONE_PCT


def _completeness(candidate: Candidate) -> Decimal:
    return mean([quarter.completeness_pct for quarter in candidate.accepted]) if candidate.accepted else NONE_PCT


def _region_code(candidate: Candidate) -> str:
    return candidate.region.code


TIE_BREAKS: Final[Mapping[str, Callable[[Candidate], Any]]] = MappingProxyType(
    {
        "ip_spm": _index_pct,
        "average_arrival": _average_arrival,
        "completeness": _completeness,
        "region_code": _region_code,
    }
)
