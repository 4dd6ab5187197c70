"""``make fuzz``: a real intake under requests that nobody should send.

Every request is answered, or its connection ended, in time; no answer is a mistake of ours; the memory stays; and at
the end the service takes a good report, and the log holds what was answered with a receipt, each once.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from chassis.settings import Settings
from contracts.scopes import SCOPES
from contracts.submission import SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from deploy.local.ports import LOOPBACK
from tests.engines import EngineChoice, run_with_engines, shared_kafka, shared_mongo
from tests.fuzz.requests import Fuzzed, Maker
from tests.intake.reports import PERIOD, body, submission
from tests.processes import Door, service_process, started
from tests.running import Keys, read_topic, settings_for

LEAKING: Final = "tests.fuzz.leaking"
COUNT: Final = 100_000
SEED: Final = 20_241_120
AT_A_TIME: Final = 16
UNLIMITED: Final = {"rate_limit": 1_000_000, "failed_keys_limit": 1_000_000}
ANSWER_S: Final = 20.0
GROWTH_BYTES_MAX: Final = 12 * 1024 * 1024
"""Between the highest memory of the first half, which warms up, and of the second. Cycles wait for the collector, some
seconds long (``collect_whole``): peaks are compared, because what lies between them says nothing."""
_CUT_AFTER_S: Final = 0.3
_PATIENCE_S: Final = 120.0
_ANSWER_BYTES: Final = 4_096
_SHOWN: Final = 10
_NO_ANSWER: Final = "ended"
_HANGS: Final = "HANGS"
_UNAVAILABLE: Final = "503"
_SERVER_ERROR: Final = 500
_NO_ROOM: Final = b'"type":"urn:spm:problem:streams-full"'
"""The one answer that blames the service and is meant: with 503, more streams came than it takes at a time."""
_ORDER: Final = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}


@dataclass
class Outcome:
    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    bad: list[tuple[Fuzzed, str]] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)

    def note(self, request: Fuzzed, status: str, answer: bytes) -> None:
        self.statuses.setdefault(request.kind, Counter())[status] += 1
        mistake = status.isdecimal() and int(status) >= _SERVER_ERROR
        meant = status == _UNAVAILABLE and _NO_ROOM in answer
        if (mistake and not meant) or status == _HANGS or (request.whole and status == _NO_ANSWER):
            self.bad.append((request, f"{status} {answer[:300]!r}"))

    @property
    def growth_bytes(self) -> int:
        half = len(self.resident) // 2
        return max(self.resident[half:]) - max(self.resident[:half])


async def storm(running: Door, requests: Iterator[Fuzzed], *, sample_every: int) -> Outcome:
    outcome, sent = Outcome(), 0

    async def work() -> None:
        nonlocal sent
        for request in requests:
            status, answer = await ask(running.port, request)
            outcome.note(request, status, answer)
            sent += 1
            if sent % sample_every == 0:
                outcome.resident.append(running.resident_bytes)
                sys.stderr.write(f"{sent:,} sent, {_mib(outcome.resident[-1])}, {len(outcome.bad)} bad\n")

    async with asyncio.TaskGroup() as workers:
        for _ in range(AT_A_TIME):
            workers.create_task(work())
    outcome.resident.append(running.resident_bytes)
    return outcome


async def ask(port: int, request: Fuzzed) -> tuple[str, bytes]:
    """The status and the beginning of the answer."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                sending = asyncio.create_task(_send(writer, request))
                answer = await reader.read(_ANSWER_BYTES)
                sending.cancel()
            finally:
                writer.close()
    except TimeoutError:
        return _HANGS, b""
    except OSError:
        return _NO_ANSWER, b""
    return (answer[9:12].decode("ascii", "replace") if answer.startswith(b"HTTP/1.1 ") else _NO_ANSWER), answer


async def _send(writer: asyncio.StreamWriter, request: Fuzzed) -> None:
    try:
        writer.write(request.data)
        await writer.drain()
        if not request.whole:
            # What is cut short says so by its end; the door would wait for the rest.
            await asyncio.sleep(_CUT_AFTER_S)
            writer.write_eof()
    except OSError:
        return


def show(outcome: Outcome, seconds: float) -> None:
    every = sum((counter for counter in outcome.statuses.values()), Counter[str]())
    columns = sorted(every)
    _say(f"{'class':<12}{'sent':>9}" + "".join(f"{column:>8}" for column in columns))
    for kind, counter in [*sorted(outcome.statuses.items()), ("all", every)]:
        _say(f"{kind:<12}{counter.total():>9,}" + "".join(f"{counter[column]:>8,}" for column in columns))
    first, last, most = outcome.resident[0], outcome.resident[-1], max(outcome.resident)
    _say(f"\n{every.total():,} requests in {seconds:.0f} s, {every.total() / seconds:,.0f} a second")
    _say(f"memory: {_mib(first)} at first, {_mib(most)} at most, {_mib(last)} at last")
    _say(f"the second half's peak lies {_mib(outcome.growth_bytes)} above the first's")
    for request, answer in outcome.bad[:_SHOWN]:
        _say(f"BAD {request.kind}: {answer}\n    {request.data[:600]!r}")
    if len(outcome.bad) > _SHOWN:
        _say(f"and {len(outcome.bad) - _SHOWN} more")


