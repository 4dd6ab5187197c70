"""Notify with a few synthetic facts about one region, and officials who sign in by what the mail catcher caught."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Final

import httpx
from fastapi import FastAPI

from chassis.clock import Clock, SystemClock
from chassis.events import Event
from chassis.kafka import Publisher, ensure_topics
from chassis.service import make_app
from chassis.settings import Settings
from contracts.award import AwardStep, Ranked
from contracts.message import Message
from contracts.recipient import Role
from services.notify.app import NAME, build
from tests.notify.catcher import Catcher
from tests.notify.messages import award, award_step, office, overdue, returned, scorecard, sector
from tests.running import Keys, eventually, running, settings_for

REGION: Final = "64.71"
NEIGHBOUR: Final = "64.72"
TEAM: Final = "tim-spm@kota-contoh.example"
AGENCY: Final = "dinkes@kota-contoh.example"
SECRETARY: Final = "sekda@kota-contoh.example"
KINDS_TOLD: Final = 5
"""Returned, missing, below the path and nominated; and that the oldest of them was not acknowledged."""
FORM: Final = {"Sec-Fetch-Site": "same-origin"}
HTML: Final = {"Accept": "text/html"}
_LINK: Final = re.compile(r"(http://[!-~]+/sign-in/link/[A-Za-z0-9_-]{43})")


@dataclass
class Site:
    app: FastAPI
    client: httpx.AsyncClient
    settings: Settings
    catcher: Catcher
    everyone: dict[str, str]
    own: dict[str, str]
    life: AsyncExitStack = field(default_factory=AsyncExitStack)
    """Closed, it ends the service."""
    callers: int = 0

    async def publish(self, messages: Sequence[Message]) -> None:
        publisher = Publisher(self.settings, "test", linger_ms=5)
        await publisher.start()
        await publisher.publish([Event.of(message) for message in messages])
        await publisher.stop()

    def links_to(self, address: str) -> list[str]:
        """The one-time links that were mailed to it."""
        mails = [message_from_bytes(raw, policy=default) for raw in self.catcher.raw if b"<sign-in-" in raw]
        texts = [part.get_content() for mail in mails if mail["To"] == address and (part := mail.get_body(("plain",)))]
        return [match[1] for text in texts if (match := _LINK.search(text))]

    def browser(self, caller: str | None = None) -> httpx.AsyncClient:
        """Of somebody at an address of its own, so that one is not counted for the other."""
        self.callers += 1
        client = (caller or f"198.51.100.{self.callers % 256}", 1)
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=client)
        return httpx.AsyncClient(transport=transport, base_url="http://service", headers=HTML | FORM)

    async def ask(self, address: str, *, next_page: str = "", caller: str | None = None) -> httpx.Response:
        async with self.browser(caller) as client:
            return await client.post("/sign-in", data={"address": address, "next": next_page})

    async def link(self, address: str, *, next_page: str = "") -> str:
        """The path of a new one."""
        before = len(self.links_to(address))
        assert (await self.ask(address, next_page=next_page)).status_code == 200
        await self.mailed(address, before)
        return httpx.URL(self.links_to(address)[-1]).path

    async def mailed(self, address: str, before: int) -> None:
        """Until one more link than before was mailed to it."""
        await eventually(lambda: len(self.links_to(address)) > before)

    @asynccontextmanager
    async def official(self, address: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser of somebody who has signed in."""
        async with self.browser() as client:
            answer = await client.post(await self.link(address))
            assert answer.status_code == 303, answer.text
            yield client

    async def notices(self, region: str = REGION) -> list[dict[str, str]]:
        found = await self.client.get("/v1/notices", params={"region": region, "limit": 200}, headers=self.everyone)
        rows: list[dict[str, str]] = found.json()["notices"]
        return rows

    async def notice_of(self, kind: str, *, region: str = REGION, role: Role | None = None) -> str:
        """The path of the page of one notice."""
        rows = [row for row in await self.notices(region) if row["kind"] == kind and role in {None, row["role"]}]
        return f"/inbox/{region}/{rows[0]['notice_id']}"


def facts(clock: Clock) -> list[Message]:
    """Of the last days: a report was returned, another quarter's is missing, a scorecard lies below the path; and of
    two categories the second nominates nobody.
    """
    now = clock.now()
    card = scorecard(
        "71.2543",
        sectors=[
            sector("health", "38.2", {"health.kab.pregnancy": "52.4", "health.kab.under_five": "0"}),
            sector("edu", "91.4", {"edu.kab.basic": "91.4"}),
            sector("social", "64", {"social.kab.elderly": "64"}),
        ],
    )
    others = (Ranked(rank=9, region_code=REGION, score=Decimal("90.15")),)
    nomination = award_step(2, AwardStep.NOMINATED)
    elsewhere = nomination.awards[0].model_copy(
        update={"category": "kabupaten", "nominees": (), "winners": (), "others": others}
    )
    nomination = nomination.model_copy(update={"awards": (*nomination.awards, elsewhere)})
    return [
        returned(2, recorded_at=now - timedelta(days=2)),
        returned(1, region=NEIGHBOUR, recorded_at=now - timedelta(days=2)),
        overdue().model_copy(update={"period": "2023Q2", "closed_at": now - timedelta(days=1)}),
        card.model_copy(
            update={"period": "2023Q3", "recorded_at": now - timedelta(days=4), "expected_pct": Decimal(75)}
        ),
        nomination,
        award().model_copy(update={"changed_at": now - timedelta(hours=3)}),
    ]


@asynccontextmanager
async def site_of_notices(
    kafka: str, mongo: str, folder: Path, clock: Clock | None = None, **changes: object
) -> AsyncIterator[Site]:
    clock, catcher, keys = clock or SystemClock(), Catcher(), Keys(folder)
    everyone = keys.issue("secretariat", ["notices:read", "recipients:read"])
    own = keys.issue("kota-contoh", ["notices:read", "recipients:read", "recipients:write"], REGION)
    settings = settings_for(kafka, mongo, keys, **({"smtp": catcher.uri, "public_url": "http://service"} | changes))
    await ensure_topics(settings)
    mailboxes = {Role.TEAM: TEAM, Role.AGENCY: AGENCY, Role.SECRETARY: SECRETARY}
    since = clock.now() - timedelta(days=60)
    offices = [office(since, role, address=address) for role, address in mailboxes.items()]
    app = make_app(NAME, build, settings, clock)
    async with catcher.running():
        site = Site(app, httpx.AsyncClient(), settings, catcher, everyone, own)
        await site.publish(offices)
        async with site.life:
            site.client = await site.life.enter_async_context(running(NAME, build, settings, app=app))
            await site.publish(facts(clock))

            async def told() -> bool:
                kinds = {row["kind"] for row in await site.notices()}
                return len(kinds) == KINDS_TOLD and bool(await site.notices(NEIGHBOUR))

            await eventually(told, within_s=60)
            yield site
