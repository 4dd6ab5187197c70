"""The rates against a recount by hand, on calendars that are extended, closed and opened again at random."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.period import PeriodChangedV1, PeriodState
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import FOLDER, load_law
from services.intake.domain.arrival import Arrival
from services.intake.domain.period import PeriodOrder, ordered, shut
from services.validation.domain.rates import By, JudgedReport, ReportingRate, reporting_rates, sectors_stated
from tests.validation.reports import KOTA, PERIOD, PROVINSI, service, submission

LAW = load_law()
OPENED = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECTORS = ("edu", "health", "works", "housing", "order", "social")
CODES = ("11.01", PROVINSI, KOTA)
"""Few, so that each sends several reports."""


@dataclass(frozen=True)
class Change:
    """The secretariat moves the deadline, closes entry, or opens it again; ``due`` None leaves the deadline."""

    at: int
    state: PeriodState
    due: int | None


@dataclass(frozen=True)
class Sent:
    """A report that a region sends; all times are hours since the opening."""

    at: int
    region_code: str
    accepted: bool
    nil_return: bool
    sectors: tuple[str, ...]
    came_at: int | None
    """The original arrival of an import."""

    def speaks_of(self, sector: str | None) -> bool:
        return self.accepted and (sector is None or self.nil_return or sector in self.sectors)


HOURS = st.integers(0, 60)
CHANGES = st.builds(Change, HOURS, st.sampled_from(PeriodState), st.none() | st.integers(1, 80))
REPORTS = st.builds(
    Sent,
    at=HOURS,
    region_code=st.sampled_from(CODES),
    accepted=st.integers(0, 3).map(lambda dice: dice > 0),
    nil_return=st.integers(0, 3).map(lambda dice: dice == 0),
    sectors=st.lists(st.sampled_from(SECTORS), unique=True).map(tuple),
    came_at=st.none() | st.none() | HOURS,
)
STORIES = st.lists(CHANGES | REPORTS | REPORTS, min_size=6, max_size=24).map(
    lambda story: sorted(story, key=lambda each: each.at)
)


def admitted(story: Sequence[Change | Sent]) -> Iterator[tuple[Sent, JudgedReport]]:
    """The reports that intake lets in, each with what validation keeps of it."""
    window = LAW.calendar(PERIOD)
    current: PeriodChangedV1 | None = None
    revisions: dict[str, int] = {}
    for each in [Change(0, PeriodState.OPEN, 20), *story]:
        now = OPENED + each.at * HOUR
        if isinstance(each, Change):
            due_at = None if each.due is None else OPENED + each.due * HOUR
            order = PeriodOrder(
                state=each.state, author_role="Sekretariat SPM", reason="Acak.", opens_at=OPENED, due_at=due_at
            )
            current = ordered(order, current, window, client_id="sekretariat", now=now)
        elif current is not None and shut(current, now) is None:
            imported_at = None if each.came_at is None else OPENED + min(each.came_at, each.at) * HOUR
            report = submission(region_code=each.region_code)
            arrival = Arrival.of(report, client_id="c", key=None, imported_at=imported_at, recorded_at=now)
            received = arrival.received(current.due_at)
            revisions[each.region_code] = revision = revisions.get(each.region_code, 0) + 1
            yield (
                each,
                JudgedReport(
                    region_code=each.region_code,
                    revision=revision,
                    accepted=each.accepted,
                    arrived_at=received.arrived_at,
                    on_time=received.on_time,
                    nil_return=each.accepted and each.nil_return,
                    sectors=each.sectors if each.accepted else (),
                ),
            )


def recounted(story: Sequence[Change | Sent], code: str, sector: str | None) -> str:
    """The place of one region, told by walking the calendar hour by hour."""
    is_open, due = True, 20
    place, first = "missing", None
    has_accepted = nil_return = False
    for each in story:
        if isinstance(each, Change):
            is_open, due = each.state is PeriodState.OPEN, due if each.due is None else each.due
        elif is_open and each.region_code == code:
            came = each.at if each.came_at is None else min(each.came_at, each.at)
            if not each.accepted:
                place = place if has_accepted else "returned"
                continue
            has_accepted = True
            place, nil_return = ("reported" if each.speaks_of(sector) else "missing"), each.nil_return
            if each.speaks_of(sector) and (first is None or came < first[0]):
                first = came, came <= due
    if place != "reported" or first is None:
        return place
    return f"reported{' on time' if first[1] else ''}{', nothing' if nil_return else ''}"


def groups(by: By | None) -> dict[str | None, tuple[list[str], str | None]]:
    """Regions that owe a report, by group; read off the files of the law and the shape of the codes."""
    regions = tomllib.loads((FOLDER / "regions.toml").read_text())["regions"]
    codes = [row["code"] for row in regions if row["reports_spm"]]
    if by is None:
        return {None: (codes, None)}
    if by is By.SECTOR:
        services = tomllib.loads((FOLDER / "service_types.toml").read_text())["service_types"]
        assert {(row["level"], row["sector"]) for row in services} == set(product(("prov", "kab"), SECTORS))
        return {sector: (codes, sector) for sector in SECTORS}
    found: dict[str | None, tuple[list[str], str | None]] = {}
    for code in codes:
        level = "provinsi" if "." not in code else "kabupaten" if int(code[3:]) < 70 else "kota"
        found.setdefault(code[:2] if by is By.PROVINCE else level, ([], None))[0].append(code)
    return found


GROUPS = {by: groups(by) for by in (None, *By)}


def pct(part: int, whole: int) -> Decimal:
    return Decimal(int(Fraction(part * 10_000, whole) + Fraction(1, 2))).scaleb(-2)


@settings(max_examples=200)
@given(STORIES, st.randoms(use_true_random=False))
@pytest.mark.parametrize("by", [None, *By])
def test_the_rates_equal_a_recount_by_hand(by: By | None, story: Sequence[Change | Sent], random: Random) -> None:
    rows = [row for _, row in admitted(story)]
    random.shuffle(rows)
    rates = {rate.group: rate for rate in reporting_rates(LAW, PERIOD, rows, by)}
    assert rates.keys() == GROUPS[by].keys()
    for group, (codes, sector) in GROUPS[by].items():
        places = [recounted(story, code, sector) for code in CODES if code in codes]
        reported = sum(place.startswith("reported") for place in places)
        on_time = sum("on time" in place for place in places)
        returned = places.count("returned")
        rate = rates[group]
        assert (rate.expected, rate.reported, rate.on_time, rate.nil_returns, rate.returned) == (
            *(len(codes), reported, on_time, sum("nothing" in place for place in places)),
            returned,
        )
        assert (rate.reported_pct, rate.on_time_pct) == (pct(reported, len(codes)), pct(on_time, len(codes)))
        assert rate.missing == len(codes) - len(places) + places.count("missing")


def report(revision: int = 1, **changes: Any) -> JudgedReport:
    given: dict[str, Any] = {
        "region_code": KOTA,
        "accepted": True,
        "arrived_at": OPENED + revision * HOUR,
        "on_time": True,
        "nil_return": False,
        "sectors": SECTORS,
    }
    return JudgedReport(revision=revision, **(given | changes))


def of_kota(*reports: JudgedReport) -> ReportingRate:
    (rate,) = (rate for rate in reporting_rates(LAW, PERIOD, reports, By.LEVEL) if rate.group == "kota")
    return rate


def test_a_late_correction_of_a_punctual_report_leaves_the_region_punctual() -> None:
    rate = of_kota(report(), report(2, on_time=False), report(3, on_time=False, accepted=False))
    assert (rate.reported, rate.on_time, rate.returned) == (1, 1, 0)


def test_a_punctual_report_that_was_returned_does_not_make_its_late_correction_punctual() -> None:
    rate = of_kota(report(accepted=False), report(2, on_time=False))
    assert (rate.reported, rate.on_time) == (1, 0)


def test_a_deadline_extended_after_a_late_report_does_not_make_the_region_punctual() -> None:
    rate = of_kota(report(on_time=False), report(2))
    assert (rate.reported, rate.on_time) == (1, 0)


def test_the_arrival_of_an_import_counts_and_not_when_it_was_brought_in() -> None:
    rate = of_kota(report(on_time=False), report(2, arrived_at=OPENED))
    assert (rate.reported, rate.on_time) == (1, 1)


def test_a_region_of_which_only_returned_reports_came_is_shown_as_returned() -> None:
    rate = of_kota(report(accepted=False), report(2, accepted=False))
    assert (rate.reported, rate.returned, rate.missing) == (0, 1, rate.expected - 1)


def test_a_nil_return_is_reported_in_every_sector_and_shown_by_itself() -> None:
    rates = reporting_rates(LAW, PERIOD, [report(nil_return=True, sectors=())], By.SECTOR)
    assert [(rate.group, rate.reported, rate.nil_returns) for rate in rates] == [(sector, 1, 1) for sector in SECTORS]


def test_a_sector_counts_from_the_first_report_that_speaks_of_it() -> None:
    reports = [report(sectors=("edu",)), report(2, on_time=False, sectors=("edu", "health"))]
    rates = {rate.group: rate for rate in reporting_rates(LAW, PERIOD, reports, By.SECTOR)}
    assert [(rates[sector].reported, rates[sector].on_time) for sector in ("edu", "health", "works")] == [
        (1, 1),
        (1, 0),
        (0, 0),
    ]


def test_a_correction_that_leaves_a_sector_out_takes_it_back() -> None:
    reports = [report(), report(2, sectors=("edu",))]
    rates = {rate.group: rate for rate in reporting_rates(LAW, PERIOD, reports, By.SECTOR)}
    assert (rates["health"].reported, rates["health"].missing) == (0, rates["health"].expected)


def test_reports_of_a_region_that_owes_none_do_not_count() -> None:
    (rate,) = reporting_rates(LAW, PERIOD, [report(region_code="31.71"), report(region_code="99.99")])
    assert (rate.expected, rate.reported, rate.missing) == (546, 0, 546)


def test_the_sectors_of_a_report_are_those_of_its_services_each_once() -> None:
    names = ("edu.kab.basic", "health.kab.pregnancy", "edu.kab.early")
    assert sectors_stated(submission(*map(service, names))) == ("edu", "health")


def test_each_group_has_its_name_in_both_languages(law: Law) -> None:
    by_sector = reporting_rates(law, PERIOD, (), By.SECTOR)
    assert by_sector[0].name.model_dump() == {"id": "Pendidikan", "en": "Education"}
    by_province = reporting_rates(law, PERIOD, (), By.PROVINCE)
    assert [rate.group for rate in by_province] == sorted(rate.group or "" for rate in by_province)


def test_where_the_law_is_silent_there_are_no_rates(law: Law) -> None:
    with pytest.raises(RegulationError, match="2018-03-31"):
        reporting_rates(law, "2018Q1", ())
