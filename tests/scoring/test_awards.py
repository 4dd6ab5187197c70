"""What nominating and deciding leave behind when Kafka is away, when two do it at once, or when entry opens again."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio

from chassis.errors import Conflict, Retryable
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.mongo import Mongo
from chassis.problems import Problem
from contracts.award import AwardState
from contracts.period import PeriodState
from contracts.quarter import quarters_of
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.routes.awards import Awards
from services.scoring.store import Store
from tests.running import settings_for
from tests.scoring.reports import AUTHOR, changed_period, settled
from tests.scoring.years import figures, year


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
    await store.raise_heads([*year("64"), *year("32")])
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
def awards(law: Law, store: Store, log: Log) -> Awards:
    past_known = asyncio.Event()
    past_known.set()
    return Awards(law, store, log, past_known)


async def nominate(awards: Awards, edition: AwardEdition) -> list[int]:
    """The revisions that stand afterwards."""
    found = await awards.nominate(edition, edition.categories, AUTHOR)
    return [found[category.id].revision for category in edition.categories]


async def test_nothing_is_decided_before_the_past_is_known(awards: Awards, log: Log, edition: AwardEdition) -> None:
    awards.past_known.clear()
    with pytest.raises(Retryable, match="the log is still being read"):
        await nominate(awards, edition)
    with pytest.raises(Retryable):
        await awards.decide(edition, AUTHOR)
    assert log.told == []


async def test_a_nomination_that_kafka_did_not_take_is_told_at_the_next_order(
    awards: Awards, log: Log, edition: AwardEdition
) -> None:
    log.deaf = True
    with pytest.raises(Retryable):
        await nominate(awards, edition)
    log.deaf = False
    assert await nominate(awards, edition) == [1, 1, 1]
    assert sorted(log.told) == ["2024/kabupaten/1", "2024/kota/1", "2024/provinsi/1"]
    assert await nominate(awards, edition) == [1, 1, 1]
    assert len(log.told) == 3


async def test_a_nomination_is_told_before_the_decision_that_follows(
    awards: Awards, log: Log, edition: AwardEdition
) -> None:
    log.deaf = True
    with pytest.raises(Retryable):
        await nominate(awards, edition)
    log.deaf = False
    await awards.decide(edition, AUTHOR)
    assert [told for told in log.told if "provinsi" in told] == ["2024/provinsi/1", "2024/provinsi/2"]


async def test_of_two_orders_at_once_one_is_kept(awards: Awards, log: Log, store: Store, edition: AwardEdition) -> None:
    outcomes = await asyncio.gather(*(nominate(awards, edition) for _ in range(2)), return_exceptions=True)
    assert all(outcome == [1, 1, 1] or isinstance(outcome, Conflict) for outcome in outcomes)
    assert await nominate(awards, edition) == [1, 1, 1]
    assert {kept.award.revision for kept in await store.awards(2024)} == {1}
    assert set(log.told) == {"2024/kabupaten/1", "2024/kota/1", "2024/provinsi/1"}


async def test_a_decision_waits_while_entry_is_open_again(awards: Awards, store: Store, edition: AwardEdition) -> None:
    await nominate(awards, edition)
    await store.keep_periods([changed_period("2023Q2", PeriodState.OPEN, 3)])
    with pytest.raises(Problem) as refused:
        await awards.decide(edition, AUTHOR)
    assert refused.value.slug == "figures-in-flight"
    assert "2023Q2 is open (revision 3); close it first." in refused.value.detail


async def test_a_decision_needs_the_figures_of_the_nomination(
    awards: Awards, store: Store, edition: AwardEdition
) -> None:
    await nominate(awards, edition)
    await store.raise_heads([figures("64", revision=2, team=False)])
    with pytest.raises(Problem) as refused:
        await awards.decide(edition, AUTHOR)
    assert refused.value.slug == "figures-changed"
    assert refused.value.detail.startswith("Figures or law changed since the nomination of provinsi;")


async def test_every_category_must_be_nominated_before_any_is_decided(
    awards: Awards, store: Store, edition: AwardEdition
) -> None:
    await awards.nominate(edition, [edition.category("kota")], AUTHOR)
    with pytest.raises(Problem) as refused:
        await awards.decide(edition, AUTHOR)
    assert refused.value.slug == "award-not-nominated"
    assert "not nominated for provinsi, kabupaten" in refused.value.detail
    assert [kept.award.state for kept in await store.awards(2024)] == [AwardState.NOMINATED]


async def test_an_accepted_report_in_the_dead_letter_holds_the_nomination(
    awards: Awards, store: Store, edition: AwardEdition
) -> None:
    await store.keep_periods([changed_period("2023Q1", revision=4)])
    await store.keep_marks(
        settled(region.code, "2023Q1", period_revision=4, reported=region.code in {"64", "32", "11"})
        for region in awards.law.regions.reporting()
    )
    with pytest.raises(Problem) as refused:
        await nominate(awards, edition)
    assert [fault.code for fault in refused.value.errors] == ["reports-not-scored"]
    assert "1 regions have an accepted report without a scorecard: 11." in refused.value.detail
