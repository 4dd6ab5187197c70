"""A small year of a small nation, as events: what the fault tests feed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from chassis.clock import unix_s
from chassis.events import Event
from cli.demo.generator import plan_year
from cli.demo.plan import PlannedReport
from contracts.award import AwardChangedV1, AwardStepTakenV1
from contracts.key import ClientKeyChangedV1
from contracts.message import Message, deterministic_id
from contracts.peers import LevelFigures, PeerService, PeersFixedV1, PeerSpread, RegionLevel
from contracts.period import DeadlinePassedV1, EntryClosedV1, PeriodChangedV1, PeriodState
from contracts.quarter import quarters_of
from contracts.recipient import Channel, RecipientChangedV1, Role, Scheme, SigningKey
from contracts.submission import SubmissionReceivedV1
from regulation.loading import load_law
from tests.faults.harness import Fed

LAW: Final = load_law()
SEED: Final = 7
YEAR: Final = 2023
EXAMPLES: Final = Path(__file__).parents[2] / "contracts" / "examples"


def planned_reports(regions: int, *, of: int = 24) -> list[PlannedReport]:
    """The reports of those regions of a nation of ``of`` whose year is the most troubled: wrong, revised, missing."""
    reports = plan_year(LAW, seed=SEED, regions=of).reports
    by_region: dict[str, list[PlannedReport]] = {}
    for report in reports:
        by_region.setdefault(report.region.code, []).append(report)
    troubled = sorted(
        by_region, key=lambda code: (-sum(r.revises for r in by_region[code]), len(by_region[code]), code)
    )
    chosen = set(troubled[:regions])
    return [report for report in reports if report.region.code in chosen]


def received(report: PlannedReport) -> SubmissionReceivedV1:
    """The report as intake would keep it."""
    submission = report.submission()
    return SubmissionReceivedV1(
        submission_id=deterministic_id("story", report.key),
        client_id="story",
        content_digest=submission.content_digest,
        arrived_at=report.arrived_at,
        due_at=LAW.calendar(submission.period).due_at,
        recorded_at=report.arrived_at,
        submission=submission,
    )


def deadline_marks(regions: set[str]) -> list[DeadlinePassedV1]:
    """One and seven days after each deadline."""
    return [
        DeadlinePassedV1(
            region_code=region,
            period=quarter.text,
            period_revision=1,
            due_at=LAW.calendar(quarter.text).due_at,
            days_after_due=days,
        )
        for quarter in quarters_of(YEAR)
        for days in LAW.overdue_days(quarter.text)
        for region in sorted(regions)
    ]


def peer_marks(regions: set[str]) -> list[PeersFixedV1]:
    """What peers attained the year before, so that the reports of the last quarter are held against it."""
    attainment = PeerSpread(
        n=90,
        mean=Decimal("0.8"),
        sd=Decimal("0.02"),
        median=Decimal("0.8"),
        mad=Decimal("0.01"),
        lowest=Decimal("0.75"),
        highest=Decimal("0.85"),
    )
    return [
        PeersFixedV1(
            region_code=region,
            figures=LevelFigures(
                level=RegionLevel(LAW.regions[region].kind),
                period=f"{YEAR - 1}Q4",
                period_revision=2,
                regions=93,
                reported=90,
                services=(PeerService(service_type="edu.kab.basic", attainment=attainment),),
                fixed_at=datetime(YEAR, 1, 25, tzinfo=UTC),
                fixed_by="story",
            ),
        )
        for region in sorted(regions)
    ]


def closing_marks(regions: set[str]) -> list[Message]:
    """Entry of the year's quarters is closed: for each region a mark, for each period the change."""
    marks: list[Message] = []
    for quarter in quarters_of(YEAR):
        window = LAW.calendar(quarter.text)
        closed_at = window.due_at + timedelta(days=20)
        marks += [
            EntryClosedV1(
                region_code=region, period=quarter.text, period_revision=2, due_at=window.due_at, closed_at=closed_at
            )
            for region in sorted(regions)
        ]
        marks.append(
            PeriodChangedV1(
                period=quarter.text,
                revision=2,
                state=PeriodState.CLOSED,
                opens_at=window.opens_at,
                due_at=window.due_at,
                changed_at=closed_at,
                changed_by="secretariat",
                author_role="Sekretariat Bersama",
                reason="Pengisian selesai.",
                calendar_row=window.row_id,
            )
        )
    return marks


def offices(regions: set[str]) -> list[RecipientChangedV1]:
    """Whom each region registered before the year: a mailbox, an inbox, a system, and two that did not last."""
    since = datetime(YEAR, 1, 1, tzinfo=UTC)

    def office(region: str, name: str, role: Role, channel: Channel, address: str | None) -> RecipientChangedV1:
        return RecipientChangedV1(
            recipient_id=f"{name}-{region}",
            revision=1,
            region_code=region,
            role=role,
            channel=channel,
            address=address,
            active_from=since,
            changed_at=since,
            changed_by="story",
        )

    registered: list[RecipientChangedV1] = []
    for region in sorted(regions):
        host = f"{region.replace('.', '-')}.daerah.example"
        left = office(region, "left", Role.TEAM, Channel.EMAIL, f"left@{host}")
        silent = office(region, "silent", Role.TEAM, Channel.EMAIL, f"silent@{host}")
        system = office(region, "system", Role.SYSTEM, Channel.WEBHOOK, f"https://{host}/hook")
        registered += [
            office(region, "team", Role.TEAM, Channel.EMAIL, f"tim@{host}"),
            office(region, "inbox", Role.SECRETARY, Channel.INBOX, None),
            system.model_copy(update={"scheme": Scheme.SYMMETRIC, "keys": (SigningKey(number=1, since=since),)}),
            left,
            left.model_copy(
                update={"revision": 2, "address": None, "active_until": since + timedelta(days=200)}
                | {"changed_at": since + timedelta(days=200)}
            ),
            silent,
            silent.model_copy(
                update={"revision": 2, "unreachable_since": since + timedelta(days=300)}
                | {"changed_at": since + timedelta(days=300)}
            ),
        ]
    return registered


def examples_of(model: type[Message]) -> list[Message]:
    folder = EXAMPLES / model.schema_name()
    return [model.model_validate_json(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


def fed(messages: list[Message]) -> list[Fed]:
    now = int(unix_s() * 1_000)
    return [
        Fed(event.topic, event.key.encode(), event.value, list(event.wire_headers), now)
        for event in map(Event.of, messages)
    ]


def year_of(regions: int) -> list[Fed]:
    """Offices and keys, figures of peers, reports and passed deadlines as they come, then the closing, then awards."""
    reports = [received(report) for report in planned_reports(regions)]
    codes = {report.submission.region_code for report in reports}
    entry = sorted([*reports, *deadline_marks(codes), *peer_marks(codes)], key=lambda message: message.occurred_at)
    awards = [*examples_of(AwardStepTakenV1), *examples_of(AwardChangedV1)]
    return fed([*offices(codes), *examples_of(ClientKeyChangedV1), *entry, *closing_marks(codes), *awards])
