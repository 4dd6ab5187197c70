"""Notices of each kind, for the preview and for proofs of the wording. Every figure is synthetic."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from contracts.message import Bilingual, deterministic_id
from contracts.notice import NoticeKind
from contracts.recipient import Channel, Role
from services.notify.domain.facts import (
    Award,
    Correction,
    Criterion,
    Deficiency,
    Facts,
    Nomination,
    NotNominated,
    OpenLine,
    PathReached,
    Placing,
    RecoveredSector,
    RegionsOverdue,
    Remark,
    ReportComing,
    ReportDue,
    ReportMissing,
    ReportReturned,
    SectorLine,
    SectorsRecovered,
    SilentRegion,
    StandingLine,
    Unacknowledged,
    Unreachable,
    UnreadLine,
    WarningsOpen,
    WeakSector,
    WeakService,
    WeeklyDigest,
    Withdrawn,
)
from services.notify.domain.notice import Matter, Notice, Recipient

_ARRIVED: Final = datetime(2024, 1, 18, 3, 4, 5, tzinfo=UTC)
_DUE: Final = datetime(2024, 1, 20, 16, 59, 59, tzinfo=UTC)
_CLOSED: Final = datetime(2024, 1, 21, 1, 0, tzinfo=UTC)
_MONDAY: Final = datetime(2024, 1, 15, 0, 0, tzinfo=UTC)
_TEAM: Final = Recipient(role=Role.TEAM, address="tim-spm@99-71.daerah.example")

_SERVED: Final = Remark(
    rule="served-within-target",
    service=Bilingual(id="Pendidikan dasar", en="Basic education"),
    pointer="/services/0/recipients/served",
    found="12.500 orang",
    expected="paling banyak 12.000 orang",
    summary=Bilingual(
        id="Jumlah terlayani melebihi sasaran setahun.", en="More people are served than the year's target counts."
    ),
    remedy=Bilingual(
        id="Periksa sasaran dan jumlah terlayani; perbaiki yang keliru.",
        en="Check the target and the number served; correct the one that is wrong.",
    ),
)
_TEAM_MISSING: Final = Remark(
    rule="team-formed",
    service=None,
    pointer="/team",
    found="tidak ada",
    expected="nomor dan tanggal SK Tim Penerapan SPM",
    summary=Bilingual(id="Tim Penerapan SPM belum dilaporkan.", en="The implementation team is not reported."),
    remedy=Bilingual(
        id="Isi nomor dan tanggal keputusan pembentukan tim.",
        en="Give number and date of the decree that formed the team.",
    ),
)
_PLACING: Final = Placing(
    edition_year=2024,
    category=Bilingual(id="Kota terbaik", en="Best kota"),
    score=Decimal("93.42"),
    index_pct=Decimal("95.10"),
    criteria=(
        Criterion(
            name=Bilingual(id="Indeks Pencapaian SPM", en="SPM attainment index"),
            score_pct=Decimal("95.10"),
            weight_pct=Decimal("40.00"),
        ),
        Criterion(
            name=Bilingual(id="Ketaatan pelaporan triwulan", en="Punctuality of quarterly reporting"),
            score_pct=Decimal("100.00"),
            weight_pct=Decimal("20.00"),
        ),
    ),
    ranked=93,
    author_role="Sekretariat Bersama SPM",
)
_WEAK: Final = WeakSector(
    name=Bilingual(id="Kesehatan", en="Health"),
    index_pct=Decimal("38.20"),
    services=(
        WeakService(
            name=Bilingual(id="Pelayanan kesehatan balita", en="Health care of children under five"),
            reported=False,
            index_pct=Decimal("0.00"),
            recipients_pct=None,
            quality_pct=None,
        ),
        WeakService(
            name=Bilingual(id="Pelayanan kesehatan ibu hamil", en="Health care in pregnancy"),
            reported=True,
            index_pct=Decimal("52.40"),
            recipients_pct=Decimal("55.00"),
            quality_pct=Decimal("42.00"),
        ),
    ),
    untold=3,
)

FACTS: Final[tuple[Facts, ...]] = (
    ReportReturned(
        revision=2,
        arrived_at=_ARRIVED,
        due_at=_DUE,
        on_time=True,
        remarks=(_SERVED, _TEAM_MISSING),
        errors=2,
        warnings=1,
    ),
    WarningsOpen(revision=3, arrived_at=_ARRIVED, due_at=_DUE, remarks=(_SERVED,), warnings=1),
    ReportDue(due_at=_DUE, days_left=7, returned_reports=0),
    ReportMissing(due_at=_DUE, closed_at=_CLOSED, returned_reports=1),
    ReportMissing(due_at=_DUE, closed_at=_DUE + timedelta(days=7), returned_reports=0, entry_open=True),
    RegionsOverdue(
        due_at=_DUE,
        days_late=1,
        regions={
            "99-02": SilentRegion(name="Kabupaten Contoh", returned_reports=0),
            "99-71": SilentRegion(name="Kota Contoh", returned_reports=2),
        },
    ),
    Deficiency(
        revision=1,
        index_pct=Decimal("71.25"),
        expected_pct=Decimal("100.00"),
        gap_pct=Decimal("28.75"),
        completeness_pct=Decimal("96.55"),
        band=Bilingual(id="Tuntas Pratama", en="Attained, third class"),
        sectors=(_WEAK,),
    ),
    Correction(
        replaces=NoticeKind.ACHIEVEMENT_DEFICIENCY,
        replaced_fact=deterministic_id("example", "replaced"),
        told_at=_ARRIVED,
        path_reached=PathReached(
            told_revision=1,
            told_index_pct=Decimal("71.25"),
            told_gap_pct=Decimal("28.75"),
            told_sectors=("health",),
            revision=2,
            index_pct=Decimal("100.00"),
            expected_pct=Decimal("100.00"),
        ),
    ),
    Correction(
        replaces=NoticeKind.ACHIEVEMENT_DEFICIENCY,
        replaced_fact=deterministic_id("example", "replaced"),
        told_at=_ARRIVED,
        sectors_recovered=SectorsRecovered(
            told_revision=1,
            revision=2,
            expected_pct=Decimal("100.00"),
            sectors=(
                RecoveredSector(
                    sector="health",
                    name=_WEAK.name,
                    told_index_pct=_WEAK.index_pct,
                    index_pct=Decimal("100.00"),
                ),
            ),
        ),
    ),
    Correction(
        replaces=NoticeKind.AWARD_NOMINATED,
        replaced_fact=deterministic_id("example", "withdrawn"),
        told_at=_ARRIVED,
        withdrawn=Withdrawn(
            edition_year=2024,
            category=_PLACING.category,
            place=2,
            among=5,
            author_role="Sekretariat Bersama SPM",
            reason="Sintetis: angka satu daerah diperbaiki sesudah penetapan nomine.",
        ),
    ),
    Nomination(placing=_PLACING, rank=2, nominees=5),
    NotNominated(
        edition_year=2024,
        category=_PLACING.category,
        ranked=93,
        nominees=5,
        last_score=Decimal("91.80"),
        rank=9,
        score=Decimal("90.15"),
        lacking=Decimal("1.65"),
        reasons=(),
    ),
    NotNominated(
        edition_year=2024,
        category=_PLACING.category,
        ranked=92,
        nominees=5,
        last_score=Decimal("91.80"),
        rank=None,
        score=None,
        lacking=None,
        reasons=(Bilingual(id="Tidak ada laporan 2023Q3 yang diterima", en="No report of 2023Q3 was accepted"),),
    ),
    Award(placing=_PLACING, place=2, winners=3),
    Unreachable(role=Role.SECRETARY, channel=Channel.EMAIL, since=_CLOSED, registered_at=_ARRIVED),
    Unacknowledged(
        about=NoticeKind.SUBMISSION_RETURNED,
        office=Role.SECRETARY,
        told_at=_ARRIVED,
        unread_at=_ARRIVED + timedelta(days=3),
        notice_id=deterministic_id("example", "unread"),
    ),
    WeeklyDigest(
        began_at=_MONDAY,
        stated_at=_MONDAY + timedelta(seconds=12),
        open=(
            OpenLine(
                about=NoticeKind.SUBMISSION_RETURNED,
                period="2023Q4",
                told_at=_MONDAY - timedelta(days=4),
                notice_id=deterministic_id("example", "open"),
            ),
        ),
        open_in_all=2,
        unread=(UnreadLine(office=Role.TEAM, notices=3),),
        due=(ReportComing(period="2023Q4", due_at=_DUE, returned=True),),
        standing=StandingLine(
            period="2023Q3",
            index_pct=Decimal("71.25"),
            expected_pct=Decimal("75.00"),
            sectors=(
                SectorLine(name=_WEAK.name, index_pct=_WEAK.index_pct),
                SectorLine(name=Bilingual(id="Pendidikan", en="Education"), index_pct=Decimal("91.40")),
            ),
        ),
    ),
)


def _moment(facts: Facts) -> datetime:
    match facts:
        case ReportDue():
            return facts.due_at - timedelta(days=facts.days_left)
        case RegionsOverdue():
            return facts.due_at + timedelta(days=facts.days_late)
        case WeeklyDigest():
            return facts.began_at
        case _:
            return _CLOSED


def _is_of_award(facts: Facts) -> bool:
    return isinstance(facts, Correction) and facts.withdrawn is not None


def example_of(facts: Facts) -> Notice:
    of_no_quarter = isinstance(facts, Nomination | NotNominated | Award | Unreachable | WeeklyDigest) or _is_of_award(
        facts
    )
    of_province = isinstance(facts, RegionsOverdue)
    matter = Matter(
        region_code="99" if of_province else "99.71",
        region_name="Provinsi Contoh" if of_province else "Kota Contoh",
        fiscal_year=2024 if isinstance(facts, WeeklyDigest) else 2023,
        period=None if of_no_quarter else "2023Q4",
        fact_id=deterministic_id("example", facts.model_dump_json()),
        fact_at=_moment(facts),
        submission_id=None,
        facts=facts,
    )
    reader = _TEAM
    if isinstance(facts, Unacknowledged):
        reader = _TEAM.model_copy(update={"role": facts.office})
    if isinstance(facts, Correction) and facts.sectors_recovered:
        reader = _TEAM.model_copy(update={"role": Role.AGENCY})
    if isinstance(facts, WeeklyDigest):
        reader = _TEAM.model_copy(update={"recipient_id": "r-0000000000000000"})
    return Notice(matter, reader)
