"""Bare ASGI apps that answer 202 when Kafka has acknowledged; each run as its own process.

It is what ``tests.bench.intake`` holds intake against, with the same server and the same producer. The carrying door
brings the body into Kafka as it came, and nothing in between. The keeping door does for one report at a time what
intake does for several together, by intake's own pure functions: read it, sign its receipt, note it in MongoDB, bring
the event into Kafka, mark it. It asks nobody who calls, whether entry is open, or whether a copy is on its way.
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import timedelta
from typing import Any

import uvicorn
from aiokafka import AIOKafkaProducer

from chassis.clock import SystemClock
from chassis.events import Event, Passage
from chassis.memory import calm_collector
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.submission import Submission
from contracts.topics import SUBMISSION_RECEIVED
from services.intake.domain import kept
from services.intake.domain.arrival import Arrival, to_the_millisecond
from services.intake.routes.receipts import signer_of

Part = MutableMapping[str, Any]


class CarryingDoor:
    def __init__(self, settings: Settings) -> None:
        self._kafka = settings.kafka
        self._topic = settings.kafka_prefix + SUBMISSION_RECEIVED.name
        self._producer: Any = None

    async def __call__(
        self, scope: Part, receive: Callable[[], Awaitable[Part]], send: Callable[[Part], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body, more = b"", True
        while more:
            part = await receive()
            body += part.get("body", b"")
            more = part.get("more_body", False)
        answer = await self.bring(body, dict(scope["headers"])[b"idempotency-key"]) if body else b""
        headers = [(b"content-length", b"%d" % len(answer)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def bring(self, body: bytes, key: bytes) -> bytes:
        await self._producer.send_and_wait(self._topic, body, key)
        return b"{}"

    async def _live(self, receive: Callable[[], Awaitable[Part]], send: Callable[[Part], Awaitable[None]]) -> None:
        await receive()
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=512 * 1024,
            max_request_size=4 * 1024 * 1024,
        )
        await self._producer.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._producer.stop()
        await send({"type": "lifespan.shutdown.complete"})


class KeepingDoor(CarryingDoor):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._clock = SystemClock()
        self._signer = signer_of(settings)
        self._reports = Mongo(settings).database("bare")["reports"]

    async def bring(self, body: bytes, key: bytes) -> bytes:
        submission = Submission.model_validate_json(body)
        now = to_the_millisecond(self._clock.now())
        arrival = Arrival.of(submission, client_id="bare", key=key.decode(), imported_at=None, recorded_at=now)
        message = self._signer.signed(arrival.received(now + timedelta(days=1)))
        document = kept.received(message) | {"published": False}
        await self._reports.insert_one(document | {"written": arrival.written})
        event = Event.of(message, passing_on=Passage("submission", arrival.written))
        await self._producer.send_and_wait(self._topic, event.value, event.key.encode(), headers=event.wire_headers)
        await self._reports.update_one({"_id": arrival.submission_id}, {"$set": {"published": True}})
        return self._signer.receipt(document).model_dump_json().encode()


if __name__ == "__main__":
    kind, given, port = sys.argv[1:]
    settings = Settings.model_validate_json(given)
    calm_collector()
    uvicorn.run(
        KeepingDoor(settings) if kind == "keeping" else CarryingDoor(settings),
        host="127.0.0.1",
        port=int(port),
        log_config=None,
        access_log=False,
        server_header=False,
    )