async def alive_and_right(running: Door, settings: Settings, headers: dict[str, str]) -> list[str]:
    """What is not as it should be after all that."""
    async with httpx.AsyncClient(
        base_url=running.address, trust_env=False, headers=headers, timeout=_PATIENCE_S
    ) as client:
        ready = (await client.get("/ready")).status_code
        taken = await client.post(
            "/v1/submissions", content=body(submission(served=999)), headers={"Content-Type": "application/json"}
        )
        ids: set[str] = set()
        link: str | None = "/v1/submissions?limit=1000"
        while link:
            page = await client.get(link)
            ids |= {report["submission_id"] for report in page.json()}
            link = page.links.get("next", {}).get("url")
    records = await read_topic(settings, SUBMISSION_RECEIVED.name, len(ids), within_s=60, settle_s=1)
    facts = (
        json.loads(record.value) for record in records if b"submission-received" in dict(record.headers)["ce_type"]
    )
    logged = Counter(SubmissionReceivedV1.model_validate(fact, strict=False).submission_id for fact in facts)
    found = [f"/ready answers {ready}"] if ready != httpx.codes.OK else []
    found += [f"a good report is answered {taken.status_code}"] if taken.status_code != httpx.codes.ACCEPTED else []
    found += [f"{len(ids)} reports are told of, the log has {len(logged)}"] if set(logged) != ids else []
    found += [f"{count} times in the log: {each}" for each, count in logged.items() if count > 1]
    _say(f"afterwards: {len(logged):,} reports in the log, each told of; a good report is answered {taken.status_code}")
    return found


async def routes_of(running: Door) -> list[tuple[str, str]]:
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_S) as client:
        document = (await client.get(f"{running.address}/openapi.json")).json()
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


async def fuzz(
    settings: Settings, keys: Keys, folder: Path, *, count: int, seed: int, module: str | None = None
) -> list[str]:
    """Every fault that was found; ``module`` stands in for intake."""
    every = keys.issue("badai", list(SCOPES))
    more = [keys.issue("badai-kota", ["submissions:write"], "64.71"), keys.issue("coba", list(SCOPES), sandbox=True)]
    tokens = [headers["Authorization"].removeprefix("Bearer ") for headers in (every, every, *more)]
    async with started(service_process("intake", settings, folder, module=module)) as running:
        async with httpx.AsyncClient(
            base_url=running.address, trust_env=False, headers=every, timeout=_PATIENCE_S
        ) as client:
            (await client.put(f"/v1/periods/{PERIOD}", json=_ORDER)).raise_for_status()
        maker = Maker(seed, [*tokens, "spm_nobody"], await routes_of(running))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        outcome = await storm(running, maker.make(count), sample_every=max(1, count // 100))
        show(outcome, loop.time() - begun)
        faults = await alive_and_right(running, settings, every)
    if outcome.bad:
        faults.append(f"{len(outcome.bad)} requests were answered by a mistake, late, or not at all")
    if outcome.growth_bytes > GROWTH_BYTES_MAX:
        faults.append(f"memory is not flat: {_mib(outcome.growth_bytes)} more, allowed are {_mib(GROWTH_BYTES_MAX)}")
    return faults


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.0f} MiB"


async def _main(count: int, seed: int, *, leaking: bool) -> None:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spm-fuzz-")))
        kafka = await stack.enter_async_context(shared_kafka(EngineChoice(), folder / "kafka"))
        mongo = await stack.enter_async_context(shared_mongo(EngineChoice(), folder / "mongod"))
        keys = Keys(folder)
        settings = settings_for(kafka, mongo, keys, **UNLIMITED)
        faults = await fuzz(settings, keys, folder, count=count, seed=seed, module=LEAKING if leaking else None)
        lines = (folder / "intake.log").read_text().splitlines()
        faults += [line[:2_000] for line in lines if "mistake" in line][:_SHOWN]
    if faults:
        sys.exit("\n".join(("", *faults)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=COUNT)
    parser.add_argument("seed", type=int, nargs="?", default=SEED)
    parser.add_argument("--leaking", action="store_true", help="An intake that leaks, which must not pass.")
    given = parser.parse_args()
    run_with_engines(_main(given.count, given.seed, leaking=given.leaking))
