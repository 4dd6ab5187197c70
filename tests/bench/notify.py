"""How long officials wait: from an accepted report to the notice in the inbox, idle and on the evening of a deadline.

Run with ``make bench``. The four services and a mail server that keeps what it gets are processes of their own on one
Kafka and MongoDB, started for this run alone. Every report is wrong, so that each makes its region one notice in the
inbox and one by mail. Idle: one report at a time. The evening: as many reports as regions have quarters, at once.
"""

import argparse
import asyncio
import json
import logging
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console

from chassis.mongo import Mongo
from chassis.settings import Settings
from cli.demo.generator import plan_year
from contracts.notice import NoticeState
from contracts.recipient import Channel, RecipientChangedV1, Role
from tests.engines import EngineChoice, run_with_engines, shared_kafka, shared_mongo
from tests.faults.harness import feed
from tests.faults.story import LAW, fed
from tests.processes import module_process, service_process, started
from tests.running import Keys, settings_for

SEED: Final = 2023
SERVICES: Final = ("intake", "validation", "scoring", "notify")
PERIODS: Final = ("2023Q1", "2023Q2", "2023Q3", "2023Q4")
ORDER: Final = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Tolok ukur."}
SINCE: Final = datetime(2023, 1, 1, tzinfo=UTC)
WARM: Final = 5
LOOK_AGAIN_S: Final = 0.005
LIMIT_S: Final = 300.0


@dataclass(frozen=True)
class Installation:
    intake: httpx.AsyncClient
    notices: Any
    verdicts: Any

    async def post(self, report: str) -> str:
        """The id of the accepted submission."""
        key = {"Idempotency-Key": f'"{secrets.token_hex(8)}"'}
        try:
            answer = await self.intake.post("/v1/submissions", content=report, headers=key)
        except httpx.TransportError:  # the door let a waiting connection go just when it was used
            answer = await self.intake.post("/v1/submissions", content=report, headers=key)
        answer.raise_for_status()
        return str(answer.json()["submission_id"])

    async def judged(self) -> int:
        return int(await self.verdicts.count_documents({}))

    async def settled(self, channel: Channel) -> int:
        return int(await self.notices.count_documents({"channel": channel, "state": NoticeState.DELIVERED}))


def offices(regions: Sequence[str]) -> list[RecipientChangedV1]:
    """An inbox and a mailbox for each region's team."""
    return [
        RecipientChangedV1(
            recipient_id=f"{channel}-{region}",
            revision=1,
            region_code=region,
            role=Role.TEAM,
            channel=channel,
            address=f"tim@{region.replace('.', '-')}.daerah.example" if channel is Channel.EMAIL else None,
            active_from=SINCE,
            changed_at=SINCE,
            changed_by="bench",
        )
        for region in regions
        for channel in (Channel.EMAIL, Channel.INBOX)
    ]


def wrong_reports() -> list[str]:
    """One of each region and quarter, each with more people served than there are."""
    first = {
        (report.region.code, report.quarter.text): report for report in reversed(plan_year(LAW, seed=SEED).reports)
    }
    return [_wrong(json.loads(report.submission().model_dump_json())) for report in first.values()]


def _wrong(report: dict[str, Any]) -> str:
    for service in report["services"]:
        recipients = service.get("recipients")
        if recipients and recipients.get("target") is not None:
            recipients["served"] = 2 * recipients["target"] + 1
            break
    return json.dumps(report)


