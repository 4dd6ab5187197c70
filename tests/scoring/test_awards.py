"""What the steps of an edition leave behind when Kafka is away, when two take them at once, or when figures change."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal

import pytest
import pytest_asyncio

from chassis.errors import Conflict, Retryable
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.mongo import Mongo
from chassis.problems import Problem
from contracts.award import AwardStep, PanelScore
from contracts.period import PeriodState
from contracts.quarter import quarters_of
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.errors import AlreadyTaken, OutOfOrder
from services.scoring.routes.award_desk import AwardDesk
from services.scoring.store import KeptScorecard, Store
from tests.running import settings_for
from tests.scoring.editions import CONFIRMS, ENTERS
from tests.scoring.panels import law_with_panel
from tests.scoring.reports import AUTHOR, changed_period, settled
from tests.scoring.years import figures, year

CAUSE = settled("64", "2023Q4")
"""Stands for the event of a scorecard, which is not looked at here."""
IN_ORDER = ("close", "nominate", "decide", "announce")


class Log(Publisher):
    """Keeps what is published; deaf while Kafka is away."""

    def __init__(self) -> None:
        super().__init__(settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1"), "test", linger_ms=0)
        self.told: list[str] = []
        self.deaf = False

    async def publish(self, events: Iterable[Event]) -> None:
        subjects = [event.headers["ce_subject"] for event in events]
        if self.deaf and subjects:
            raise Retryable("Kafka is away")
        self.told += subjects


@pytest_asyncio.fixture
async def store(mongo: str, law: Law) -> AsyncIterator[Store]:
    """Two provinces have reported, everything is settled."""
    deployment = Mongo(settings_for("127.0.0.1:1", mongo))
    store = Store(deployment.database("scoring"))
    await store.prepare()
    quarters = [*year("64"), *year("32")]
    await store.keep_scorecards(KeptScorecard(one, Event.of(CAUSE)) for one in quarters)
    await store.raise_heads(quarters)
    await store.keep_periods(changed_period(quarter.text) for quarter in quarters_of(2023))
    await store.keep_marks(
        settled(region.code, quarter.text, reported=region.code in {"64", "32"})
        for region in law.regions.reporting()
        for quarter in quarters_of(2023)
    )
    yield store
    await deployment.drop("scoring")
    await deployment.close()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def desk(law: Law, store: Store, log: Log) -> AwardDesk:
    return desk_of(law, store, log)


def desk_of(law: Law, store: Store, log: Log) -> AwardDesk:
    past_known = asyncio.Event()
    past_known.set()
    return AwardDesk(law, store, log, past_known)


async def take(desk: AwardDesk, edition: AwardEdition, *steps: str) -> list[AwardStep]:
    """The steps that were ever taken, after these."""
    for step in steps:
        await getattr(desk, step)(edition, AUTHOR)
    return [step.step for step in (await desk.store.progress(edition.edition_year)).steps]


async def test_nothing_is_decided_before_the_past_is_known(desk: AwardDesk, log: Log, edition: AwardEdition) -> None:
    desk.past_known.clear()
    for step in IN_ORDER:
        with pytest.raises(Retryable, match="the log is still being read"):
            await take(desk, edition, step)
    assert log.told == []


async def test_the_order_of_work_is_told_step_by_step(desk: AwardDesk, log: Log, edition: AwardEdition) -> None:
    assert await take(desk, edition, *IN_ORDER) == ["closed", "nominated", "decided", "announced"]
    assert log.told == ["2024/1", "2024/2", "2024/3", "2024/4"]


async def test_repeating_the_last_order_changes_nothing(desk: AwardDesk, log: Log, edition: AwardEdition) -> None:
    for number, step in enumerate(IN_ORDER, start=1):
        assert len(await take(desk, edition, step, step)) == number
    await desk.correct(edition, AUTHOR, number=4)
    await desk.correct(edition, AUTHOR, number=4)
    assert log.told == ["2024/1", "2024/2", "2024/3", "2024/4", "2024/5"]


async def test_a_step_that_kafka_did_not_take_is_told_at_the_next_order(
    desk: AwardDesk, log: Log, edition: AwardEdition
) -> None:
    log.deaf = True
    with pytest.raises(Retryable):
        await take(desk, edition, "close")
    log.deaf = False
    await take(desk, edition, "nominate")
    assert log.told == ["2024/1", "2024/2"]


async def test_of_two_orders_at_once_one_is_kept(desk: AwardDesk, log: Log, edition: AwardEdition) -> None:
    outcomes = await asyncio.gather(*(take(desk, edition, "close") for _ in range(2)), return_exceptions=True)
    assert all(outcome == ["closed"] or isinstance(outcome, Conflict) for outcome in outcomes)
    assert await take(desk, edition, "close") == ["closed"]
    assert set(log.told) == {"2024/1"}


@pytest.mark.parametrize("step", ["close", "nominate", "decide"])
async def test_nothing_is_frozen_while_entry_is_open_again(
    desk: AwardDesk, store: Store, edition: AwardEdition, step: str
) -> None:
    await take(desk, edition, *IN_ORDER[: IN_ORDER.index(step)])
    await store.keep_periods([changed_period("2023Q2", PeriodState.OPEN, 3)])
    with pytest.raises(Problem) as refused:
        await take(desk, edition, step)
    assert refused.value.slug == "figures-in-flight"
    assert "2023Q2 is open (revision 3); close it first." in refused.value.detail


async def test_a_decision_needs_the_figures_of_the_nomination(
    desk: AwardDesk, store: Store, edition: AwardEdition
) -> None:
    await take(desk, edition, "close", "nominate")
    corrected = figures("64", revision=2, submission_id="sub-64-2023Q4-2", team=False)
    await store.keep_scorecards([KeptScorecard(corrected, Event.of(CAUSE))])
    await store.raise_heads([corrected])
    with pytest.raises(Problem) as refused:
        await take(desk, edition, "decide")
    assert refused.value.slug == "figures-changed"
    assert refused.value.detail.startswith("The figures of 64 2023Q4 changed since step 2 (nominated);")
    for number in (2, 1):
        await desk.correct(edition, AUTHOR, number=number)
    assert (await take(desk, edition, *IN_ORDER))[-1] == "announced"


async def test_a_nomination_needs_the_figures_of_the_closing(
    desk: AwardDesk, store: Store, edition: AwardEdition
) -> None:
    await take(desk, edition, "close")
    await store.raise_heads([figures("64", revision=2)])
    with pytest.raises(Problem, match=r"A figure changed since step 1 \(closed\)"):
        await take(desk, edition, "nominate")


async def test_the_snapshot_stays_as_it_was_frozen(desk: AwardDesk, store: Store, edition: AwardEdition) -> None:
    await take(desk, edition, *IN_ORDER)
    await store.raise_heads([figures("64", revision=2, submission_id="sub-64-2023Q4-2", index_pct=Decimal(1))])
    nomination = (await store.progress(2024)).taken(AwardStep.NOMINATED)
    frozen = await desk.frozen(nomination)
    assert frozen.digest == nomination.snapshot_digest
    assert {one.index_pct for one in frozen.figures} == {90}


async def test_a_decision_needs_the_law_of_the_nomination(
    desk: AwardDesk, law: Law, store: Store, log: Log, edition: AwardEdition
) -> None:
    await take(desk, edition, "close", "nominate")
    changed = law_with_panel(law, seats=("bappenas",), weight_pct=10)
    with pytest.raises(OutOfOrder, match="scores of seat bappenas are missing"):
        await take(desk_of(changed, store, log), changed.award_edition(2024), "decide")


async def test_an_accepted_report_in_the_dead_letter_holds_the_closing(
    desk: AwardDesk, store: Store, edition: AwardEdition
) -> None:
    await store.keep_periods([changed_period("2023Q1", revision=4)])
    await store.keep_marks(
        settled(region.code, "2023Q1", period_revision=4, reported=region.code in {"64", "32", "11"})
        for region in desk.law.regions.reporting()
    )
    with pytest.raises(Problem) as refused:
        await take(desk, edition, "close")
    assert [fault.code for fault in refused.value.errors] == ["reports-not-scored"]
    assert "1 regions have an accepted report without a scorecard: 11." in refused.value.detail


SCORES = [
    PanelScore(category="provinsi", region_code="64", score_pct=Decimal(100)),
    PanelScore(category="provinsi", region_code="32", score_pct=Decimal(10)),
]


async def test_a_panel_scores_with_four_eyes(law: Law, store: Store, log: Log) -> None:
    judged = law_with_panel(law, seats=("bappenas",), weight_pct=50)
    desk, edition = desk_of(judged, store, log), judged.award_edition(2024)
    with pytest.raises(OutOfOrder, match="not nominated yet"):
        await desk.enter_scores(edition, ENTERS, seat="bappenas", scores=SCORES)
    await take(desk, edition, "close", "nominate")
    with pytest.raises(OutOfOrder, match="scores of seat bappenas are missing"):
        await take(desk, edition, "decide")
    for _ in range(2):
        await desk.enter_scores(edition, ENTERS, seat="bappenas", scores=SCORES)
    with pytest.raises(AlreadyTaken, match=r"has its scores \(step 3\)"):
        await desk.enter_scores(edition, ENTERS, seat="bappenas", scores=SCORES[::-1])
    with pytest.raises(Problem) as refused:
        await desk.confirm_scores(edition, ENTERS, number=3)
    assert (refused.value.status, refused.value.slug) == (403, "four-eyes")
    with pytest.raises(OutOfOrder, match="holds no scores"):
        await desk.confirm_scores(edition, CONFIRMS, number=2)
    for _ in range(2):
        await desk.confirm_scores(edition, CONFIRMS, number=3)
    await take(desk, edition, "decide")
    with pytest.raises(AlreadyTaken, match="is decided"):
        await desk.enter_scores(edition, ENTERS, seat="bappenas", scores=SCORES)
    decision = (await store.progress(2024)).taken(AwardStep.DECIDED)
    assert decision.awards[0].winners == ("64", "32")
    assert [one.rank for one in decision.awards[0].nominees if one.region_code == "64"] == [2]
    assert log.told == [f"2024/{number}" for number in range(1, 6)]


async def test_scores_that_do_not_fit_are_refused_one_by_one(law: Law, store: Store, log: Log) -> None:
    judged = law_with_panel(law, seats=("bappenas",), weight_pct=50)
    desk, edition = desk_of(judged, store, log), judged.award_edition(2024)
    await take(desk, edition, "close", "nominate")
    with pytest.raises(Problem) as refused:
        await desk.enter_scores(edition, ENTERS, seat="bappenas", scores=SCORES[:1] * 2)
    assert [(fault.pointer, fault.detail) for fault in refused.value.errors] == [
        ("/scores/1", "64 of provinsi is scored twice; give one score."),
        ("/scores", "32 of provinsi has no score; score every nominee."),
    ]
    with pytest.raises(Problem, match="kemenkeu is no seat of the panel of SPM Awards 2024; seats are bappenas"):
        await desk.enter_scores(edition, ENTERS, seat="kemenkeu", scores=SCORES)


async def test_an_edition_without_a_panel_takes_no_scores(desk: AwardDesk, edition: AwardEdition) -> None:
    await take(desk, edition, "close", "nominate")
    with pytest.raises(Problem, match="seats are none: no panel sits"):
        await desk.enter_scores(edition, ENTERS, seat="bappenas", scores=SCORES)
