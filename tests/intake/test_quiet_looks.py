"""What intake asks its database every few seconds costs the same however many reports are kept."""

from datetime import timedelta

from chassis.mongo import Database
from services.intake.domain import kept
from services.intake.store.flow import Flow
from services.intake.store.ledger import LedgerStore
from services.intake.store.submissions import Store
from tests.intake.reports import NOW, judged, received
from tests.profiled import profiled

KEPT = 60


async def test_no_look_reads_the_reports_that_are_long_judged(database: Database) -> None:
    store, flow, accounts = Store(database), Flow(database), LedgerStore(database)
    await store.prepare()
    await flow.prepare()
    facts = [received(key=f"kunci-{number}") for number in range(KEPT)]
    await store.add_received((kept.logged(fact, number), NOW) for number, fact in enumerate(facts))
    await store.add_stage(kept.judged(judged(fact, revision=number + 1), NOW) for number, fact in enumerate(facts))
    later = NOW + timedelta(days=1)
    async with profiled(database) as looked:
        await store.clear_away(later)
        await flow.unjudged_since()
        assert await accounts.moving(later) == set()
        assert len(await accounts.periods()) == 1
    assert len(looked) == 5
    assert {asked: read for asked, read in looked.items() if read > 1} == {}
