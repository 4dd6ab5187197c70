"""Puts scoring together."""

import asyncio
from typing import Final

from chassis.errors import Misconfigured
from chassis.events import Event
from chassis.service import Service, World
from contracts.topics import AWARD_CHANGED, PERIOD_CHANGED, SUBMISSION_JUDGED
from regulation.award_rows import AwardCriterion
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import load_law
from regulation.rows import IndexMethod
from services.scoring.domain.basis import known_method
from services.scoring.domain.criteria import CRITERIA
from services.scoring.domain.errors import Unscorable
from services.scoring.handlers import Handlers
from services.scoring.metrics import ScoringMetrics
from services.scoring.routes.awards import award_routes
from services.scoring.routes.scorecards import scorecard_routes
from services.scoring.store import Store

SHOW_AWARDS_EVERY_S: Final = 10.0


def build(world: World) -> Service:
    """Raises:
    Misconfigured: the law cannot be read, or asks for what cannot be computed here.
    """
    law = _computable_law()
    store, metrics = Store(world.database), ScoringMetrics(world.registry)
    handlers = Handlers(law, store, metrics)

    async def prepare() -> None:
        await store.prepare()
        unpublished = [kept.award for kept in await store.awards() if not kept.published]
        await world.publisher.publish(Event.of(award) for award in unpublished)
        await store.keep_published(unpublished)

    async def show_awards() -> None:
        while True:
            for kept in await store.awards():
                metrics.show_award(kept.award)
            await asyncio.sleep(SHOW_AWARDS_EVERY_S)

    return Service(
        name="scoring",
        handlers={
            SUBMISSION_JUDGED: handlers.submission_judged,
            PERIOD_CHANGED: handlers.period_changed,
            AWARD_CHANGED: handlers.award_changed,
        },
        routers=[award_routes(law, store, world.publisher, world.clock), scorecard_routes(law, store)],
        prepare=prepare,
        tasks=[show_awards],
        title="SPM scoring",
    )


def _computable_law() -> Law:
    try:
        law = load_law()
        for method in law.rows.of(IndexMethod):
            known_method(method)
    except (RegulationError, Unscorable) as fault:
        raise Misconfigured(str(fault)) from fault
    for row in law.rows.of(AwardCriterion):
        if row.id not in CRITERIA:
            raise Misconfigured(
                f"{row.row_id} is a criterion that scoring cannot compute; known: {', '.join(CRITERIA)}"
            )
    return law
