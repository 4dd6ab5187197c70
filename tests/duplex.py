"""A client that sends a stream of lines and reads the results at the same time, byte by byte its own master."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from services.intake.routes.results import NDJSON

WITHIN_S = 120.0
_LINE_BYTES_MAX = 1024 * 1024


class Duplex:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.sent = 0
        """Chunks that went into the socket."""

    async def send(self, body: bytes) -> None:
        """One chunk; waits while the other side does not read."""
        self._writer.write(b"%x\r\n%b\r\n" % (len(body), body))
        await self._writer.drain()
        self.sent += 1

    async def end(self) -> None:
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def cut(self) -> None:
        """As if the cable were pulled: nothing more is sent or read."""
        self._writer.transport.abort()

    async def head(self) -> tuple[int, bytes]:
        """The status and the header lines."""
        async with asyncio.timeout(WITHIN_S):
            head = await self._reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), head

    async def results(self) -> AsyncIterator[dict[str, Any]]:
        """Each line as it comes, after the head."""
        begun = b""
        while body := await self._chunk():
            *lines, begun = (begun + body).split(b"\n")
            for line in lines:
                yield json.loads(line)

    async def _chunk(self) -> bytes:
        async with asyncio.timeout(WITHIN_S):
            size = int(await self._reader.readline(), 16)
            return (await self._reader.readexactly(size + 2))[:-2]


@asynccontextmanager
async def duplex(
    port: int, headers: Mapping[str, str], path: str = "/v1/submissions", kind: str = NDJSON
) -> AsyncIterator[Duplex]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LINE_BYTES_MAX)
    given = {"Host": "intake", "Content-Type": kind, "Transfer-Encoding": "chunked"} | dict(headers)
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    writer.write(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode())
    try:
        yield Duplex(reader, writer)
    finally:
        writer.transport.abort()
