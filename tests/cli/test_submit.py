"""``spm submit`` as regions run it: a process of its own, against a real intake in another one."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from chassis.settings import Settings
from cli.spool import Spool
from cli.submit import REFUSED, STILL_WAITING, TAKEN, WRONG_USE
from client import Receipt
from contracts.submission import Submission, SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from deploy.local.ports import free_port
from tests.intake.reports import ANOTHER_KOTA, submission
from tests.processes import service_process, started
from tests.running import Keys, eventually, read_topic, settings_for

ORDER = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}
ENDS_WITHIN_S = 60.0
UNKNOWN = "spm_unknown"
COMMAND = "import typer; from cli.submit import submit; typer.run(submit)"
"""``spm submit`` without its neighbours, which take seconds to load."""


@dataclass(frozen=True)
class Installation:
    url: str
    settings: Settings
    token: str
    of_kota: str


@pytest_asyncio.fixture(scope="module")
async def intake(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    folder = tmp_path_factory.mktemp("intake")
    keys = Keys(folder)
    scopes = ["submissions:write", "submissions:read", "periods:write"]
    every, of_kota = (keys.issue(name, scopes, region) for name, region in (("semua", "*"), ("kota", ANOTHER_KOTA)))
    settings = settings_for(kafka, mongo, keys)
    async with started(service_process("intake", settings, folder)) as running:
        async with httpx.AsyncClient(base_url=running.address, trust_env=False, headers=every) as client:
            (await client.put("/v1/periods/2023Q4", json=ORDER)).raise_for_status()
        tokens = (headers["Authorization"].removeprefix("Bearer ") for headers in (every, of_kota))
        yield Installation(running.address, settings, *tokens)


class Region:
    """A region's machine: its files, its spool and the command."""

    def __init__(self, intake: Installation, folder: Path) -> None:
        self.spool = Spool(folder / "spool")
        self._intake = intake
        self._folder = folder

    def file(self, name: str, reports: Sequence[Submission | str]) -> str:
        file = self._folder / name
        lines = [report if isinstance(report, str) else report.model_dump_json() for report in reports]
        file.write_text("".join(f"{line}\n" for line in lines))
        return str(file)

    async def begin(self, *words: str, url: str = "", token: str = "") -> Process:
        given = {"SPM_URL": url or self._intake.url, "SPM_TOKEN": token or self._intake.token}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", COMMAND, "--spool", str(self.spool.folder), "--lang", "en", *words),
            env=os.environ | given,  # noqa: TID251 - passed on
            stdout=PIPE,
            stderr=PIPE,
        )

    async def submit(self, *words: str, url: str = "", token: str = "") -> tuple[int, str]:
        """Exit code and what was said."""
        process = await self.begin(*words, url=url, token=token)
        out, error = await asyncio.wait_for(process.communicate(), ENDS_WITHIN_S)
        assert process.returncode is not None
        return process.returncode, (out + error).decode()

    async def goes_on(self, process: Process, count: int) -> None:
        """Wait until so many receipts are kept, or the command has ended."""
        kept = self.spool.receipts
        await eventually(
            lambda: process.returncode is not None or (kept.exists() and len(list(kept.iterdir())) >= count),
            within_s=ENDS_WITHIN_S,
        )

    @property
    def receipts(self) -> list[Receipt]:
        """Those that are whole; what was being written when the command was killed begins with a dot."""
        return [Receipt.model_validate_json(file.read_bytes()) for file in self.spool.receipts.glob("[!.]*.json")]


@pytest.fixture
def region(intake: Installation, tmp_path: Path) -> Region:
    return Region(intake, tmp_path)


async def in_the_log(intake: Installation, wanted: set[str]) -> Counter[str]:
    """How often the log has each of these reports."""
    records = await read_topic(intake.settings, SUBMISSION_RECEIVED.name, len(wanted), settle_s=0.5)
    facts = [SubmissionReceivedV1.model_validate_json(record.value) for record in records]
    return Counter(fact.submission_id for fact in facts if fact.submission_id in wanted)


