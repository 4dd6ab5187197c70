"""How many of the reports that are owed for a period came, and how many in time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Final

from pydantic import Field

from contracts.message import Bilingual, Frozen
from contracts.quarter import Quarter
from contracts.submission import Submission
from regulation.law import Law
from regulation.rows import Region

_WHOLE_PCT: Final = 100
_LEVELS: Final = ("provinsi", "kabupaten", "kota")


class By(StrEnum):
    """What the rates are told for, each by itself."""

    LEVEL = "level"
    PROVINCE = "province"
    SECTOR = "sector"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedReport:
    """What of a verdict counts here."""

    region_code: str
    revision: int
    accepted: bool
    arrived_at: datetime
    on_time: bool
    """Against the deadline that was in force when it arrived."""
    nil_return: bool
    sectors: tuple[str, ...]
    """Of which it states a service."""


class ReportingRate(Frozen):
    """Each region that owes a report has one place: it has reported, only returned reports came, or it is missing."""

    group: Annotated[str | None, Field(description="Level, code of the provinsi, or sector; null for all regions.")]
    name: Bilingual
    expected: Annotated[int, Field(description="Regions that owe a report.")]
    reported: Annotated[int, Field(description="Regions with an accepted report; nil returns included.")]
    on_time: Annotated[
        int, Field(description="Of these, regions whose first acceptable report came within the deadline of its day.")
    ]
    nil_returns: Annotated[
        int, Field(description="Of these, regions whose report in force says that nothing was done.")
    ]
    returned: Annotated[int, Field(description="Regions of which only returned reports came.")]
    missing: Annotated[
        int,
        Field(description="Regions of which nothing came; of a sector, also where the accepted report leaves it out."),
    ]
    reported_pct: Annotated[Decimal, Field(description="Of those expected, as text.", examples=["98.72"])]
    on_time_pct: Annotated[Decimal, Field(description="Of those expected, as text.", examples=["91.03"])]


def sectors_stated(submission: Submission) -> tuple[str, ...]:
    """The sectors of which a report states a service; a service type's id begins with its sector."""
    return tuple(dict.fromkeys(service.service_type.partition(".")[0] for service in submission.services))


def reporting_rates(
    law: Law, period: str, reports: Iterable[JudgedReport], by: By | None = None
) -> tuple[ReportingRate, ...]:
    """The rates of a period from every report of it that was judged: of all regions, or of each group by itself.

    A region has reported when a report of it was accepted; a returned correction does not undo that. It has reported
    on time when the report that arrived first of those accepted was on time: correcting it later does not make it
    late, and a deadline that is extended afterwards does not make it punctual. Of a sector, the reports that state a
    service of it count in the same way, and a nil return speaks of every sector.

    Raises:
        RegulationError: the law is silent on the period.
    """
    in_order = sorted(reports, key=attrgetter("region_code", "revision"))
    chains = {code: list(chain) for code, chain in groupby(in_order, key=attrgetter("region_code"))}
    decimals = law.index_choices(Quarter.parse(period).last_day).display_decimals
    return tuple(
        _rate(group, [_Standing.of(chains.get(code, ()), group.sector) for code in group.region_codes], decimals)
        for group in _GROUPS[by](law, period)
    )


@dataclass(frozen=True, slots=True)
class _Group:
    id: str | None
    name: Bilingual
    region_codes: Sequence[str]
    sector: str | None = None
    """Counts the reports that speak of it; None counts every report."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """Of one region that owes a report."""

    reported: bool
    on_time: bool
    nil_return: bool
    returned: bool

    @classmethod
    def of(cls, chain: Sequence[JudgedReport], sector: str | None) -> "_Standing":
        """``chain``: the region's reports in the order of their revisions."""
        accepted = [report for report in chain if report.accepted]
        speaking = [report for report in accepted if sector is None or report.nil_return or sector in report.sectors]
        reported = bool(speaking) and speaking[-1] is accepted[-1]
        return cls(
            reported=reported,
            on_time=reported and min(speaking, key=attrgetter("arrived_at", "revision")).on_time,
            nil_return=reported and speaking[-1].nil_return,
            returned=bool(chain) and not accepted,
        )


def _rate(group: _Group, standings: Sequence[_Standing], decimals: int) -> ReportingRate:
    expected = len(standings)
    reported = sum(standing.reported for standing in standings)
    on_time = sum(standing.on_time for standing in standings)
    returned = sum(standing.returned for standing in standings)
    return ReportingRate(
        group=group.id,
        name=group.name,
        expected=expected,
        reported=reported,
        on_time=on_time,
        nil_returns=sum(standing.nil_return for standing in standings),
        returned=returned,
        missing=expected - reported - returned,
        reported_pct=_share_pct(reported, expected, decimals),
        on_time_pct=_share_pct(on_time, expected, decimals),
    )


def _share_pct(part: int, whole: int, decimals: int) -> Decimal:
    return (Decimal(part * _WHOLE_PCT) / whole).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _everybody(law: Law, _: str) -> list[_Group]:
    codes = [region.code for region in law.regions.reporting()]
    return [_Group(None, Bilingual(id="Seluruh daerah", en="All regions"), codes)]


def _levels(law: Law, _: str) -> list[_Group]:
    by_kind = _codes_by(law.regions.reporting(), lambda region: region.kind)
    return [_Group(kind, _both(kind.capitalize()), by_kind[kind]) for kind in _LEVELS]


def _provinces(law: Law, _: str) -> list[_Group]:
    """A provinsi with its kabupaten and kota."""
    by_province = _codes_by(law.regions.reporting(), lambda region: region.parent or region.code)
    return [_Group(code, _both(law.regions[code].name), codes) for code, codes in sorted(by_province.items())]


def _sectors(law: Law, period: str) -> list[_Group]:
    """The regions that must serve a sector, in the order of the law."""
    on = Quarter.parse(period).last_day
    served = {region.code: law.levels_served(region, on) for region in law.regions.reporting()}
    sectors = {levels: {service.sector for service in law.catalogue(levels, on)} for levels in set(served.values())}
    return [
        _Group(sector.id, Bilingual(id=sector.name_id, en=sector.name_en), codes, sector.id)
        for sector in law.sectors.values()
        if (codes := [code for code, levels in served.items() if sector.id in sectors[levels]])
    ]


_GROUPS: Final[Mapping[By | None, Callable[[Law, str], list[_Group]]]] = {
    None: _everybody,
    By.LEVEL: _levels,
    By.PROVINCE: _provinces,
    By.SECTOR: _sectors,
}


def _codes_by(regions: Iterable[Region], key: Callable[[Region], str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for region in regions:
        grouped.setdefault(key(region), []).append(region.code)
    return grouped


def _both(name: str) -> Bilingual:
    """A proper name of the law, which is not translated."""
    return Bilingual(id=name, en=name)
