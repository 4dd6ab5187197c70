"""What officials are told, decided from one event and the law alone."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Final

from contracts.award import AwardChangedV1, AwardState, Nominee
from contracts.message import Bilingual, Message
from contracts.notice import NoticeUnreadV1
from contracts.quarter import Quarter, quarters_of
from contracts.recipient import EVERY_REGION, RecipientChangedV1, Role
from contracts.scorecard import ScorecardUpdatedV1, SectorScore, ServiceScore, ServiceState
from contracts.verdict import Finding, ReportAwaitedV1, ReportOverdueV1, Severity, SubmissionJudgedV1, VerdictOutcome
from regulation.award_rows import AwardCategory, AwardCriterion
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.rows import Band, Sector, ServiceType
from services.notify.domain.facts import (
    Award,
    Criterion,
    Deficiency,
    Facts,
    Nomination,
    Placing,
    Remark,
    ReportDue,
    ReportMissing,
    ReportReturned,
    Unacknowledged,
    Unreachable,
    WarningsOpen,
    WeakSector,
    WeakService,
)
from services.notify.domain.notice import Matter
from services.notify.domain.rounding import Rounding
from services.notify.domain.wording import JAKARTA, one_line

REMARKS_MAX: Final = 25
SERVICES_A_SECTOR_MAX: Final = 5
"""A letter that lists everything is read by nobody; the rest is counted and left to the report's status."""


def matters_of(message: Message, fact_id: str, law: Law) -> list[Matter]:  # noqa: PLR0911 - one a kind of event
    """What the event gives cause to tell; empty for most.

    Raises:
        RegulationError: the law does not know what the event names.
    """
    match message:
        case SubmissionJudgedV1(outcome=VerdictOutcome.RETURNED):
            return [_of_report(message, fact_id, law, _returned(message, law))]
        case SubmissionJudgedV1():
            open_warnings = _unjustified(message)
            return [_of_report(message, fact_id, law, _warned(message, open_warnings, law))] if open_warnings else []
        case ReportAwaitedV1():
            return [_of_report(message, fact_id, law, _awaited(message))]
        case ReportOverdueV1():
            return [_of_report(message, fact_id, law, _missing(message))]
        case ScorecardUpdatedV1() if message.index_pct < message.expected_pct:
            return [_of_report(message, fact_id, law, _deficiency(message, law))]
        case AwardChangedV1():
            return _of_award(message, fact_id, law)
        case RecipientChangedV1() if message.unreachable_since is not None and message.region_code != EVERY_REGION:
            return [_of_recipient(message, message.unreachable_since, law)]
        case NoticeUnreadV1():
            return [_of_silence(message, fact_id, law)]
        case _:
            return []


def _of_report(
    message: SubmissionJudgedV1 | ReportAwaitedV1 | ReportOverdueV1 | ScorecardUpdatedV1,
    fact_id: str,
    law: Law,
    facts: Facts,
) -> Matter:
    return Matter(
        region_code=message.region_code,
        region_name=region_name(message.region_code, law),
        fiscal_year=Quarter.parse(message.period).fiscal_year,
        period=message.period,
        fact_id=fact_id,
        fact_at=message.occurred_at,
        submission_id=None if isinstance(message, ReportAwaitedV1 | ReportOverdueV1) else message.submission_id,
        facts=facts,
    )


def _of_recipient(message: RecipientChangedV1, since: datetime, law: Law) -> Matter:
    return Matter(
        region_code=message.region_code,
        region_name=region_name(message.region_code, law),
        fiscal_year=since.astimezone(JAKARTA).year,
        period=None,
        # One fact, whatever else of the recipient changes later.
        fact_id=f"{message.recipient_id}/unreachable",
        fact_at=since,
        submission_id=None,
        facts=Unreachable(role=message.role, channel=message.channel, since=since, registered_at=message.active_from),
    )