async def until(holds: Callable[[], Awaitable[bool]]) -> float:
    """When it held, by ``perf_counter``."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            if await holds():
                return time.perf_counter()
            await asyncio.sleep(LOOK_AGAIN_S)


async def idle(installation: Installation, reports: Sequence[str]) -> list[float]:
    """Seconds from each acceptance until the notice can be read."""
    waited: list[float] = []
    for report in reports:
        submission_id = await installation.post(report)
        accepted = time.perf_counter()
        wanted = {"submission_id": submission_id, "channel": Channel.INBOX, "state": NoticeState.DELIVERED}

        async def is_there(wanted: dict[str, Any] = wanted) -> bool:
            return bool(await installation.notices.find_one(wanted, {"_id": 1}))

        waited.append(await until(is_there) - accepted)
    return waited[WARM:]


@dataclass(frozen=True)
class Evening:
    reports: int
    accepted_s: float
    judged_s: float
    inbox_s: float
    mailed_s: float

    @classmethod
    async def of(cls, installation: Installation, reports: Sequence[str], connections: int) -> "Evening":
        """Each in seconds since the first report was sent."""
        before = {channel: await installation.settled(channel) for channel in (Channel.INBOX, Channel.EMAIL)}
        judged_before = await installation.judged()
        gate = asyncio.Semaphore(connections)

        async def post(report: str) -> None:
            async with gate:
                await installation.post(report)

        def told(channel: Channel) -> Callable[[], Awaitable[bool]]:
            async def all_told() -> bool:
                return await installation.settled(channel) >= before[channel] + len(reports)

            return all_told

        async def all_judged() -> bool:
            return await installation.judged() >= judged_before + len(reports)

        begun = time.perf_counter()
        await asyncio.gather(*map(post, reports))
        accepted = time.perf_counter()
        ends = await asyncio.gather(until(all_judged), until(told(Channel.INBOX)), until(told(Channel.EMAIL)))
        return cls(len(reports), accepted - begun, *(end - begun for end in ends))


def show(waited: Sequence[float], evening: Evening) -> None:
    cuts = statistics.quantiles(waited, n=20)
    console = Console(width=100)
    console.print(f"idle, {len(waited)} reports: p50 {statistics.median(waited):.3f} s, p95 {cuts[-1]:.3f} s (0.5, 1)")
    behind = {"inbox": evening.inbox_s - evening.judged_s, "mail": evening.mailed_s - evening.judged_s}
    told = ", ".join(f"{channel} {seconds:.1f} s" for channel, seconds in behind.items())
    console.print(f"evening, {evening.reports} reports: accepted in {evening.accepted_s:.1f} s")
    console.print(f"judged in {evening.judged_s:.1f} s; behind the last verdict (30 s): {told}")
    console.print(f"{evening.reports / evening.mailed_s:.0f} mails/s from the first report on")


async def main(one_by_one: int, evening: int, connections: int) -> None:
    logging.disable(logging.WARNING)
    reports = list(islice(cycle(wrong_reports()), WARM + one_by_one + evening))  # some come a second time
    async with AsyncExitStack() as stopping:
        folder = Path(stopping.enter_context(tempfile.TemporaryDirectory(prefix="spm-bench-")))
        kafka = await stopping.enter_async_context(shared_kafka(EngineChoice(), folder / "kafka"))
        mongo = await stopping.enter_async_context(shared_mongo(EngineChoice(), folder / "mongod"))
        keys = Keys(folder)
        headers = keys.issue("sekretariat", ["periods:write", "submissions:write"])
        catcher = module_process("deploy.local.mail_catcher", ("--folder", str(folder / "mail"), "--port"), folder)
        settings = settings_for(
            kafka, mongo, keys, rate_limit=1_000_000, smtp=catcher.address.replace("http://", "smtp://")
        )
        await feed(settings, fed([*offices([region.code for region in LAW.regions.values()])]))
        await stopping.enter_async_context(started(catcher))
        doors = [await stopping.enter_async_context(started(service_process(n, settings, folder))) for n in SERVICES]
        client = httpx.AsyncClient(
            base_url=doors[0].address,
            headers=headers | {"content-type": "application/json"},
            trust_env=False,
            timeout=LIMIT_S,
            limits=httpx.Limits(max_connections=connections),
        )
        await stopping.enter_async_context(client)
        await _measure(settings, client, reports, one_by_one, connections)


async def _measure(
    settings: Settings, client: httpx.AsyncClient, reports: Sequence[str], one_by_one: int, connections: int
) -> None:
    for period in PERIODS:
        (await client.put(f"/v1/periods/{period}", json=ORDER)).raise_for_status()
    deployment = Mongo(settings)
    try:
        notices = deployment.database("notify")["notices"]
        installation = Installation(client, notices, deployment.database("validation")["verdicts"])
        waited = await idle(installation, reports[: one_by_one + WARM])
        show(waited, await Evening.of(installation, reports[one_by_one + WARM :], connections))
    finally:
        await deployment.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--one-by-one", type=int, default=60)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--evening", type=int, default=2_184)
    given = parser.parse_args()
    sys.exit(run_with_engines(main(given.one_by_one, given.evening, given.connections)))
