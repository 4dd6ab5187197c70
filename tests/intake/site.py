"""Intake with a few synthetic reports and what became of them, for those who look at its pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI

from chassis.clock import FixedClock
from chassis.events import Event
from chassis.kafka import Publisher
from chassis.service import make_app
from chassis.settings import Settings
from contracts.message import Bilingual
from contracts.submission import Submission, SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import Severity, VerdictOutcome
from services.intake.app import NAME, build
from tests.intake.reports import (
    ANOTHER_KOTA,
    KOTA,
    NOW,
    acknowledged,
    body,
    finding,
    judged,
    noticed,
    scored,
    submission,
)
from tests.running import Keys, eventually, read_topic, running, settings_for

JSON = {"Content-Type": "application/json"}
ORDER = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}
SUMMARY = Bilingual(id="Jumlah yang dilayani melebihi sasaran.", en="More people were served than were targeted.")
REMEDY = Bilingual(
    id="Perbaiki angka yang salah, lalu kirim laporan lagi.", en="Correct the wrong figure and send the report again."
)


@dataclass(frozen=True)
class Site:
    app: FastAPI
    client: httpx.AsyncClient
    settings: Settings
    kota: dict[str, str]
    """The headers of a clerk of ``KOTA``."""
    neighbour: dict[str, str]
    """The headers of a clerk of ``ANOTHER_KOTA``."""
    nation: dict[str, str]
    returned: dict[str, str]
    """The answer to a report that was returned, and replaced by the accepted one."""
    accepted: dict[str, str]
    pending: dict[str, str]

    @property
    def token(self) -> str:
        return self.kota["Authorization"].removeprefix("Bearer ")


@asynccontextmanager
async def site_of_reports(kafka: str, mongo: str, folder: Path, **changes: object) -> AsyncIterator[Site]:
    keys = Keys(folder)
    kota = keys.issue(f"kota-{KOTA}", ["submissions:write", "submissions:read"], KOTA)
    neighbour = keys.issue(f"kota-{ANOTHER_KOTA}", ["submissions:read"], ANOTHER_KOTA)
    nation = keys.issue("sekretariat", ["periods:write", "submissions:read"])
    settings = settings_for(kafka, mongo, keys, **changes)
    app = make_app(NAME, build, settings, FixedClock(NOW))
    async with running(NAME, build, settings, app=app) as client:
        await client.put("/v1/periods/2023Q4", json=ORDER, headers=nation)
        answers = [await _hand_in(client, kota, submission(served=served)) for served in (1_200, 1_100, 950)]
        await _tell(settings)
        site = Site(app, client, settings, kota, neighbour, nation, *answers)

        async def told() -> bool:
            stories = [(await client.get(each["status_url"], headers=kota)).json() for each in answers]
            return [len(story["timeline"]) for story in stories] == [3, 5, 1]

        await eventually(told)
        yield site


async def _hand_in(client: httpx.AsyncClient, headers: dict[str, str], report: Submission) -> dict[str, str]:
    answer = await client.post("/v1/submissions", content=body(report), headers=headers | JSON)
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    receipt: dict[str, str] = answer.json()
    return receipt


async def _tell(settings: Settings) -> None:
    """The first report is returned, the second replaces it with warnings, of the third nothing is known yet."""
    records = await read_topic(settings, SUBMISSION_RECEIVED.name, 3)
    facts = [SubmissionReceivedV1.model_validate_json(record.value) for record in records]
    first, second = sorted(facts, key=lambda fact: -(fact.submission.services[0].recipients.served or 0))[:2]
    fault, doubt = (
        finding(severity=severity).model_copy(
            update={"summary": SUMMARY, "remedy": REMEDY, "service_type": "edu.kab.basic"}
        )
        for severity in (Severity.ERROR, Severity.WARNING)
    )
    publisher = Publisher(settings, "test", linger_ms=0)
    await publisher.start()
    messages = [
        judged(first, VerdictOutcome.RETURNED, fault),
        noticed(first, "notice-1"),
        judged(second, VerdictOutcome.ACCEPTED_WITH_WARNINGS, doubt, revision=2, supersedes=first.submission_id),
        scored(second),
        noticed(second, "notice-2", "inbox"),
        acknowledged(second),
    ]
    await publisher.publish([Event.of(message) for message in messages])
    await publisher.stop()