def _of_silence(message: NoticeUnreadV1, fact_id: str, law: Law) -> Matter:
    return Matter(
        region_code=message.region_code,
        region_name=region_name(message.region_code, law),
        fiscal_year=message.fiscal_year,
        period=message.period,
        fact_id=fact_id,
        fact_at=message.unread_at,
        submission_id=message.submission_id,
        facts=Unacknowledged(
            about=message.kind,
            office=Role(message.office),
            told_at=message.told_at,
            unread_at=message.unread_at,
            notice_id=message.notice_id,
        ),
    )


def _returned(message: SubmissionJudgedV1, law: Law) -> ReportReturned:
    errors = [finding for finding in message.findings if finding.severity is Severity.ERROR]
    return ReportReturned(
        revision=message.revision,
        arrived_at=message.arrived_at,
        due_at=message.due_at,
        on_time=message.on_time,
        remarks=_remarks(errors, law),
        errors=len(errors),
        warnings=len(message.findings) - len(errors),
    )


def _warned(message: SubmissionJudgedV1, warnings: list[Finding], law: Law) -> WarningsOpen:
    return WarningsOpen(
        revision=message.revision,
        arrived_at=message.arrived_at,
        due_at=message.due_at,
        remarks=_remarks(warnings, law),
        warnings=len(warnings),
    )


def _unjustified(message: SubmissionJudgedV1) -> list[Finding]:
    return [
        finding
        for finding in message.findings
        if finding.severity is Severity.WARNING and finding.justification is None
    ]


def _remarks(findings: list[Finding], law: Law) -> tuple[Remark, ...]:
    names = _service_names(law)
    return tuple(
        Remark(
            rule=finding.code,
            service=names.get(finding.service_type or ""),
            sector=(finding.service_type or "").partition(".")[0] or None,
            pointer=one_line(finding.pointer),
            found=one_line(finding.found),
            expected=one_line(finding.expected),
            summary=finding.summary,
            remedy=finding.remedy,
        )
        for finding in findings[:REMARKS_MAX]
    )


def _awaited(message: ReportAwaitedV1) -> ReportDue:
    return ReportDue(
        due_at=message.due_at, days_left=message.days_before_due, returned_reports=message.returned_reports
    )


def _missing(message: ReportOverdueV1) -> ReportMissing:
    return ReportMissing(
        due_at=message.due_at,
        closed_at=message.closed_at,
        returned_reports=message.returned_reports,
        entry_open=message.days_after_due is not None,
    )


def _deficiency(message: ScorecardUpdatedV1, law: Law) -> Deficiency:
    quarter = Quarter.parse(message.period)
    rounded = Rounding(law, quarter)
    behind = [
        (sector.index_pct, sector)
        for sector in message.sectors
        if sector.index_pct is not None and sector.index_pct < message.expected_pct
    ]
    return Deficiency(
        revision=message.revision,
        index_pct=rounded.to_nearest(message.index_pct),
        expected_pct=rounded.to_nearest(message.expected_pct),
        # Rounded up: a gap that exists is never shown as none.
        gap_pct=rounded.up(message.expected_pct - message.index_pct),
        completeness_pct=rounded.to_nearest(message.completeness_pct),
        band=_band_of_the_year(message.band, quarter, law),
        sectors=tuple(
            _weak_sector(sector, index_pct, message.expected_pct, law, rounded)
            for index_pct, sector in sorted(behind, key=lambda pair: pair[0])
        ),
    )


def _band_of_the_year(band_id: str, quarter: Quarter, law: Law) -> Bilingual | None:
    if quarter != quarters_of(quarter.fiscal_year)[-1]:
        return None
    bands = {band.id: _both(band) for band in law.bands(quarter.last_day)}
    return bands.get(band_id) or Bilingual(id=band_id, en=band_id)


