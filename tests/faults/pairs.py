"""The whole system with each service twice, under the load of regions that hand in a planned year; and its accounts."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console

from chassis.clock import SystemClock
from chassis.dead_letters import letters_in
from chassis.groups import existing
from chassis.operators import Order
from chassis.settings import Settings
from cli.beside import BESIDE, rebuild_beside
from cli.demo.generator import plan_year
from cli.demo.plan import PlannedReport
from contracts.quarter import quarters_of
from contracts.topics import NOTICE_SETTLED, SCORECARD_UPDATED, SUBMISSION_JUDGED, TOPICS, Topic, dead_letter_of
from contracts.verdict import VerdictOutcome
from deploy.local.mail_catcher import catching
from deploy.local.ports import LOOPBACK, free_port
from tests.engines import Engines
from tests.faults.harness import SERVICES, Subject, ledger_of, left_to_read, reads_of, whole_topic, writes_of
from tests.faults.regions import GOING_AWAY, HONEST, Handed, Regions, held, what_is_lost
from tests.faults.story import LAW, YEAR
from tests.processes import ROOT, Door, service_process
from tests.running import Keys, settings_for

SEED: Final = 41
CLIENTS: Final = 4
PAUSE_S: Final = 1.0
EACH: Final = 10
"""Receipts to be given between two changes."""
STANDSTILL_S: Final = 120.0
READ_WITHIN_S: Final = 300.0
DUE_IN: Final = timedelta(days=60)
ORDER: Final = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Uji pembaruan; angka sintetis."}
OPERATOR: Final = Order("Operator", "Uji pembaruan; angka sintetis.")
SUBJECTS: Final = [Subject(name, f"services.{name}.app:build", reads_of(name), writes_of(name)) for name in SERVICES]

console = Console(width=140)


@dataclass(frozen=True)
class Version:
    """Code that a replica runs."""

    name: str
    root: Path = ROOT
    modules: dict[str, str] = field(default_factory=dict)
    """What stands in for a service."""


@dataclass
class Pairs:
    """Replicas by service and number; each may be replaced while regions hand in."""

    settings: Settings
    folder: Path
    mail: Path
    regions: Regions
    planned: dict[str, PlannedReport]
    """By key."""
    doors: dict[tuple[str, int], Door] = field(default_factory=dict)

    async def start(self, service: str, number: int, version: Version) -> float:
        """Seconds until the new replica was ready."""
        begun = time.monotonic()
        folder = self.folder / f"{service}-{number}"
        settings = self.settings
        door = service_process(service, settings, folder, module=version.modules.get(service), root=version.root)
        self.doors[service, number] = door
        await door.start()
        self._tell_regions()
        return time.monotonic() - begun

    async def stop(self, service: str, number: int) -> float:
        """Seconds until the replica had ended by itself after SIGTERM."""
        begun = time.monotonic()
        await self.doors.pop((service, number)).stop()
        self._tell_regions()
        return time.monotonic() - begun

    async def kill(self, service: str, number: int) -> None:
        await self.doors.pop((service, number)).kill()
        self._tell_regions()

    async def stop_all(self) -> None:
        await asyncio.gather(*(door.stop() for door in self.doors.values()))

    def _tell_regions(self) -> None:
        there = [door.address for (service, _), door in sorted(self.doors.items()) if service == "intake"]
        self.regions.doors[:] = there or self.regions.doors

    async def open_entry(self, secretariat: dict[str, str]) -> None:
        """With a deadline to come, so that nobody is told of one that passed years ago."""
        order = ORDER | {"due_at": (SystemClock().now() + DUE_IN).isoformat()}
        intake = self.regions.doors[0]
        async with httpx.AsyncClient(base_url=intake, headers=secretariat, trust_env=False, timeout=60) as http:
            for quarter in quarters_of(YEAR):
                (await http.put(f"/v1/periods/{quarter.text}", json=order)).raise_for_status()

    async def all_read(self) -> bool:
        return not any([await left_to_read(subject, self.settings) for subject in SUBJECTS])

    async def goes_on(self) -> bool:
        """Whether intake takes reports."""
        return await self.regions.go_on(EACH, STANDSTILL_S)

    async def settled(self, handing_in: Awaitable[None]) -> list[str]:
        """Every fault that answers, and the accounts once all is read, show; empty when all is well."""
        faults = await self.regions.ended(handing_in, console, HONEST | GOING_AWAY)
        begun = time.monotonic()
        if not await held(self.all_read, READ_WITHIN_S):
            return [*faults, f"the services did not read all in {READ_WITHIN_S:.0f} s"]
        console.print(f"lag of every service 0, {time.monotonic() - begun:.1f} s after the last report")
        faults += await what_is_lost(self.settings, self.regions, console)
        faults += await self._decided_otherwise()
        faults += await self._told_otherwise()
        faults += await self._put_aside()
        ledger = await ledger_of(self.settings)
        if not ledger.balanced:
            faults.append(f"the ledger is out of balance by {ledger.difference}")
        return faults + await self._not_what_the_log_says()

    async def _decided_otherwise(self) -> list[str]:
        """Verdict by verdict against the plan, and a scorecard for each accepted report."""
        verdicts, cards = await self._bodies(SUBMISSION_JUDGED), await self._bodies(SCORECARD_UPDATED)
        outcome = {body["submission_id"]: body["outcome"] for body in verdicts if "submission_id" in body}
        wanted = {id_: self.planned[key].outcome.value for key, id_ in self.regions.receipts.items()}
        accepted = {id_ for id_, planned in wanted.items() if planned != VerdictOutcome.RETURNED.value}
        scored = {body["submission_id"] for body in cards}
        other = [id_ for id_, planned in wanted.items() if outcome.get(id_) != planned]
        console.print(f"{len(wanted) - len(other)} of {len(wanted)} verdicts as planned, {len(scored)} scorecards")
        told = {
            "OTHERWISE: {} of {} verdicts are not as planned": other,
            "UNSCORED: {} of {} reports are accepted and have no scorecard": accepted - scored,
            "SCORED: {} of {} reports have a scorecard and were not accepted": scored - accepted,
        }
        return [text.format(len(ids), len(wanted)) for text, ids in told.items() if ids]

    async def _told_otherwise(self) -> list[str]:
        """Each notice has one end, and one mail."""
        ends = Counter(body["notice_id"] for body in await self._bodies(NOTICE_SETTLED))
        mails = Counter(message_from_bytes(file.read_bytes())["Message-ID"] for file in self.mail.glob("*.eml"))
        console.print(f"{len(ends)} notices have their end, {mails.total()} mails were sent")
        faults = [f"TWICE: {count - 1} more ends of notice {notice}" for notice, count in ends.items() if count > 1]
        faults += [f"TWICE: {count - 1} more mails {mail}" for mail, count in mails.items() if count > 1]
        if len(ends) != len(mails):
            faults.append(f"{len(ends)} notices have their end, {len(mails)} have a mail")
        return faults

    async def _bodies(self, topic: Topic) -> list[dict[str, Any]]:
        """Of each event once, however often it was published."""
        records = await whole_topic(self.settings, topic.name)
        return [json.loads(value) for value in {dict(one.headers)["ce_id"]: one.value for one in records}.values()]

    async def _put_aside(self) -> list[str]:
        twins = await existing(self.settings, map(dead_letter_of, TOPICS))
        letters = [letter for twin in twins for letter in letters_in(await whole_topic(self.settings, twin.name))]
        dead = Counter((letter.service, letter.place.topic, letter.reason) for letter in letters)
        return [f"PUT ASIDE: {count} records by {' '.join(where)}" for where, count in dead.items()]

    async def _not_what_the_log_says(self) -> list[str]:
        """Each database against one that the present version makes of the log."""
        faults = []
        for service in BESIDE:
            found = await rebuild_beside(self.settings, service, OPERATOR, lambda _: None, replace=True, switch=False)
            documents, differing = sum(one.documents for one in found), sum(one.differing for one in found)
            console.print(f"{service}: {documents} documents, {differing} otherwise than the log says")
            faults += [
                f"{service}.{one.collection}: {one.differing} differ, like {', '.join(one.examples)}"
                for one in found
                if one.differing
            ]
        return faults


@asynccontextmanager
async def pairs(folder: Path, version: Version) -> AsyncIterator[Pairs]:
    """One replica of each service, reading; regions begin when they are told to."""
    async with AsyncExitStack() as stack:
        engines = Engines(folder, stack)
        kafka, mongod = await asyncio.gather(engines.kafka(), engines.mongod())
        keys, port = Keys(folder), free_port()
        secretariat = keys.issue("sekretariat", ["periods:write"])
        headers = keys.issue("wilayah", ["submissions:write"])
        await stack.enter_async_context(catching(folder / "mail", port=port))
        settings = settings_for(
            kafka.address, mongod.address, keys, rate_limit=1_000_000, smtp=f"smtp://{LOOPBACK}:{port}"
        )
        planned = {report.key: report for report in plan_year(LAW, seed=SEED).reports}
        regions = Regions([], headers, lanes(list(planned.values())), PAUSE_S)
        system = Pairs(settings, folder, folder / "mail", regions, planned)
        stack.push_async_callback(system.stop_all)
        await asyncio.gather(*(system.start(service, 1, version) for service in SERVICES))
        await system.open_entry(secretariat)
        yield system


def lanes(reports: Sequence[PlannedReport]) -> list[Iterator[Handed]]:
    """A client has some of the regions, so that the reports of each come in order."""
    client_of = {code: at % CLIENTS for at, code in enumerate(sorted({report.region.code for report in reports}))}
    return [_handed([each for each in reports if client_of[each.region.code] == client]) for client in range(CLIENTS)]


def _handed(reports: Sequence[PlannedReport]) -> Iterator[Handed]:
    for report in reports:
        yield Handed(report.key, report.submission().model_dump_json(exclude_none=True).encode())
