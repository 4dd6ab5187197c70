"""The door at which a region's own software hears what happens, as it happens or when it asks."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from chassis.access import KeyRow
from chassis.clock import monotonic_s
from chassis.errors import BROKEN_WORLD
from chassis.http import in_force, region_in_view, requires
from chassis.logs import logger
from chassis.mongo import Document
from chassis.problems import Problem
from contracts.message import RegionCode
from services.intake.domain.happenings import CURSOR_CHARS_MAX, Cursor, Happening, Happenings, told
from services.intake.routes.openapi import problems
from services.intake.routes.stories import PAGE_MAX, READ
from services.intake.store.events import Events

MEDIA_TYPE: Final = "text/event-stream"
STREAMS_MAX: Final = 1_200
"""Of one process: more than twice the regions, at some ten kilobytes each."""
STREAMS_A_CLIENT_MAX: Final = 4
PAGE_EVENTS: Final = 100
LOOKS_AT_ONCE: Final = 8
"""A change of the calendar wakes every stream; so many of them ask the database together."""
KEEP_ALIVE_S: Final = 15.0
STREAM_S_MAX: Final = 3_600.0
"""A stream ends after so long, and goes on under a key that is looked at again."""
TAKEN_WITHIN_S: Final = 30.0
"""A reader that takes nothing for so long is let go."""
RETRY_MS: Final = 3_000
_RETRY_AFTER: Final = {"Retry-After": "5"}
_UNBUFFERED: Final = {"X-Accel-Buffering": "no"}
"""Asks a proxy in between to pass on what comes, as it comes."""
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = problems(
    "bad-cursor",
    "unauthenticated",
    "forbidden",
    "not-found",
    "unprocessable-request",
    "too-many-listeners",
    "listeners-full",
    "unavailable",
) | {200: {"model": Happenings, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}

log = logger(__name__)


class Tail:
    """Wakes the open streams whose region has something new: one watcher a process, however many streams there are."""

    def __init__(self, events: Events, stopping: asyncio.Event) -> None:
        self.stopping = stopping
        self._events = events
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._by_client: Counter[str] = Counter()
        self._looks = asyncio.Semaphore(LOOKS_AT_ONCE)

    @property
    def streams(self) -> int:
        return self._by_client.total()

    async def watch(self) -> None:
        await self._events.watch(self._ring)

    async def end(self) -> None:
        """Wake every stream when the process stops, so that each sees it and ends."""
        await self.stopping.wait()
        self._ring(None)

    async def look(self, region_code: str, cursor: Cursor, limit: int) -> list[Document]:
        async with self._looks:
            return await self._events.after(region_code, cursor, limit)

    @contextmanager
    def listening(self, region_code: str, client_id: str) -> Iterator[asyncio.Event]:
        """A bell that rings when the region or the calendar has something new.

        Raises:
            Problem: the client, or the process, has as many streams as it may.
        """
        if self._by_client[client_id] >= STREAMS_A_CLIENT_MAX:
            text = f"{client_id} has {STREAMS_A_CLIENT_MAX} streams open already; close one, or ask for JSON."
            raise Problem(429, "too-many-listeners", text, headers=_RETRY_AFTER)
        if self.stopping.is_set() or self.streams >= STREAMS_MAX:
            text = "This process takes no further stream now; ask again in a moment, or ask for JSON."
            raise Problem(503, "listeners-full", text, headers=_RETRY_AFTER)
        bell = asyncio.Event()
        self._bells.setdefault(region_code, set()).add(bell)
        self._by_client[client_id] += 1
        try:
            yield bell
        finally:
            self._bells[region_code].discard(bell)
            self._by_client -= Counter({client_id: 1})

    def _ring(self, region_code: str | None) -> None:
        """None rings for everybody."""
        bells = self._bells.values() if region_code is None else [self._bells.get(region_code, set())]
        for bell in [bell for some in bells for bell in some]:
            bell.set()


def router(tail: Tail) -> APIRouter:
    routes = APIRouter(tags=["events"])

    @routes.get(
        "/v1/events",
        summary="What happens to the region's reports, as it happens",
        description="With `Accept: text/event-stream` a stream of server-sent events that goes on behind"
        " `Last-Event-ID` without loss or double; otherwise a page of JSON, to be asked for again with `after`."
        " Without either, from the beginning: the events of the last 400 days.",
        response_model=Happenings,
        responses=_ANSWERS,
    )
    async def events(
        request: Request,
        caller: Annotated[KeyRow, requires(READ)],
        region: Annotated[RegionCode | None, Query(description="The key's own where left out.")] = None,
        after: Annotated[
            str | None, Query(max_length=CURSOR_CHARS_MAX, description="`next` of the page before.")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX, description="Of a page of JSON.")] = PAGE_EVENTS,
        last_event_id: Annotated[str | None, Header(max_length=CURSOR_CHARS_MAX)] = None,
    ) -> Response:
        wanted = region_in_view(caller, region)
        if wanted is None:
            raise Problem(422, "unprocessable-request", "This key is of every region; name the one that is meant.")
        cursor = _cursor(last_event_id or after, wanted)
        if MEDIA_TYPE not in request.headers.get("accept", ""):
            found = told(await tail.look(wanted, cursor, limit), wanted, cursor)
            return JSONResponse(found.model_dump(mode="json"))
        return _Stream(tail, wanted, caller.client_id, cursor, partial(in_force, request, caller))

    return routes


def _cursor(text: str | None, region_code: str) -> Cursor:
    try:
        return Cursor.parse(text, region_code) if text else Cursor()
    except ValueError as error:
        raise Problem(400, "bad-cursor", f"{error}.") from None


class _Stream(Response):
    """Server-sent events, as fast as they are taken and no faster."""

    def __init__(
        self, tail: Tail, region_code: str, client_id: str, cursor: Cursor, still_admitted: Callable[[], bool]
    ) -> None:
        super().__init__(media_type=MEDIA_TYPE)
        self._tail = tail
        self._region_code = region_code
        self._client_id = client_id
        self._cursor = cursor
        self._still_admitted = still_admitted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises:
        Problem: there are too many streams.
        """

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(TAKEN_WITHIN_S):
                await send(message)

        with self._tail.listening(self._region_code, self._client_id) as bell:
            # While the world is away, this raises, and the answer is a 503 and no stream.
            await self._tail.look(self._region_code, self._cursor, 1)
            stream = StreamingResponse(self._lines(bell), media_type=MEDIA_TYPE, headers=_UNBUFFERED)
            try:
                await stream(scope, receive, send_in_time)
            except TimeoutError:
                log.info("events.not_taken", client_id=self._client_id, region=self._region_code)

    async def _lines(self, bell: asyncio.Event) -> AsyncIterator[bytes]:
        yield f"retry: {RETRY_MS}\n\n".encode()
        end_s = monotonic_s() + STREAM_S_MAX

        def over() -> bool:
            return self._tail.stopping.is_set() or monotonic_s() > end_s or not self._still_admitted()

        while not over():
            bell.clear()
            try:
                documents = await self._tail.look(self._region_code, self._cursor, PAGE_EVENTS)
            except BROKEN_WORLD as error:
                log.info("events.broken_off", cause=type(error).__name__)
                return
            if documents:
                page = told(documents, self._region_code, self._cursor)
                yield b"".join(map(_as_sent, page.events))
                self._cursor = self._cursor.behind_all(documents)
                continue
            while not (over() or await _rings(bell)):
                yield b": keep-alive\n\n"


def _as_sent(event: Happening) -> bytes:
    return f"id: {event.cursor}\nevent: {event.kind.value}\ndata: {event.model_dump_json()}\n\n".encode()


async def _rings(bell: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(KEEP_ALIVE_S):
            await bell.wait()
    except TimeoutError:
        return False
    return True
