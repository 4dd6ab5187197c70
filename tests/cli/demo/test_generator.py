from collections import Counter
from itertools import pairwise

import pytest

from cli.demo.faults import ERRORS, WARNINGS
from cli.demo.figures import SOURCE_SYSTEM
from cli.demo.generator import plan_year
from cli.demo.nation import NATION_LEAST
from cli.demo.plan import Plan
from contracts.quarter import quarters_of
from contracts.submission import Submission
from regulation.law import Law
from tests.cli.demo.walk import Walk

SEED = 2023


@pytest.fixture(scope="module")
def plan(law: Law) -> Plan:
    return plan_year(law, seed=SEED)


@pytest.fixture(scope="module")
def walk(law: Law, plan: Plan) -> Walk:
    return Walk(law, plan)


def test_the_whole_nation_sends_four_reports_a_region(plan: Plan) -> None:
    assert len(plan.nation) == 546
    assert len(plan.reports) == 546 * 4 == 2184
    assert plan.missing == plan.revised > 100


@pytest.mark.parametrize("regions", [NATION_LEAST, 24, 25, 100])
def test_so_does_a_smaller_nation(law: Law, regions: int) -> None:
    plan = plan_year(law, seed=SEED, regions=regions)
    assert (len(plan.nation), len(plan.reports)) == (regions, regions * 4)
    assert plan.missing == plan.revised > 0


@pytest.mark.parametrize("regions", [0, NATION_LEAST - 1, 547])
def test_a_nation_without_room_for_the_podium_or_beyond_the_law_is_refused(law: Law, regions: int) -> None:
    with pytest.raises(ValueError, match=f"{regions} regions"):
        plan_year(law, seed=SEED, regions=regions)


def test_one_seed_gives_one_plan_and_another_seed_another(law: Law) -> None:
    first, again, other = (plan_year(law, seed=seed, regions=30) for seed in (1, 1, 2))
    assert [report.submission() for report in first.reports] == [report.submission() for report in again.reports]
    assert [(r.key, r.arrived_at) for r in first.reports] == [(r.key, r.arrived_at) for r in again.reports]
    assert [report.submission() for report in first.reports] != [report.submission() for report in other.reports]


def test_every_report_reads_back_as_it_was_written_and_says_that_it_is_synthetic(plan: Plan) -> None:
    for report in plan.reports[::7]:
        submission = report.submission()
        assert Submission.model_validate_json(submission.model_dump_json(exclude_none=True)) == submission
        assert submission.source_system == SOURCE_SYSTEM


def test_reports_have_real_size(plan: Plan) -> None:
    sizes = [len(r.submission().model_dump_json(exclude_none=True)) for r in plan.reports[::7] if "." in r.region.code]
    assert 15_000 < sum(sizes) / len(sizes) < 21_000


def test_keys_are_unique(plan: Plan) -> None:
    assert len({report.key for report in plan.reports}) == len(plan.reports)


def test_reports_are_in_the_order_of_arrival_also_within_a_region(law: Law, plan: Plan) -> None:
    assert all(one.arrived_at <= next_.arrived_at for one, next_ in pairwise(plan.reports))
    for region in plan.nation:
        own = [report for report in plan.reports if report.region is region]
        assert all(one.arrived_at < next_.arrived_at and one.quarter <= next_.quarter for one, next_ in pairwise(own))


def test_late_is_what_the_calendar_says(law: Law, plan: Plan) -> None:
    for report in plan.reports:
        window = law.calendar(report.quarter.text)
        assert window.opens_at <= report.arrived_at
        assert report.late == (report.arrived_at > window.due_at)
    assert 0.05 < plan.late / len(plan.reports) < 0.1


def test_every_usual_fault_is_there(plan: Plan) -> None:
    kinds = Counter(report.fault.rule for report in plan.reports if report.fault)
    assert set(kinds) == {fault.rule for fault in (*ERRORS, *WARNINGS)} | {None}
    assert min(kinds.values()) > 10
    assert any(report.justified for report in plan.reports)
    assert any(report.codes == {"team-formed"} for report in plan.reports)


def test_every_verdict_is_the_planned_one(plan: Plan, walk: Walk) -> None:
    for report in plan.reports:
        verdict = walk.verdicts[report.key]
        codes = frozenset(finding.code for finding in verdict.findings)
        assert (verdict.outcome, codes, verdict.on_time) == (report.outcome, report.codes, not report.late), report.key


def test_reported_names_the_regions_and_quarters_with_an_accepted_report(plan: Plan, walk: Walk) -> None:
    assert plan.reported == frozenset(walk.figures)


def test_attainment_is_plausible_and_all_bands_are_there(plan: Plan, walk: Walk) -> None:
    last = quarters_of(plan.fiscal_year)[-1]
    at_year_end = [figures for (_, quarter), figures in walk.figures.items() if quarter == last]
    assert {figures.band for figures in at_year_end} == {
        "tuntas_paripurna",
        "tuntas_utama",
        "tuntas_madya",
        "tuntas_pratama",
        "tuntas_muda",
        "belum_tuntas",
    }
    indexes = sorted(figures.index_pct for figures in at_year_end)
    assert 70 < sum(indexes) / len(indexes) < 85
    assert indexes[len(indexes) // 10] > 55


def assert_podium_is_ranked_as_planned(walk: Walk) -> None:
    for category, nominees in walk.nominees().items():
        planned = [place.region_code for place in walk.plan.podium.places[category]]
        assert [nominee.region_code for nominee in nominees] == planned
        assert all(better.score - worse.score > 0.3 for better, worse in pairwise(nominees))


def test_our_formula_ranks_the_podium_as_planned_with_clear_gaps(walk: Walk) -> None:
    assert_podium_is_ranked_as_planned(walk)


@pytest.mark.parametrize(("seed", "regions"), [(1, NATION_LEAST), (2, 40), (3, 60), (4, NATION_LEAST)])
def test_so_it_does_for_other_seeds_and_smaller_nations(law: Law, seed: int, regions: int) -> None:
    assert_podium_is_ranked_as_planned(Walk(law, plan_year(law, seed=seed, regions=regions)))


def test_another_year_is_made_for_its_own_edition(law: Law) -> None:
    plan = plan_year(law, seed=SEED, regions=NATION_LEAST, fiscal_year=2022)
    assert (plan.fiscal_year, plan.edition_year) == (2022, 2023)
    assert {report.quarter.fiscal_year for report in plan.reports} == {2022}
    assert [place.region_code for place in plan.podium.places["provinsi"]] == ["65", "32", "13", "33", "73"]
    assert [place.region_code for place in plan.podium.places["kota"]][:3] == ["36.71", "16.74", "13.71"]
    assert_podium_is_ranked_as_planned(Walk(law, plan))


def test_the_podium_is_what_was_published_and_says_where_nothing_was(plan: Plan) -> None:
    published = {
        category: [place.region_code if place.published else None for place in ranked]
        for category, ranked in plan.podium.places.items()
    }
    assert published == {
        "provinsi": ["32", "35", "64", "73", "33"],
        "kabupaten": ["32.01", None, None, "52.04", None],
        "kota": ["73.71", "36.74", "36.71", "36.73", "13.71"],
    }
