"""What is usual for a region by its own earlier quarters, and how a finding tells of a figure that is not."""

from collections.abc import Callable, Iterator
from typing import Final

from contracts.quarter import Quarter
from services.validation.domain.case import Case, Columns, Past, PeerFigures
from services.validation.domain.outliers import Limits, Outlier, Spread, outlier_in, outlier_of, ratio

_YEAR: Final = len("2023")

Measured = list[float | None]
"""One figure a service type, in the order of the report at hand; None where it cannot be told."""


def unusual_paces(case: Case, limits: Limits) -> Iterator[tuple[int, Outlier]]:
    """Of the target served in a quarter: the growth since the report before, or since January, a quarter."""
    reports: list[tuple[str, Columns | Past]] = [(case.submission.period, case.columns)]
    reports += [(past.period, past) for past in case.pasts]
    befores = [*reports[1:], ("", None)]
    return _unusual(
        [_paces(period, figures, *before) for (period, figures), before in zip(reports, befores, strict=True)], limits
    )


def unusual_costs(case: Case, limits: Limits) -> Iterator[tuple[int, Outlier]]:
    """Of rupiah realised for each person served since January."""
    reports: list[Columns | Past] = [case.columns, *case.pasts]
    return _unusual([list(map(ratio, each.realised, each.served)) for each in reports], limits)


def unusual_among_peers(
    case: Case, figures: list[int | None], measure: Callable[[PeerFigures], Spread | None], limits: Limits
) -> Iterator[tuple[int, Outlier]]:
    """Of a figure by target, against what was fixed of the region's level."""
    if case.peers is None:
        return
    columns, peers = case.columns, case.peers.figures
    for place, (name, figure, target) in enumerate(zip(columns.names, figures, columns.targets, strict=True)):
        spread = measure(peers[name]) if name in peers else None
        share = ratio(figure, target)
        if spread and share is not None and (outlier := outlier_of(share, spread, limits)):
            yield place, outlier


def told(outlier: Outlier, shown: Callable[[float], str]) -> str:
    """What the sample is like, and by which measures the figure lies outside; a measure that has no value is a dash."""
    spread = outlier.spread
    measures = (outlier.z, outlier.modified_z, outlier.position)
    z, modified_z, position = ("-" if each is None else f"{each:.1f}" for each in measures)
    sample = f"± {shown(spread.median)} ({shown(spread.lowest)} .. {shown(spread.highest)}; n = {spread.n})"
    return f"{sample}; z = {z}, z* = {modified_z}, min-max = {position}"


def percent(share: float) -> str:
    return f"{share:.1%}"


def rupiah(amount: float) -> str:
    return f"{amount:.0f}"


def _unusual(reports: list[Measured], limits: Limits) -> Iterator[tuple[int, Outlier]]:
    """The places at which the first report lies outside of those behind it."""
    for place, (figure, *earlier) in enumerate(zip(*reports, strict=True)):
        sample = earlier if None not in earlier else [each for each in earlier if each is not None]
        if figure is not None and (outlier := outlier_in(figure, sample, limits)):
            yield place, outlier


def _paces(period: str, now: Columns | Past, period_before: str, before: Columns | Past | None) -> Measured:
    number = Quarter.parse(period).number
    if before is None or period_before[:_YEAR] != period[:_YEAR]:
        return [
            served / (target * number) if target and served is not None else None
            for target, served in zip(now.targets, now.served, strict=True)
        ]
    since = number - Quarter.parse(period_before).number
    return [
        (served - start) / (target * since) if target and served is not None and start is not None else None
        for target, served, start in zip(now.targets, now.served, before.served, strict=True)
    ]
