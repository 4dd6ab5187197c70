"""Regions that hand in while something is done to the system, and what became of every report that it took."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
from rich.console import Console

from chassis.settings import Settings
from contracts.topics import SUBMISSION_JUDGED, SUBMISSION_RECEIVED, Topic
from tests.faults.harness import whole_topic
from tests.running import eventually

ANSWER_S: Final = 90.0
LOOK_AGAIN_S: Final = 0.05
HONEST: Final = frozenset({"202", "409", "503 with Retry-After"})
GOING_AWAY: Final = frozenset({"ConnectError", "ReadError", "RemoteProtocolError", "WriteError"})
"""What a connection tells while its door is away, or goes."""


@dataclass(frozen=True)
class Handed:
    """A report as it goes over the wire."""

    key: str
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Regions:
    """Clients that send each report with its key until it is taken, each client one report after the other."""

    doors: list[str]
    """Addresses of intake's replicas. A client that cannot reach one goes to the next, as a balancer lets it."""
    headers: dict[str, str]
    lanes: Sequence[Iterator[Handed]]
    """What each client hands in. When one has nothing left, its client is done."""
    pause_s: float
    """Between two reports of one client."""
    receipts: dict[str, str] = field(default_factory=dict)
    """The submission of each key that was answered with 202."""
    answers: Counter[str] = field(default_factory=Counter)
    longest_silence_s: float = 0.0
    _last: float = field(default_factory=time.monotonic)
    _stopped: bool = False

    def stop(self) -> None:
        self._stopped = True

    async def hand_in(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=2 * len(self.lanes))
        async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_S, limits=limits) as http:
            await asyncio.gather(*(self._client(http, number, lane) for number, lane in enumerate(self.lanes)))

    async def _client(self, http: httpx.AsyncClient, number: int, lane: Iterator[Handed]) -> None:
        for sent, report in enumerate(lane, start=number):
            attempt = sent
            while not self._stopped and not await self._taken(http, self.doors[attempt % len(self.doors)], report):
                attempt += 1
                await asyncio.sleep(LOOK_AGAIN_S)
            if self._stopped:
                return
            await asyncio.sleep(self.pause_s)

    async def _taken(self, http: httpx.AsyncClient, door: str, report: Handed) -> bool:
        own = {"Content-Type": "application/json", "Idempotency-Key": f'"{report.key}"'}
        try:
            answer = await http.post(
                f"{door}/v1/submissions", content=report.content, headers={**self.headers, **own, **report.headers}
            )
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
            return False
        told = "" if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE else _retry_of(answer)
        self.answers[f"{answer.status_code}{told}"] += 1
        if answer.status_code != httpx.codes.ACCEPTED:
            return False
        now = time.monotonic()
        self.longest_silence_s = max(self.longest_silence_s, now - self._last)
        self._last = now
        self.receipts[report.key] = answer.json()["submission_id"]
        return True

    @property
    def refused(self) -> int:
        """How often a region was asked to come again."""
        return self.answers["503 with Retry-After"]

    async def go_on(self, count: int, within_s: float) -> bool:
        """Whether so many more reports are taken in time."""
        wanted = len(self.receipts) + count
        return await held(lambda: len(self.receipts) >= wanted, within_s)

    async def ended(self, handing_in: Awaitable[None], console: Console, honest: Collection[str] = HONEST) -> list[str]:
        """What they were answered that no region understands; they hand in no more."""
        self.stop()
        await handing_in
        console.print(f"answers: {dict(self.answers)}")
        if dishonest := self.dishonest(honest):
            return [f"intake gave answers other than 202, 409 and 503 with Retry-After: {dishonest}"]
        return []

    def dishonest(self, honest: Collection[str] = HONEST) -> dict[str, int]:
        """What a region cannot understand as "taken" or "again later"."""
        return {answer: count for answer, count in self.answers.items() if answer not in honest}


def _retry_of(answer: httpx.Response) -> str:
    return " with Retry-After" if answer.headers.get("Retry-After") else " without Retry-After"


async def held(holds: Callable[[], bool | Awaitable[bool]], within_s: float) -> bool:
    """Whether a condition came to hold in time."""
    try:
        await eventually(holds, within_s=within_s)
    except AssertionError:
        return False
    return True


async def what_is_lost(settings: Settings, regions: Regions, console: Console) -> list[str]:
    """What was promised and is not in the log, or is not judged, or is judged in two ways."""
    logged = await events_of_reports(settings, SUBMISSION_RECEIVED)
    judged = await events_of_reports(settings, SUBMISSION_JUDGED)
    promised = set(regions.receipts.values())
    repeated = sum(len(logged[each]) > 1 for each in promised & logged.keys())
    console.print(
        f"{len(promised)} receipts; the log has {len(promised & logged.keys())} of their reports, {repeated} of them"
        f" repeated; {len(promised & judged.keys())} of them are judged"
    )
    faults = {
        "LOST: {} of {} reports that were answered with 202 are not in the log": promised - logged.keys(),
        "UNJUDGED: {} of {} reports that were answered with 202 have no verdict": promised - judged.keys(),
        "TWICE: {} of {} reports have two verdicts": {each for each in judged if len(set(judged[each])) > 1},
    }
    return [told.format(len(ids), len(promised)) for told, ids in faults.items() if ids]


async def events_of_reports(settings: Settings, topic: Topic) -> dict[str, list[str]]:
    """The ids of the events of each submission; one that was published again has its id again."""
    events: dict[str, list[str]] = {}
    for record in await whole_topic(settings, topic.name):
        if submission_id := json.loads(record.value).get("submission_id"):
            events.setdefault(submission_id, []).append(dict(record.headers)["ce_id"].decode())
    return events
