"""The four services as one installation of a test's own, driven by the demo."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import httpx
from bson import json_util
from rich.console import Console

from chassis.clock import Clock
from chassis.groups import group_of, wait_until_read
from chassis.mongo import Mongo
from chassis.operators import SERVICES
from chassis.settings import Settings
from cli.demo.doors import Doors
from cli.demo.flow import Flow
from cli.demo.plan import Plan
from cli.demo.screen import Screen
from contracts.recipient import Role
from contracts.topics import TOPICS
from deploy.local.credentials import CLIENTS
from deploy.local.mail_catcher import catching
from deploy.local.ports import LOOPBACK, free_port
from regulation.rows import Region
from services.intake.app import build as build_intake
from services.notify.app import build as build_notify
from services.scoring.app import build as build_scoring
from services.validation.app import build as build_validation
from tests.running import Keys, running, settings_for

BUILDS = {
    "intake": build_intake,
    "validation": build_validation,
    "scoring": build_scoring,
    "notify": build_notify,
}
_OF_NO_LOG: Final = frozenset({"key_uses", "refusals", "readings", "sign_in_links", "sessions", "oidc_requests"})
"""Of the doors alone: when a key was last used, what was refused, who is signed in, who opened what first."""


@dataclass(frozen=True)
class Installation:
    settings: Settings
    headers: Mapping[str, Mapping[str, str]]
    """By client."""
    mail: Path

    @classmethod
    def of(cls, kafka: str, mongo: str, folder: Path, nation: Sequence[Region]) -> "Installation":
        """Only the nation's offices have an address: the others are overdue too, and nobody is told."""
        keys = Keys(folder)
        headers = {client: keys.issue(client, scopes, region) for client, region, scopes in CLIENTS}
        offices = {
            region.code: [
                {"role": role, "address": f"{role.name.lower()}@{region.code}.example"}
                for role in (Role.TEAM, Role.SECRETARY)
            ]
            for region in nation
        }
        recipients = folder / "recipients.json"
        recipients.write_text(json.dumps(offices))
        smtp = f"smtp://{LOOPBACK}:{free_port()}"
        return cls(settings_for(kafka, mongo, keys, recipients=recipients, smtp=smtp), headers, folder / "mail")

    @asynccontextmanager
    async def services(self, clock: Clock | None = None) -> AsyncIterator[Mapping[str, httpx.AsyncClient]]:
        """A client of each service, by name."""
        async with AsyncExitStack() as stack:
            port = int(self.settings.smtp.rpartition(":")[2])
            await stack.enter_async_context(catching(self.mail, port=port))
            async with asyncio.TaskGroup() as starting:
                clients = {
                    name: starting.create_task(stack.enter_async_context(running(name, build, self.settings, clock)))
                    for name, build in BUILDS.items()
                }
            yield {name: client.result() for name, client in clients.items()}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Doors]:
        async with self.services() as clients:
            yield self.doors(clients)

    def doors(self, clients: Mapping[str, httpx.AsyncClient]) -> Doors:
        return Doors(
            intake=clients["intake"],
            scoring=clients["scoring"],
            notify=clients["notify"],
            importer=self.headers["importer"],
            secretariat=self.headers["secretariat"],
        )

    def flow(self, plan: Plan, doors: Doors) -> Flow:
        return Flow(plan, doors, self.settings, Screen(Console(file=StringIO())))

    def mails(self) -> list[bytes]:
        return [file.read_bytes() for file in sorted(self.mail.glob("*.eml"))]

    async def all_read(self) -> None:
        """Until every service has read everything that is in its topics now."""
        for service in SERVICES:
            for topic in TOPICS:
                if service in topic.read_by:
                    await wait_until_read(self.settings, group_of(service, self.settings), topic)

    async def documents(self) -> dict[str, list[str]]:
        """Every document that follows from the log, written out in full and in one order."""
        mongo = Mongo(self.settings)
        written: dict[str, list[str]] = {}
        try:
            for service in SERVICES:
                database = mongo.database(service)
                listed = await database.command("listCollections")
                there = {collection["name"] for collection in listed["cursor"]["firstBatch"]}
                for name in sorted(name for name in there - _OF_NO_LOG if not name.startswith("sandbox_")):
                    found = await database[name].find({}).sort("_id").to_list(None)
                    written[f"{service}.{name}"] = [json_util.dumps(document, sort_keys=True) for document in found]
        finally:
            await mongo.close()
        return written
