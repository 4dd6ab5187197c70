"""What comes over a connection before, behind and beside a body, on a socket of its own."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import uvicorn
from starlette.types import Receive, Scope, Send

from chassis.wire import IN_VAIN_BYTES_MAX, BoundedHttp
from tests.running import eventually

LINE = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = LINE + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
SENT_MAX = 4 * 1024 * 1024


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body."""
    assert scope["type"] == "http"
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(length)))]}
    )
    await send({"type": "http.response.body", "body": str(length).encode()})


@pytest_asyncio.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(counting, port=0, http=BoundedHttp, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


@pytest.mark.parametrize(
    ("begun", "endless"),
    [
        (b"GET /", b"a"),
        (LINE + b"X-A: ", b"a"),
        (LINE, b"X-A: b\r\n"),
        (CHUNKED + b"1;x=", b"a"),
        (CHUNKED + b"0\r\nX-A: ", b"a"),
        (CHUNKED + b"0\r\n", b"X-A: b\r\n"),
    ],
    ids=["path", "header", "headers", "extension", "trailer", "trailers"],
)
async def test_who_sends_headers_without_end_is_let_go(port: int, begun: bytes, endless: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begun)
    for _ in range(SENT_MAX // IN_VAIN_BYTES_MAX):
        writer.write(endless * (IN_VAIN_BYTES_MAX // len(endless)))
    async with asyncio.timeout(10):
        assert b"400 Bad Request" in await reader.readline()
    writer.close()


async def test_a_long_head_and_a_body_of_any_length_are_taken(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = 3 * 1024 * 1024
    for _ in range(2):
        head = LINE + b"X-A: " + b"a" * (IN_VAIN_BYTES_MAX - 200) + b"\r\nContent-Length: %d\r\n\r\n" % size
        writer.write(head + b"b" * size)
        answer = await reader.readuntil(b"%d" % size)
        assert answer.startswith(b"HTTP/1.1 200")
    writer.close()
