"""Intake is killed again and again while regions hand in; whoever got a 202 finds the report in the log."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from chassis.settings import Settings
from contracts.submission import Submission
from contracts.topics import SUBMISSION_RECEIVED
from deploy.local.engines import Engine
from services.intake.domain.arrival import Arrival
from tests.faults.harness import Subject, documents_of, drains, ledger_of, reads_of, whole_topic, writes_of
from tests.intake.reports import NOW, PERIOD, body, submission
from tests.processes import service_process
from tests.running import Keys, eventually

INTAKE = Subject("intake", "services.intake.app:build", reads_of("intake"), writes_of("intake"))
CLIENT = "impor"
CLIENTS = 8
KILLS = 3
ORDER = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}
AGAIN = (409, 503)


@dataclass
class Regions:
    """Clients that send each report with its key until it is taken."""

    headers: dict[str, str]
    each: int = 10
    """How many reports a client sends: one and its revisions."""
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By key, what was answered with 202."""

    def reports(self, client: int) -> list[tuple[str, Submission]]:
        return [(f"{client}-{served}", submission(f"64.{client + 1:02}", served=served)) for served in range(self.each)]

    def have(self, receipts: int) -> bool:
        return len(self.receipts) >= receipts

    async def hand_in_all(self, address: str) -> None:
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=5) as http:
            await asyncio.gather(*(self._hand_in(http, client) for client in range(CLIENTS)))

    async def _hand_in(self, http: httpx.AsyncClient, client: int) -> None:
        for key, report in self.reports(client):
            await eventually(partial(self._taken, http, key, report), within_s=90)

    async def _taken(self, http: httpx.AsyncClient, key: str, report: Submission) -> bool:
        headers = self.headers | {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            answer = await http.post("/v1/submissions", content=body(report), headers=headers)
        except httpx.TransportError:
            return False
        if answer.status_code in AGAIN:
            assert answer.headers["Retry-After"]
            return False
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        self.receipts[key] = answer.json()
        return True


@pytest.fixture
def regions(keys: Keys) -> Regions:
    return Regions(keys.issue(CLIENT, ["submissions:write"]))


@pytest.fixture
def secretariat(keys: Keys) -> dict[str, str]:
    return keys.issue("sekretariat", ["periods:write"])


async def opened(door: Engine, secretariat: dict[str, str]) -> None:
    await door.start()
    async with httpx.AsyncClient(base_url=door.address, trust_env=False) as http:
        (await http.put(f"/v1/periods/{PERIOD}", json=ORDER, headers=secretariat)).raise_for_status()


async def killed(door: Engine, regions: Regions, after: Sequence[int]) -> None:
    """Each time that so many receipts were given."""
    for receipts in after:
        await eventually(partial(regions.have, receipts), within_s=60)
        await door.kill()
        await door.start()


async def logged(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """The reports in the log by their id, in the order in which they came."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in await whole_topic(settings, SUBMISSION_RECEIVED.name):
        fact = json.loads(record.value)
        found.setdefault(fact["submission_id"], []).append(fact)
    return found


async def no_receipt_is_lost(settings: Settings, regions: Regions) -> None:
    in_the_log = await logged(settings)
    lost = [key for key, receipt in regions.receipts.items() if receipt["submission_id"] not in in_the_log]
    assert lost == [], f"{len(lost)} of {len(regions.receipts)} receipts are of reports that the log does not have"
    for receipt in regions.receipts.values():
        first = in_the_log[receipt["submission_id"]][0]
        assert {name: receipt[name] for name in ("arrived_at", "due_at", "content_digest")} == {
            name: first[name] for name in ("arrived_at", "due_at", "content_digest")
        }


async def test_what_was_answered_with_202_is_in_the_log_whenever_intake_is_killed(
    settings: Settings, regions: Regions, secretariat: dict[str, str], tmp_path: Path
) -> None:
    door = service_process("intake", settings, tmp_path / "intake")
    await opened(door, secretariat)
    try:
        handing_in = asyncio.create_task(regions.hand_in_all(door.address))
        total = CLIENTS * regions.each
        await killed(door, regions, [total * number // (KILLS + 1) for number in range(1, KILLS + 1)])
        await asyncio.wait_for(handing_in, 90)
        await no_receipt_is_lost(settings, regions)
        await drains(INTAKE, settings)
    finally:
        await door.stop()

    sent = [
        Arrival.of(report, client_id=CLIENT, key=key, imported_at=None, recorded_at=NOW)
        for client in range(CLIENTS)
        for key, report in regions.reports(client)
    ]
    in_the_log = await logged(settings)
    assert in_the_log.keys() == {arrival.submission_id for arrival in sent}
    for arrival in sent:
        assert {fact["content_digest"] for fact in in_the_log[arrival.submission_id]} == {arrival.content_digest}
    kept = [json.loads(document) for document in (await documents_of(INTAKE, settings))["submissions"]]
    assert {document["_id"] for document in kept} == in_the_log.keys()
    assert all(document["published"] and "attempt" not in document for document in kept)
    ledger = await ledger_of(settings)
    assert (ledger.balanced, ledger.total.sent, ledger.total.pending) == (True, len(sent), len(sent))


async def test_an_intake_that_answers_before_the_acknowledgement_is_found_out(
    settings: Settings, regions: Regions, secretariat: dict[str, str], tmp_path: Path
) -> None:
    regions.each = 3
    door = service_process("intake", settings, tmp_path / "hasty", module="tests.faults.hasty")
    await opened(door, secretariat)
    try:
        handing_in = asyncio.create_task(regions.hand_in_all(door.address))
        await killed(door, regions, [CLIENTS])
        await asyncio.wait_for(handing_in, 60)
        await asyncio.sleep(2)
        with pytest.raises(AssertionError, match="reports that the log does not have"):
            await no_receipt_is_lost(settings, regions)
        assert (await ledger_of(settings)).total.unlogged > 0, "the ledger shows it too"
    finally:
        await door.stop()
