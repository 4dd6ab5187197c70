"""What the metrics show of what comes in, read from the database."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from chassis.clock import FixedClock
from chassis.mongo import Database
from contracts.period import PeriodState
from regulation.loading import load_law
from services.intake.domain import kept
from services.intake.metrics import FlowMetrics
from services.intake.routes.flow import PERIODS_MAX, FlowWatch, next_due
from services.intake.routes.past import Past
from services.intake.store.flow import Flow
from services.intake.store.submissions import Store
from tests.intake.reports import ANOTHER_KOTA, NOW, PERIOD, judged, period, received, submission
from tests.running import settings_for

FACT, LATER, NEIGHBOUR = (
    received(),
    received(key="kunci-2", now=NOW + timedelta(minutes=1)),
    received(submission(ANOTHER_KOTA), key="kunci-3", now=NOW + timedelta(minutes=2)),
)


async def test_the_oldest_report_without_a_verdict_is_the_one_that_waits_longest(database: Database) -> None:
    flow, store = Flow(database), Store(database)
    await flow.prepare()
    assert await flow.unjudged_since() is None

    await store.add_received((kept.logged(fact, 0), NOW) for fact in (NEIGHBOUR, LATER, FACT))
    assert await flow.unjudged_since() == FACT.recorded_at

    await store.add_stage([kept.judged(judged(FACT), NOW)])
    assert await flow.unjudged_since() == LATER.recorded_at


async def test_a_report_that_has_no_receipt_yet_does_not_wait_for_a_verdict(database: Database) -> None:
    await Store(database).begin([kept.received(FACT) | {"published": False, "attempt": "first", "begun_at": NOW}])

    assert await Flow(database).unjudged_since() is None
    assert await Flow(database).regions_reported(PERIOD) == 0


async def test_a_region_counts_once_however_often_it_reports(database: Database) -> None:
    await Store(database).add_received((kept.logged(fact, 0), NOW) for fact in (FACT, LATER, NEIGHBOUR))

    assert await Flow(database).regions_reported(PERIOD) == 2
    assert await Flow(database).regions_reported("2023Q3") == 0


async def test_the_figures_outlive_a_restart(database: Database) -> None:
    store, settings = Store(database), settings_for("127.0.0.1:1", "mongodb://127.0.0.1:1")
    await store.add_received([(kept.logged(FACT, 0), NOW)])
    await store.add_periods([period()])
    await store.keep_that_the_past_is_known()
    registry, clock = CollectorRegistry(), FixedClock(NOW + timedelta(seconds=90))

    past = Past("intake", store, settings)
    await past.learn()
    await FlowWatch(Flow(database), store, past, FlowMetrics(registry), clock, load_law().regions).sample()

    assert registry.get_sample_value("spm_unjudged_oldest_seconds") == pytest.approx(90)
    assert registry.get_sample_value("spm_period_regions_reported", {"period": PERIOD}) == 1
    assert registry.get_sample_value("spm_period_regions_owing") == 546
    due = registry.get_sample_value("spm_period_due_timestamp_seconds", {"period": PERIOD})
    assert due == period().due_at.timestamp()


def test_of_many_open_periods_those_due_last_are_shown() -> None:
    many = [
        period().model_copy(update={"period": f"{year}Q1", "due_at": NOW.replace(year=year)})
        for year in range(2010, 2024)
    ]
    closed = period().model_copy(update={"state": PeriodState.CLOSED, "due_at": NOW.replace(year=2030)})

    assert [each.period for each in next_due([closed, *reversed(many)])] == [
        f"{year}Q1" for year in range(2024 - PERIODS_MAX, 2024)
    ]
