"""The four services and the desk with credentials that let each do its own work alone.

Does one report go all the way, and can what was buried be settled?
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiosmtpd.smtp import SMTP

from chassis.kafka import client_security
from chassis.rights import DESK, OPERATOR, SERVICES
from chassis.settings import Settings
from contracts.topics import TOPICS, Topic
from deploy.local.ports import LOOPBACK
from tests.faults.wires import Secured
from tests.intake.reports import KOTA, PERIOD, body, submission
from tests.notify.catcher import Catcher
from tests.processes import Door, service_process
from tests.running import Keys, eventually

DONE_WITHIN_S: Final = 180.0
PAGE_WITHIN_S: Final = 25.0
"""Less than it takes to end one client of Kafka that waits for the other side's last word."""
MAIL_HOST: Final = "localhost"
JSON: Final = {"Content-Type": "application/json"}
DISCARDED: Final = {"order": "discard", "reason": "Uji hak akses."}
ORDER: Final = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Uji hak akses."}


async def own_work(secured: Secured, usual: Settings, folder: Path, keys: Keys) -> list[str]:
    """What the services could not do with their credentials; empty when a report went all the way."""
    secretariat = keys.issue("sekretariat", ["periods:write"])
    region = keys.issue("kota-contoh", ["submissions:write", "submissions:read"], KOTA)
    operator = keys.issue("operator", ["operations:read", "operations:write"])
    catcher = Catcher()
    mail = {
        "smtp": catcher.uri.replace(LOOPBACK, MAIL_HOST),
        "smtp_tls_required": True,
        "smtp_ca_file": secured.authority.file,
    }
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_mail_server(catcher, secured.authority.server(MAIL_HOST)))
        doors = await _all_started(secured, usual.model_copy(update=mail), folder, stack)
        intake = httpx.AsyncClient(base_url=doors["intake"].address, trust_env=False, timeout=60)
        await stack.enter_async_context(intake)
        (await intake.put(f"/v1/periods/{PERIOD}", json=ORDER, headers=secretariat)).raise_for_status()
        sent = await intake.post("/v1/submissions", content=body(submission()), headers=region | JSON)
        sent.raise_for_status()
        where = f"/v1/submissions/{sent.json()['submission_id']}"

        async def scored() -> bool:
            return bool((await intake.get(where, headers=region)).json().get("status") == "scored")

        faults = [
            await _in_time(scored, "the report was not judged and scored"),
            await _in_time(lambda: bool(catcher.raw), "no encrypted mail came"),
            *[await _buried(topic, secured.settings(OPERATOR, usual)) for topic in TOPICS if topic.read_by],
            await _settled_at_the_desk(doors[DESK], operator),
        ]
    return [fault for fault in faults if fault]


async def _all_started(secured: Secured, usual: Settings, folder: Path, stack: AsyncExitStack) -> dict[str, Door]:
    """At once, each with its own credentials; the secrets come from files."""
    doors = {}
    for service in (*SERVICES, DESK):
        given, place = secured.settings(service, usual), folder / service
        program: dict[str, Any] = {"module": "cli", "arguments": (DESK,)} if service == DESK else {}
        doors[service] = service_process(service, given, place, secrets=place / "secrets", **program)
        stack.push_async_callback(doors[service].stop)
    await asyncio.gather(*(door.start() for door in doors.values()))
    return doors


@asynccontextmanager
async def _mail_server(catcher: Catcher, tls: ssl.SSLContext) -> AsyncIterator[None]:
    """Takes no mail before the connection is encrypted."""
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(catcher, loop=loop, tls_context=tls, require_starttls=True)

    async with await loop.create_server(protocol, LOOPBACK, catcher.port):
        yield


async def _in_time(holds: Any, fault: str) -> str | None:
    try:
        await eventually(holds, within_s=DONE_WITHIN_S)
    except AssertionError:
        return f"{fault} within {DONE_WITHIN_S:.0f} s"
    return None


async def _buried(topic: Topic, operator: Settings) -> str | None:
    """Every reader must have put aside what the matrix wrote, with its own name on it."""
    twin = TopicPartition(operator.kafka_prefix + topic.dead_letter_name, 0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=operator.kafka, group_id=None, auto_offset_reset="earliest", **client_security(operator)
    )
    await consumer.start()
    try:
        consumer.assign([twin])
        readers: set[str] = set()
        async with asyncio.timeout(DONE_WITHIN_S):
            while readers < set(topic.read_by):
                headers = dict((await consumer.getone()).headers)
                readers.add(headers.get("__spm.errors.service", b"").decode())
                readers.discard("")
    except TimeoutError:
        return f"{topic.name} has no dead letter of {sorted(set(topic.read_by) - readers)}"
    finally:
        await consumer.stop()
    return None


async def _settled_at_the_desk(desk: Door, operator: dict[str, str]) -> str | None:
    """It must show what the matrix wrote and the readers buried, and settle one of it."""
    client = httpx.AsyncClient(base_url=desk.address, trust_env=False, timeout=PAGE_WITHIN_S, headers=operator)
    try:
        async with client:
            page = await client.get("/dead-letters")
            found = re.search(r"/dead-letters/[a-z]+/[a-z0-9-]+/\d+/\d+", page.text)
            if found is None:
                return f"the desk shows no dead letter ({page.status_code})"
            settled = await client.post(found[0], data=DISCARDED)
            open_ones = (await client.get("/dead-letters")).text
    except httpx.TimeoutException:
        return f"the desk shows no page within {PAGE_WITHIN_S:.0f} s"
    if settled.status_code != httpx.codes.SEE_OTHER or f'{found[0]}"' in open_ones:
        return f"the desk did not settle {found[0]} ({settled.status_code})"
    return None
