"""A webhook's receiver inside the test, that answers as it is told: also as no good one would."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from deploy.local.ports import free_port
from tests.notify.serving import serving

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]
ENDLESS_CHUNKS = 100_000


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


def says(status: str, *headers: str, body: bytes = b"") -> Answering:
    async def answering(writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join((f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""))
        writer.write(head.encode() + body)

    return answering


def later_s(seconds: float) -> Answering:
    async def answering(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await says("204 No Content")(writer)

    return answering


def raw(answer: bytes) -> Answering:
    async def answering(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    return answering


async def never(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3_600)


async def without_end(writer: asyncio.StreamWriter) -> None:
    """A body that never ends, as fast as it is taken."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n")
    for _ in range(ENDLESS_CHUNKS):
        writer.write(b"x" * 8_192)
        await writer.drain()


@dataclass
class Receiver:
    tls: ssl.SSLContext | None
    port: int = field(default_factory=free_port)
    answers: dict[str, Answering] = field(default_factory=dict)
    """By path; 204 to every other."""
    requests: list[Request] = field(default_factory=list)

    def to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with serving(self._serve, self.port, self.tls):
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            path = line.split()[1].decode()
            headers = {}
            while header := (await reader.readline()).decode().strip():
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.requests.append(Request(path, headers, body))
            await self.answers.get(path, says("204 No Content"))(writer)
            await writer.drain()
