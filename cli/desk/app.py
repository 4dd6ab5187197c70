"""The operators' desk as an application: pages and vital signs, and no stream and no database of its own.

It runs with a credential of its own, so that no service needs the right to write into the topics that it reads.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI

from chassis import problems
from chassis.access import KeyRing
from chassis.audit import NoWitness
from chassis.clock import Clock
from chassis.documentation import OPENAPI, documentation
from chassis.endless import end, for_ever
from chassis.exposition import NOT_READY, metrics_apart, registry_of, vital_signs
from chassis.gate import Gate
from chassis.http import Measured, SafeDoors
from chassis.metrics import HttpMetrics, TaskMetrics
from chassis.oauth import Issuer
from chassis.openapi import Described
from chassis.quota import Quota
from chassis.replay import learn_keys
from chassis.settings import Settings
from cli.desk.pages import letter_pages

NAME: Final = "desk"
TITLE: Final = "SPM Awards: operators' desk"


def make_desk(settings: Settings, clock: Clock) -> FastAPI:
    """Raises:
    Misconfigured: the keys' file cannot be read.
    """
    registry, ring = registry_of(NAME), KeyRing.read(settings.api_keys)
    metrics = TaskMetrics(registry)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        learning = asyncio.create_task(
            for_ever(partial(learn_keys, ring, settings), settings.retry_delay_s_max, metrics)
        )
        with metrics_apart(settings, registry):
            yield
        await end([learning])

    async def standing() -> str:
        return "ready" if ring.complete else NOT_READY

    app = Described(
        title=TITLE,
        version=version("spm-awards"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI,
    )
    app.state.stopping = asyncio.Event()
    app.state.gate = Gate(
        ring,
        clock,
        requests=Quota(settings.rate_limit),
        failures=Quota(settings.failed_keys_limit),
        issuer=Issuer.of(settings, clock),
    )
    problems.install(app)
    app.add_middleware(SafeDoors)
    app.add_middleware(Measured, metrics=HttpMetrics(registry), witness=NoWitness(), clock=clock)
    signs = vital_signs(lambda: True, standing, settings, registry)
    for router in (signs, documentation(TITLE), letter_pages(settings, clock)):
        app.include_router(router)
    return app
