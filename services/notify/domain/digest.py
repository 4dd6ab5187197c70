"""The week's digest: when it is written, what it sums up, and what of it is told. Our choice, no rule of law."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from contracts.message import Bilingual, Message
from contracts.notice import NoticeKind
from contracts.quarter import Quarter
from contracts.recipient import Role
from contracts.week import (
    REPORTS_MAX,
    Attainment,
    OpenMatter,
    ReportToCome,
    SectorIndex,
    UnreadByOffice,
    WeekSummedUpV1,
)
from regulation.law import Law
from services.notify.domain.facts import OpenLine, ReportComing, SectorLine, StandingLine, UnreadLine, WeeklyDigest
from services.notify.domain.matters import region_name
from services.notify.domain.notice import Matter
from services.notify.domain.rounding import Rounding
from services.notify.domain.situation import Duty, Standing, latest_scored, quarter_lines, quarters_due
from services.notify.domain.wording import JAKARTA

BEGINS: Final = time(7, tzinfo=JAKARTA)
"""Of a Monday."""
LATE_MAX: Final = timedelta(days=3)
"""A digest that is later than this is left out: the next one is nearer."""
DUE_WITHIN: Final = timedelta(days=14)
UNREAD_WITHIN: Final = timedelta(days=28)
"""What was told before that is not counted as unread any more."""
_WAITED_FOR: Final = frozenset({Duty.AWAITED, Duty.RETURNED})


@dataclass(frozen=True, slots=True)
class Week:
    text: str
    """2024-W03"""
    began_at: datetime


def week_to_sum_up(now: datetime) -> Week | None:
    """The week whose digest is to be written now; None between them."""
    today = now.astimezone(JAKARTA).date()
    monday = today - timedelta(days=today.weekday())
    began_at = datetime.combine(monday, BEGINS)
    year, number, _ = monday.isocalendar()
    return Week(f"{year}-W{number:02}", began_at) if began_at <= now < began_at + LATE_MAX else None


def reports_to_come(region: str, standings: Mapping[str, Standing], law: Law, now: datetime) -> list[ReportToCome]:
    lines = quarter_lines(region, quarters_due(standings, now), standings, law, now)
    coming = [line for line in lines if line.duty in _WAITED_FOR and now <= line.due_at <= now + DUE_WITHIN]
    return [
        ReportToCome(period=line.quarter.text, due_at=line.due_at, returned=line.duty is Duty.RETURNED)
        for line in sorted(coming, key=lambda line: line.due_at)[:REPORTS_MAX]
    ]


def attainment_of(standings: Mapping[str, Standing]) -> Attainment | None:
    latest = latest_scored(standings)
    if latest is None or latest.card is None:
        return None
    card = latest.card
    scored = [(one.sector, one.index_pct) for one in card.weakest_first if one.index_pct is not None]
    return Attainment(
        period=latest.period,
        index_pct=card.index_pct,
        expected_pct=card.expected_pct,
        sectors=tuple(SectorIndex(sector=sector, index_pct=index_pct) for sector, index_pct in scored),
    )


def unread_of(told: Iterable[tuple[str, Role]], read: Mapping[str, Mapping[Role, datetime]]) -> list[UnreadByOffice]:
    """``told``: matter and office; ``read``: by whom and when each matter was opened."""
    unread = {(matter, role) for matter, role in told if role not in read.get(matter, {})}
    counted = {role: sum(one is role for _, one in unread) for role in Role}
    return [UnreadByOffice(office=role, notices=count) for role, count in counted.items() if count]


def matters_of_week(message: Message, fact_id: str, law: Law) -> list[Matter]:
    """Raises:
    RegulationError: the law does not know the region, or a sector.
    """
    if not isinstance(message, WeekSummedUpV1):
        return []
    began = message.began_at.astimezone(JAKARTA)
    return [
        Matter(
            region_code=message.region_code,
            region_name=region_name(message.region_code, law),
            fiscal_year=began.year,
            period=None,
            fact_id=fact_id,
            fact_at=message.began_at,
            submission_id=None,
            facts=WeeklyDigest(
                began_at=message.began_at,
                stated_at=message.stated_at,
                open=tuple(_open_line(one) for one in message.open),
                open_in_all=message.open_in_all,
                unread=tuple(UnreadLine(office=Role(one.office), notices=one.notices) for one in message.unread),
                due=tuple(ReportComing.model_validate(one.model_dump()) for one in message.due),
                standing=_standing(message.attainment, law) if message.attainment else None,
            ),
        )
    ]


def _open_line(one: OpenMatter) -> OpenLine:
    return OpenLine(about=NoticeKind(one.kind), period=one.period, told_at=one.told_at, notice_id=one.notice_id)


def _standing(attainment: Attainment, law: Law) -> StandingLine:
    rounded = Rounding(law, Quarter.parse(attainment.period))
    return StandingLine(
        period=attainment.period,
        index_pct=rounded.to_nearest(attainment.index_pct),
        expected_pct=rounded.to_nearest(attainment.expected_pct),
        sectors=_sectors(attainment.sectors, law, rounded),
    )


def _sectors(sectors: Sequence[SectorIndex], law: Law, rounded: Rounding) -> tuple[SectorLine, ...]:
    return tuple(
        SectorLine(name=Bilingual(id=row.name_id, en=row.name_en), index_pct=rounded.to_nearest(one.index_pct))
        for one in sectors
        for row in (law.sectors[one.sector],)
    )
