"""A bare ASGI app that takes a body, produces it to Kafka with acks=all and answers 202; run as its own process.

It is what ``tests.bench.intake`` holds intake against: the same server, the same producer, and nothing in between.
"""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from aiokafka import AIOKafkaProducer

from chassis.service import calm_collector

Message = MutableMapping[str, Any]
_ACCEPTED: Message = {"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]}


class BareDoor:
    def __init__(self, kafka: str, topic: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._producer: Any = None

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body, more = b"", True
        while more:
            part = await receive()
            body += part.get("body", b"")
            more = part.get("more_body", False)
        if body:
            key = dict(scope["headers"])[b"idempotency-key"]
            await self._producer.send_and_wait(self._topic, body, key)
        await send(_ACCEPTED)
        await send({"type": "http.response.body", "body": b"{}"})

    async def _live(
        self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
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


if __name__ == "__main__":
    address, to, port = sys.argv[1:]
    calm_collector()
    uvicorn.run(
        BareDoor(address, to),
        host="127.0.0.1",
        port=int(port),
        log_config=None,
        access_log=False,
        server_header=False,
    )
