"""What the metrics show of notices, read from the database."""

from datetime import UTC, datetime, timedelta

from chassis.mongo import Database
from contracts.recipient import Channel
from services.notify.domain.examples import FACTS, example_of
from services.notify.store.flow import Flow
from services.notify.store.notices import NoticeStore

RETURNED = example_of(FACTS[0])
FACT_AT = RETURNED.matter.fact_at
EVER = datetime(2000, 1, 1, tzinfo=UTC)


async def test_a_notice_waits_until_it_is_tried(database: Database) -> None:
    store, flow = NoticeStore(database), Flow(database)
    await store.prepare()
    assert await flow.untried_since(Channel.EMAIL, since=EVER) is None

    await store.keep([RETURNED])
    assert await flow.untried_since(Channel.EMAIL, since=EVER) == FACT_AT
    assert await flow.untried_since(Channel.WEBHOOK, since=EVER) is None
    assert await flow.untried_since(Channel.EMAIL, since=FACT_AT + timedelta(days=1)) is None

    [claimed] = await store.claim(Channel.EMAIL, FACT_AT + timedelta(minutes=1), since=EVER, limit=1)
    assert await flow.untried_since(Channel.EMAIL, since=EVER) is None
    await store.postpone(claimed, FACT_AT + timedelta(hours=1))
    assert await flow.untried_since(Channel.EMAIL, since=EVER) is None


async def test_the_latest_fiscal_year_is_that_of_a_notice(database: Database) -> None:
    assert await Flow(database).latest_fiscal_year() is None

    await NoticeStore(database).keep([RETURNED])

    assert await Flow(database).latest_fiscal_year() == RETURNED.matter.fiscal_year