def _weak_sector(
    sector: SectorScore, index_pct: Decimal, expected_pct: Decimal, law: Law, rounded: Rounding
) -> WeakSector:
    weak = [
        (service.index_pct, service)
        for service in sector.services
        if service.index_pct is not None and service.index_pct < expected_pct
    ]
    weak.sort(key=lambda pair: pair[0])
    names = _service_names(law)
    return WeakSector(
        sector=sector.sector,
        name=_both(law.sectors[sector.sector]),
        index_pct=rounded.to_nearest(index_pct),
        services=tuple(_weak_service(service, names, rounded) for _, service in weak[:SERVICES_A_SECTOR_MAX]),
        untold=max(0, len(weak) - SERVICES_A_SECTOR_MAX),
    )


def _weak_service(service: ServiceScore, names: Mapping[str, Bilingual], rounded: Rounding) -> WeakService:
    return WeakService(
        name=names.get(service.service_type) or Bilingual(id=service.service_type, en=service.service_type),
        reported=service.state is not ServiceState.MISSING,
        index_pct=rounded.to_nearest(service.index_pct or Decimal(0)),
        recipients_pct=None if service.recipients_pct is None else rounded.to_nearest(service.recipients_pct),
        quality_pct=None if service.quality_pct is None else rounded.to_nearest(service.quality_pct),
    )


def _of_award(message: AwardChangedV1, fact_id: str, law: Law) -> list[Matter]:
    """Each nominee of a nomination; each winner of a decision."""
    told: list[tuple[Nominee, Facts]]
    if message.state is AwardState.NOMINATED:
        nominees = len(message.nominees)
        told = [
            (nominee, Nomination(placing=_placing(message, nominee, law), rank=nominee.rank, nominees=nominees))
            for nominee in message.nominees
        ]
    else:
        by_region = {nominee.region_code: nominee for nominee in message.nominees}
        best_first = [by_region[code] for code in message.winners]
        told = [
            (winner, Award(placing=_placing(message, winner, law), place=place, winners=len(best_first)))
            for place, winner in enumerate(best_first, start=1)
        ]
    return [
        Matter(
            region_code=nominee.region_code,
            region_name=region_name(nominee.region_code, law),
            fiscal_year=message.fiscal_year,
            period=None,
            fact_id=fact_id,
            fact_at=message.occurred_at,
            submission_id=None,
            facts=facts,
        )
        for nominee, facts in told
    ]


def _placing(message: AwardChangedV1, nominee: Nominee, law: Law) -> Placing:
    edition = law.award_edition(message.edition_year)
    rounded = Rounding(law, quarters_of(message.fiscal_year)[-1])
    names = {criterion.id: _both(criterion) for criterion in edition.criteria_of(message.category)}
    return Placing(
        edition_year=message.edition_year,
        category=_both(edition.category(message.category)),
        score=rounded.to_nearest(nominee.score),
        index_pct=rounded.to_nearest(nominee.index_pct),
        criteria=tuple(
            Criterion(
                name=names.get(part.criterion) or Bilingual(id=part.criterion, en=part.criterion),
                score_pct=rounded.to_nearest(part.score_pct),
                weight_pct=rounded.to_nearest(part.weight_pct),
            )
            for part in nominee.criteria
        ),
        ranked=message.ranked,
        author_role=one_line(message.author_role),
    )


def _both(row: Sector | ServiceType | Band | AwardCategory | AwardCriterion) -> Bilingual:
    return Bilingual(id=row.name_id, en=row.name_en)


@cache
def _service_names(law: Law) -> Mapping[str, Bilingual]:
    """Names of all days: that a service type was not in force may be the very finding."""
    return {row.id: _both(row) for row in law.rows.of(ServiceType)}


def region_name(code: str, law: Law) -> str:
    region = law.regions.get(code)
    if region is None:
        raise RegulationError(f"Region {code} is not written; add its row to regions.toml.")
    return f"Provinsi {region.name}" if region.kind == "provinsi" else region.name
