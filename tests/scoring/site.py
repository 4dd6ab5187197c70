"""Scoring with a synthetic year in its database, as its pages and its open data show it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI

from chassis.clock import FixedClock
from chassis.mongo import Mongo
from chassis.service import make_app
from contracts.award import AwardStep
from regulation.law import Law
from services.scoring.app import NAME, build
from services.scoring.store import Store
from tests.running import running, settings_for
from tests.scoring.nation import award, keep, verdicts

NOTICE = "Angka di sini sintetis. / Figures here are synthetic."
CLOCK = FixedClock(datetime(2024, 4, 1, 3, tzinfo=UTC))


@dataclass(frozen=True)
class Site:
    app: FastAPI
    client: httpx.AsyncClient
    store: Store


@asynccontextmanager
async def site_of_a_year(kafka: str, mongo: str, law: Law, *, until: AwardStep) -> AsyncIterator[Site]:
    """Edition 2024 has taken its steps up to ``until``."""
    settings = settings_for(kafka, mongo, page_notice=NOTICE)
    deployment = Mongo(settings)
    store = Store(deployment.database(NAME))
    await store.prepare()
    await keep(store, law, verdicts(law))
    await award(store, law, law.award_edition(2024), until=until)
    app = make_app(NAME, build, settings, CLOCK)
    async with running(NAME, build, settings, app=app) as client:
        yield Site(app, client, store)
    await deployment.drop(NAME)
    await deployment.close()
