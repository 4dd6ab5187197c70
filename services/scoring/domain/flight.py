"""Whether anything of a fiscal year is still in flight: a report admitted and not yet scored, or one that may come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts.period import PeriodChangedV1, PeriodState
from contracts.quarter import Quarter

NAMED_MAX = 20
"""Regions that an explanation names."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Entry of a period is settled for a region."""

    region_code: str
    period: str
    period_revision: int
    reported: bool


@dataclass(frozen=True, slots=True)
class Unsettled:
    period: str
    code: str
    detail: str


def unsettled(
    quarters: Iterable[Quarter],
    regions: Sequence[str],
    *,
    periods: Mapping[str, PeriodChangedV1],
    marks: Iterable[Mark],
    scored: Iterable[tuple[str, str]],
) -> list[Unsettled]:
    """Why the figures of these quarters may still change; nothing when they are settled.

    ``scored`` are region and period of every report that counts.
    """
    by_period: dict[tuple[str, int], dict[str, Mark]] = {}
    for mark in marks:
        by_period.setdefault((mark.period, mark.period_revision), {})[mark.region_code] = mark
    known = set(scored)
    found = []
    for quarter in quarters:
        period = periods.get(quarter.text)
        if period is None or period.state is not PeriodState.CLOSED:
            found.append(_not_closed(quarter.text, period))
        else:
            settled = by_period.get((period.period, period.revision), {})
            found += _missing_marks(period, regions, settled)
            found += _missing_scorecards(period, settled, known)
    return found


def _not_closed(text: str, period: PeriodChangedV1 | None) -> Unsettled:
    stands = "was never opened" if period is None else f"is {period.state} (revision {period.revision})"
    return Unsettled(text, "period-not-closed", f"{text} {stands}; close it first.")


def _missing_marks(period: PeriodChangedV1, regions: Sequence[str], settled: Mapping[str, Mark]) -> list[Unsettled]:
    missing = [code for code in regions if code not in settled]
    if not missing:
        return []
    detail = (
        f"{period.period} is closed (revision {period.revision}); {len(missing)} of {len(regions)} regions are not yet"
        f" settled: {_named(missing)}. Ask again when their reports are judged."
    )
    return [Unsettled(period.period, "regions-not-settled", detail)]


def _missing_scorecards(
    period: PeriodChangedV1, settled: Mapping[str, Mark], known: set[tuple[str, str]]
) -> list[Unsettled]:
    """Reports that validation accepted and that never became a scorecard: they lie in the dead letter."""
    missing = sorted(code for code, mark in settled.items() if mark.reported and (code, period.period) not in known)
    if not missing:
        return []
    detail = (
        f"{period.period}: {len(missing)} regions have an accepted report without a scorecard: {_named(missing)}."
        " Settle the dead letters of spm-submission-judged-v1 first."
    )
    return [Unsettled(period.period, "reports-not-scored", detail)]


def _named(codes: Sequence[str]) -> str:
    more = f" and {len(codes) - NAMED_MAX} more" if len(codes) > NAMED_MAX else ""
    return ", ".join(codes[:NAMED_MAX]) + more
