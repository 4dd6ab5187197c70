"""Reports that come together share their round trips, and nothing else."""

import asyncio
from collections.abc import Sequence

import pytest
import pytest_asyncio

from chassis.errors import Retryable
from chassis.mongo import Database, Document
from chassis.problems import Problem
from contracts.period import PeriodState
from services.intake.domain.arrival import Arrival
from services.intake.routes import admission
from services.intake.store.submissions import Store
from tests.intake.reports import NOW, SECOND, arrival, period, submission
from tests.intake.test_admission import House, away, slowly, under_way


class Counting(Store):
    """Counts its round trips; ``unlucky`` fails once."""

    trips = 0
    unlucky = False

    async def begin(self, documents: Sequence[Document]) -> list[Document]:
        self.trips += 1
        if self.unlucky:
            self.unlucky = False
            await super().begin(documents[:1])
            raise Retryable("MongoDB went away in between")
        return await super().begin(documents)

    async def published(self, ids: Sequence[str], attempt: str) -> None:
        self.trips += 1
        await super().published(ids, attempt)


@pytest_asyncio.fixture
async def house(database: Database) -> House:
    house = House(database, Counting)
    await house.store.prepare()
    await house.order(1)
    return house


def of_regions(count: int) -> list[Arrival]:
    return [arrival(submission(f"64.{number:02}"), f"kunci-{number}") for number in range(count)]


async def test_reports_that_come_in_one_turn_take_two_writes(house: House) -> None:
    arrivals = of_regions(60)
    answers = await asyncio.gather(*map(house.admission.admit, arrivals))
    assert [receipt.submission_id for receipt, _ in answers] == [each.submission_id for each in arrivals]
    assert isinstance(house.store, Counting)
    assert house.store.trips == 2
    assert [report.submission_id for report in house.log.reports] == [each.submission_id for each in arrivals]


async def test_each_of_a_batch_is_answered_for_itself(house: House) -> None:
    await house.admission.admit(arrival(submission("64.01"), "ulang"))
    await house.store.add_periods([period(2, PeriodState.CLOSED, period="2023Q3")])
    await house.store.begin([under_way("alive", arrival(submission("64.05"), "jalan"))])
    too_large = submission("64.06").model_copy(update={"source_system": "x" * 1_100_000})
    answers = await house.admission.admit_all(
        [
            arrival(submission("64.00"), "baru"),
            arrival(submission("64.01"), "ulang"),
            arrival(submission("64.02"), "ulang"),
            arrival(submission("64.03", "2023Q3"), "tutup"),
            arrival(submission("64.04", "2023Q2"), "belum"),
            arrival(submission("64.05"), "jalan"),
            arrival(too_large, "besar"),
            arrival(submission("64.07"), "kembar"),
            arrival(submission("64.07"), "kembar"),
        ]
    )
    assert [answer.slug if isinstance(answer, Problem) else answer[1] for answer in answers] == [
        *(False, True, "idempotency-key-reused", "period-not-open", "period-not-open"),
        *("request-in-flight", "body-too-large", False, "request-in-flight"),
    ]
    assert len(house.log.reports) == 3


async def test_repetitions_are_answered_though_the_log_is_away(house: House) -> None:
    first, _ = await house.admission.admit(arrival())
    house.log.before = away
    again, new = await asyncio.gather(
        house.admission.admit(arrival()),
        house.admission.admit(arrival(submission("64.01"), "baru")),
        return_exceptions=True,
    )
    assert again == (first, True)
    assert isinstance(new, Retryable)


async def test_a_batch_that_breaks_while_it_is_noted_leaves_no_attempt(house: House) -> None:
    assert isinstance(house.store, Counting)
    house.store.unlucky = True
    with pytest.raises(Retryable):
        await house.admission.admit_all(of_regions(3))
    assert await house.store.submissions([each.submission_id for each in of_regions(3)]) == {}
    assert not any(isinstance(answer, Problem) for answer in await house.admission.admit_all(of_regions(3)))


async def test_a_client_that_goes_away_takes_nobody_with_it(house: House) -> None:
    house.log.before = slowly
    leaving, staying = (asyncio.create_task(house.admission.admit(each)) for each in of_regions(2))
    await asyncio.sleep(0.05)
    leaving.cancel()
    receipt, _ = await staying
    assert receipt.submission_id == of_regions(2)[1].submission_id
    again, repeated = await house.admission.admit(of_regions(2)[0])
    assert (again.submission_id, repeated) == (of_regions(2)[0].submission_id, True)
    assert len(house.log.reports) == 2


async def test_reports_of_one_region_reach_the_log_in_the_order_in_which_they_came(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "BATCH_REPORTS", 2)
    house.log.before = slowly
    arrivals = [arrival(submission(served=number), f"kunci-{number}") for number in range(7)]
    await house.admission.admit_all(arrivals)
    assert [report.submission_id for report in house.log.reports] == [each.submission_id for each in arrivals]


async def test_who_waits_too_long_for_a_turn_is_sent_away_and_leaves_no_trace(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "WAITING_S", 0.1)
    go_on = asyncio.Event()
    house.log.before = go_on.wait
    first = asyncio.create_task(house.admission.admit(arrival()))
    await asyncio.sleep(0.05)
    with pytest.raises(Retryable, match="not begun"):
        await house.admission.admit(arrival(submission(served=1), "lain"))
    go_on.set()
    await first
    assert len(house.log.reports) == 1
    assert (await house.admission.admit(arrival(submission(served=1), "lain", NOW + SECOND)))[1] is False


@pytest.mark.parametrize(("limit", "value"), [("WAITING_REPORTS", 1), ("WAITING_BYTES", 100)])
async def test_there_is_a_limit_to_those_that_wait(
    house: House, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(admission, limit, value)
    answers = await asyncio.gather(*map(house.admission.admit, of_regions(3)), return_exceptions=True)
    assert [isinstance(answer, Retryable) for answer in answers] == [False, True, True]