async def test_reports_are_taken_once_and_their_receipts_kept(intake: Installation, region: Region) -> None:
    file = region.file("two.ndjson", [submission(served=number) for number in (1, 2)])
    assert await region.submit(file) == (TAKEN, _told(region, taken=2))
    assert await region.submit(file) == (TAKEN, _told(region, again=2))
    assert set((await in_the_log(intake, {receipt.submission_id for receipt in region.receipts})).values()) == {1}


async def test_the_same_report_is_handed_in_again_under_another_name(region: Region) -> None:
    file = region.file("one.json", [submission(served=3)])
    await region.submit(file)
    assert await region.submit(file, "--as", "koreksi-1") == (TAKEN, _told(region, taken=1))
    assert len({receipt.submission_id for receipt in region.receipts}) == 2
    assert (await region.submit(file, "--as", "not a name"))[0] == WRONG_USE


async def test_what_is_refused_is_listed_with_its_place_and_the_rest_is_taken(region: Region) -> None:
    bad = json.dumps(json.loads(submission().model_dump_json()) | {"services": "none"})
    closed = submission(ANOTHER_KOTA, period="2025Q1")
    file = region.file("mixed.ndjson", [submission(served=4), closed, bad, "no json"])
    code, told = await region.submit(file)
    assert code == REFUSED
    for expected in (":2: refused", "409 period-not-open", ":3: refused", "/services  ", ":4: unreadable", "→ Mend"):
        assert expected in told
    assert "1 taken, 0 known before, 2 refused, 0 waiting." in told


async def test_a_key_that_is_not_known_refuses_no_report(region: Region) -> None:
    file = region.file("one.json", [submission(served=5)])
    code, told = await region.submit(file, token=UNKNOWN)
    assert (code, "401 unauthenticated" in told, "1 waiting" in told) == (WRONG_USE, True, True)
    assert (await region.submit())[0] == TAKEN


async def test_where_nobody_answers_the_reports_wait(region: Region) -> None:
    file = region.file("one.json", [submission(served=6)])
    code, told = await region.submit(file, "--wait", "0.5", url=f"http://127.0.0.1:{free_port()}")
    assert (code, "1 waiting" in told) == (STILL_WAITING, True)
    assert await region.submit() == (TAKEN, _told(region, taken=1))


@pytest.mark.parametrize("words", [["--url", "ftp://x"], ["no-such-file"]])
async def test_wrong_use_is_told_in_a_sentence(region: Region, words: list[str]) -> None:
    code, told = await region.submit(*words)
    assert (code, "Traceback" in told) == (WRONG_USE, False)


async def test_killed_again_and_again_it_hands_each_report_in_once(intake: Installation, region: Region) -> None:
    reports = [submission(served=1_000 + number) for number in range(200)]
    file = region.file("many.ndjson", reports)
    for kills in range(3):
        process = await region.begin(file, "--jobs", "4")
        await region.goes_on(process, len(region.receipts) + 10 + 5 * kills)
        assert process.returncode is None, "nothing left to kill"
        process.send_signal(signal.SIGKILL)
        await asyncio.wait_for(process.communicate(), ENDS_WITHIN_S)
    code, _ = await region.submit(file, "--jobs", "4")
    assert code == TAKEN
    ids = {receipt.submission_id for receipt in region.receipts}
    assert {receipt.content_digest for receipt in region.receipts} == {report.content_digest for report in reports}
    assert await in_the_log(intake, ids) == Counter(dict.fromkeys(ids, 1))
    assert len(ids) == len(reports)


def _told(region: Region, taken: int = 0, again: int = 0) -> str:
    return f"{taken} taken, {again} known before, 0 refused, 0 waiting.\nReceipts: {region.spool.receipts}\n"
