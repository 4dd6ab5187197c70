"""What comes over a connection before, behind and beside a body, on a socket of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
import uvicorn
from starlette.types import Receive, Scope, Send

from chassis.wire import IN_VAIN_BYTES_MAX, BoundedHttp
from tests.running import eventually

LINE = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = LINE + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
SENT_MAX = 4 * 1024 * 1024
LONG_BYTES = 32 * 1024 * 1024


class Hasty(BoundedHttp):
    head_s = 0.4


async def counting(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body; ``/early`` does not wait for it, ``/long`` answers at length."""
    assert scope["type"] == "http"
    length, more = 0, scope["path"] != "/early"
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    answer = b"a" * LONG_BYTES if scope["path"] == "/long" else b"%d" % length
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(answer))]})
    await send({"type": "http.response.body", "body": answer})


@asynccontextmanager
async def serving(protocol: type[BoundedHttp]) -> AsyncIterator[uvicorn.Server]:
    server = uvicorn.Server(uvicorn.Config(counting, port=0, http=protocol, lifespan="off", log_config=None))
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield server
    server.should_exit = True
    await running


def port_of(server: uvicorn.Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


@pytest_asyncio.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    async with serving(BoundedHttp) as server:
        yield port_of(server)


@pytest_asyncio.fixture(scope="module")
async def hasty() -> AsyncIterator[uvicorn.Server]:
    async with serving(Hasty) as server:
        yield server


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


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nX-A: ",
        LINE + b"Content-Length: 1\r\n\r\na" + LINE + b"X-A: ",
        b"GET /early HTTP/1.1\r\nContent-Length: 9999\r\n\r\n",
    ],
    ids=["nothing", "half a head", "half of the next head", "half a body behind its answer"],
)
async def test_who_keeps_a_connection_without_a_request_is_let_go(hasty: uvicorn.Server, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(hasty))
    writer.write(sent)

    async def let_go() -> bool:
        # Bytes that complete nothing buy no time.
        writer.write(b"a" if sent else b"")
        return not hasty.server_state.connections

    await eventually(let_go, within_s=10)
    writer.close()
    reader.feed_eof()


async def test_a_request_has_all_the_time_that_its_doors_give_it(hasty: uvicorn.Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(hasty))
    for _ in range(2):
        writer.write(LINE + b"Content-Length: 2\r\n\r\na")
        await asyncio.sleep(2 * Hasty.head_s)
        writer.write(b"b")
        assert (await reader.readuntil(b"\r\n\r\n2")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_long_answer_may_be_read_slowly(hasty: uvicorn.Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(hasty))
    writer.write(b"GET /long HTTP/1.1\r\nConnection: close\r\n\r\n")
    for _ in range(8):
        await reader.readexactly(LONG_BYTES // 8)
        await asyncio.sleep(0.5 * Hasty.head_s)
    assert len(await reader.read()) > 0
    writer.close()


async def test_a_long_answer_that_nobody_reads_is_not_kept(hasty: uvicorn.Server) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port_of(hasty))
    writer.write(b"GET /long HTTP/1.1\r\nConnection: close\r\n\r\n")
    await eventually(lambda: hasty.server_state.connections)
    await eventually(lambda: not hasty.server_state.connections, within_s=10)
    writer.close()
