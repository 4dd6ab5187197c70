"""Puts scoring together."""

import asyncio
from typing import Final

from fastapi import APIRouter

from chassis.errors import Misconfigured
from chassis.events import Event
from chassis.groups import group_of, wait_until_read
from chassis.service import Service, World
from contracts.topics import AWARD_CHANGED, PERIOD_CHANGED, SUBMISSION_JUDGED
from regulation.award_rows import AwardCriterion
from regulation.errors import RegulationError
from regulation.index_rows import IndexMethod
from regulation.law import Law
from regulation.loading import load_law
from services.scoring.domain.basis import known_method
from services.scoring.domain.criteria import known_criterion
from services.scoring.domain.errors import Unscorable
from services.scoring.domain.steps import progress_by_edition
from services.scoring.handlers import Handlers
from services.scoring.metrics import ScoringMetrics
from services.scoring.pages.site import public_pages
from services.scoring.routes.attainment import attainment_routes
from services.scoring.routes.award_desk import AwardDesk
from services.scoring.routes.award_orders import award_order_routes
from services.scoring.routes.awards import award_routes
from services.scoring.routes.open_data import open_data_routes
from services.scoring.routes.questions import question_routes
from services.scoring.routes.scorecards import scorecard_routes
from services.scoring.store import UNLOGGED, Store

NAME: Final = "scoring"
SHOW_AWARDS_EVERY_S: Final = 10.0


def build(world: World) -> Service:
    """Raises:
    Misconfigured: the law cannot be read, or asks for what cannot be computed here.
    """
    law, settings = read_law(), world.settings
    store, metrics = Store(world.database), ScoringMetrics(world.registry)
    handlers = Handlers(law, store, metrics)
    read_by = {
        SUBMISSION_JUDGED: handlers.submission_judged,
        PERIOD_CHANGED: handlers.period_changed,
        AWARD_CHANGED: handlers.award_changed,
    }
    past_known = asyncio.Event()
    desk = AwardDesk(law, store, world.publisher, past_known)

    async def prepare() -> None:
        await store.prepare()
        unpublished = [kept.step for kept in await store.steps() if not kept.published]
        await world.publisher.publish(Event.of(step) for step in unpublished)
        await store.keep_published(unpublished)

    async def learn_the_past() -> None:
        """Until the log is read up to here, an empty database may mean that it was lost and is being filled again."""
        await wait_until_read(settings, group_of(NAME, settings), *read_by)
        past_known.set()

    async def tend() -> None:
        if not past_known.is_set():
            await learn_the_past()
        for edition_year, progress in progress_by_edition(kept.step for kept in await store.steps()).items():
            metrics.show_edition(edition_year, progress)
        metrics.sampled.now()
        await asyncio.sleep(SHOW_AWARDS_EVERY_S)

    return Service(
        name=NAME,
        handlers=read_by,
        routers=_doors(desk, world),
        prepare=prepare,
        tasks=[tend],
        ready=past_known.is_set,
        unlogged=UNLOGGED,
        title="SPM scoring",
    )


def _doors(desk: AwardDesk, world: World) -> list[APIRouter]:
    law, store = desk.law, desk.store
    return [
        award_order_routes(desk, world.clock),
        award_routes(desk),
        scorecard_routes(law, store),
        question_routes(law, store),
        attainment_routes(law, store),
        open_data_routes(law, store),
        public_pages(law, store, notice=world.settings.page_notice),
    ]


def read_law() -> Law:
    """Raises:
    Misconfigured: it cannot be read, or names an index method or a criterion that is not known here.
    """
    try:
        law = load_law()
        refuse_unknown(law)
    except (RegulationError, Unscorable) as fault:
        raise Misconfigured(str(fault)) from fault
    return law


def refuse_unknown(law: Law) -> None:
    """Raises:
    Unscorable: a row names what the code cannot compute.
    """
    for method in law.rows.of(IndexMethod):
        known_method(method)
    for criterion in law.rows.of(AwardCriterion):
        known_criterion(criterion)
