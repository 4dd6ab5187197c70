import asyncio
from decimal import Decimal
from itertools import permutations

import pytest

from chassis.errors import Conflict
from chassis.events import Event
from chassis.mongo import Database
from contracts.award import AwardStep, AwardStepTakenV1
from contracts.period import PeriodState
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.flight import Mark
from services.scoring.domain.scorecard import score
from services.scoring.store import KeptScorecard, Store
from tests.scoring.editions import closed
from tests.scoring.reports import AUTHOR, changed_period, full_reports, judged, settled, submission
from tests.scoring.years import figures, year


async def prepared(database: Database) -> Store:
    store = Store(database)
    await store.prepare()
    return store


def kept_scorecard(law: Law, revision: int = 1) -> KeptScorecard:
    scored = score(judged(submission("64.71", full_reports(law, "64.71", items=1)), revision=revision), law)
    return KeptScorecard(scored.figures, Event.of(scored.scorecard, caused_by="cause"))


@pytest.fixture(scope="module")
def steps(edition: AwardEdition) -> tuple[AwardStepTakenV1, ...]:
    progress = closed(edition, year("64"))
    return progress.after(edition, AUTHOR, AwardStep.CORRECTED, refers_to=1).steps


async def test_a_scorecard_is_found_as_it_was_kept(database: Database, law: Law) -> None:
    store, kept = await prepared(database), kept_scorecard(law)
    await store.keep_scorecards([kept])
    assert await store.scorecards([kept.figures.submission_id, "unknown"]) == {kept.figures.submission_id: kept}
    await store.raise_heads([kept.figures])
    found = await store.scorecard("64.71", "2023Q4")
    assert found is not None
    assert Event.of(found, caused_by="cause") == kept.event
    assert await store.scorecard("64.71", "2023Q3") is None


async def test_every_revision_stays_with_its_report(database: Database, law: Law) -> None:
    store = await prepared(database)
    reports = {revision: submission("64.71", full_reports(law, "64.71", items=revision)) for revision in (1, 2, 4)}
    kept = {
        revision: KeptScorecard(scored.figures, Event.of(scored.scorecard), report.model_dump_json().encode())
        for revision, report in reports.items()
        for scored in [score(judged(report, revision=revision), law)]
    }
    await store.keep_scorecards([kept[4], kept[1], kept[2]])
    assert await store.revisions("64.71", "2023Q4") == [kept[1], kept[2], kept[4]]
    assert await store.revisions("64.71", "2023Q3") == await store.revisions("64.7", "2023Q4") == []
    ids = [one.figures.submission_id for one in kept.values()]
    assert list((await store.reports([*ids, "unknown"])).values()) == list(reports.values())


async def test_a_scorecard_that_was_kept_without_its_report_has_none(database: Database, law: Law) -> None:
    store, kept = await prepared(database), kept_scorecard(law)
    await store.keep_scorecards([kept])
    assert await store.reports([kept.figures.submission_id]) == {}


async def test_a_scorecard_is_kept_once(database: Database, law: Law) -> None:
    store, kept = await prepared(database), kept_scorecard(law)
    await store.keep_scorecards([kept])
    with pytest.raises(Conflict):
        await store.keep_scorecards([kept])


async def test_figures_come_back_exactly(database: Database) -> None:
    store = await prepared(database)
    exact = figures("64", index_pct=Decimal("66.66666666666666666666666667"), open_warnings=("team-formed",))
    await store.raise_heads([exact, figures("64", "2023Q3"), figures("64", "2022Q4")])
    assert await store.figures_of(["2023Q4"]) == [exact]
    assert len(await store.figures_of(["2023Q3", "2023Q4"])) == 2


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
async def test_the_newest_report_counts_in_whatever_order_they_come(database: Database, order: tuple[int, ...]) -> None:
    store = await prepared(database)
    for revision in order:
        await store.raise_heads([figures("64", revision=revision, submission_id=f"report-{revision}")])
    (found,) = await store.figures_of(["2023Q4"])
    assert (found.revision, found.submission_id) == (3, "report-3")


