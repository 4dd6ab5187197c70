import asyncio
from typing import Final

from chassis.service import Service, World
from contracts.topics import SUBMISSION_RECEIVED
from regulation.loading import load_law
from services.validation.domain.rates import By, reporting_rates
from services.validation.domain.rulebook import with_testable_rules
from services.validation.handlers import Reception
from services.validation.metrics import ValidationMetrics
from services.validation.pages import rule_pages
from services.validation.routes import checks, peers, rates, rules, trends, verdicts
from services.validation.store import UNLOGGED, Store

NAME: Final = "validation"
RATES_EVERY_S: Final = 60.0


def build(world: World) -> Service:
    """The law is read once, so that a bad row stops the process and not a report."""
    store = Store(world.database)
    law = with_testable_rules(load_law())
    metrics = ValidationMetrics(world.registry)
    reception = Reception(store, law, metrics)
    groups = peers.PeerGroups(world, store, law)

    async def prepare() -> None:
        await store.prepare()
        await groups.make_up()

    async def show_rates() -> None:
        """Keep the gauges of the latest period fresh."""
        if period := await store.latest_period():
            counted = await store.outcomes(period)
            metrics.show_verdicts((law.regions[code].kind, outcome, reports) for code, outcome, reports in counted)
            metrics.show_rates(period, reporting_rates(law, period, await store.judged_reports(period), By.SECTOR))
        metrics.sampled.now()
        await asyncio.sleep(RATES_EVERY_S)

    return Service(
        NAME,
        handlers={SUBMISSION_RECEIVED: reception},
        routers=[
            verdicts.router(store),
            rates.router(store, law),
            trends.router(store, law),
            checks.router(reception.foresee, law, world.clock),
            peers.router(groups, store),
            rules.router(law, world.clock),
            rule_pages(law, world.clock),
        ],
        prepare=prepare,
        tasks=[show_rates],
        unlogged=UNLOGGED,
        title="SPM Awards: validation",
    )