async def test_one_batch_may_hold_several_reports_of_a_region(database: Database) -> None:
    store = await prepared(database)
    await store.raise_heads([figures("64", revision=revision) for revision in (2, 3, 1)])
    assert [one.revision for one in await store.figures_of(["2023Q4"])] == [3]


async def test_writers_at_the_same_time_leave_the_newest(database: Database) -> None:
    store = await prepared(database)
    await asyncio.gather(*(store.raise_heads([figures("64", revision=revision)]) for revision in range(1, 21)))
    assert [one.revision for one in await store.figures_of(["2023Q4"])] == [20]


async def test_marks_are_kept_once_per_closing(database: Database) -> None:
    store = await prepared(database)
    first, again = settled("64", "2023Q4"), settled("64", "2023Q4", period_revision=4, reported=False)
    for _ in range(2):
        await store.keep_marks([first, again])
    found = sorted(await store.marks(["2023Q4"]), key=lambda mark: mark.period_revision)
    assert found == [Mark("64", "2023Q4", 2, reported=True), Mark("64", "2023Q4", 4, reported=False)]
    assert await store.marks(["2023Q3"]) == []
    await store.keep_marks([])


async def test_the_calendar_is_as_it_was_last_changed(database: Database) -> None:
    store = await prepared(database)
    closed, opened = changed_period("2023Q4", revision=2), changed_period("2023Q4", PeriodState.OPEN, revision=1)
    await store.keep_periods([closed])
    await store.keep_periods([opened])
    assert await store.periods(["2023Q4", "2023Q3"]) == {"2023Q4": closed}


async def test_a_step_is_unpublished_until_it_is_in_the_log(
    database: Database, steps: tuple[AwardStepTakenV1, ...]
) -> None:
    store = await prepared(database)
    await store.take_step(steps[0])
    assert [(kept.step, kept.published) for kept in await store.steps(2024)] == [(steps[0], False)]
    await store.keep_published(steps[:1])
    assert [(kept.step, kept.published) for kept in await store.steps()] == [(steps[0], True)]
    assert await store.steps(2023) == []


async def test_of_two_steps_of_one_number_one_is_kept(database: Database, steps: tuple[AwardStepTakenV1, ...]) -> None:
    store = await prepared(database)
    await store.take_step(steps[0])
    with pytest.raises(Conflict):
        await store.take_step(steps[0].model_copy(update={"reason": "Lain"}))
    assert [kept.step for kept in await store.steps()] == [steps[0]]


async def test_steps_come_in_the_order_in_which_they_were_taken(
    database: Database, steps: tuple[AwardStepTakenV1, ...]
) -> None:
    store = await prepared(database)
    many = [steps[0].model_copy(update={"number": number}) for number in range(1, 12)]
    await store.keep_published(reversed(many))
    assert [step.number for step in (await store.progress(2024)).steps] == list(range(1, 12))


async def test_a_step_from_the_log_is_the_same_document(
    database: Database, steps: tuple[AwardStepTakenV1, ...]
) -> None:
    store = await prepared(database)
    await store.take_step(steps[0])
    await store.keep_published(steps[:1])
    taken_here = await database["steps"].find({}).to_list(None)
    await database["steps"].delete_many({})
    await store.keep_published([AwardStepTakenV1.model_validate_json(Event.of(steps[0]).value)])
    assert repr(await database["steps"].find({}).to_list(None)) == repr(taken_here)


async def test_figures_are_found_by_their_report_whatever_counts_today(database: Database, law: Law) -> None:
    store, first, second = await prepared(database), kept_scorecard(law), kept_scorecard(law, revision=2)
    await store.keep_scorecards([first, second])
    await store.raise_heads([first.figures, second.figures])
    assert await store.counted([first.figures.submission_id, "unknown"]) == [first.figures]
