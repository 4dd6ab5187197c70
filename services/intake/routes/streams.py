"""Reports as a stream of lines (NDJSON): each line is answered by a line while the next ones are still coming.

Lines are read ahead, a group of them at most, while those before them are admitted. So memory is bounded by the group
and not by the stream; a client that does not read its results is not read from either, and is let go after a while.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from chassis.access import KeyRow
from chassis.bodies import Incoming
from chassis.clock import Clock
from chassis.errors import BROKEN_WORLD
from chassis.http import BODY_BYTES_MAX, in_force
from chassis.lines import Splitter
from chassis.logs import logger
from chassis.problems import RETRY_AFTER_S, Problem
from services.intake.routes.many import Admits, Entry, admit, read_all
from services.intake.routes.results import NDJSON, Tally

GROUP_LINES: Final = 64
GROUP_BYTES: Final = 2 * 1024 * 1024
STREAMS_MAX: Final = 8
"""At a time, in one process."""
STREAMS_A_CLIENT_MAX: Final = 4
REFUSED_MAX: Final = 10_000
"""A stream of refusals helps nobody: it ends with the group in which there are so many."""
UNREAD_S: Final = 60.0
"""How long a client may leave its results unread."""
_AGREES: Final = {True: "agrees", False: "differs", None: "absent"}

Results = AsyncGenerator[str, None]
log = logger(__name__)


class Streams:
    def __init__(self, admission: Admits, clock: Clock, *, unread_s: float = UNREAD_S) -> None:
        self._unread_s = unread_s
        self._admission = admission
        self._clock = clock
        self._open: Counter[str] = Counter()

    def answer(self, request: Request, caller: KeyRow, first_line: int) -> Response:
        """Raises:
        Problem: the headers do not fit a stream, or too many streams are open.
        """
        if "Idempotency-Key" in request.headers:
            text = "Idempotency-Key does not apply to streams: each line's content is its key. Leave it out."
            raise Problem(400, "bad-idempotency-key", text)
        if "Spm-Arrived-At" in request.headers:
            text = "Spm-Arrived-At does not apply to streams: import reports of the past one by one. Leave it out."
            raise Problem(400, "bad-arrival-time", text)
        self._require_room(caller.client_id)
        incoming = Incoming(request, NDJSON)
        return _Duplex(self._results(request, incoming, caller, first_line), self._unread_s)

    def _require_room(self, client_id: str) -> None:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        if self._open[client_id] >= STREAMS_A_CLIENT_MAX:
            text = f"{client_id} has {STREAMS_A_CLIENT_MAX} streams open. Send the next one when one of them has ended."
            raise Problem(429, "too-many-streams", text, headers=headers)
        if self._open.total() >= STREAMS_MAX:
            text = f"{STREAMS_MAX} streams are open here. Send yours when one has ended."
            raise Problem(503, "streams-full", text, headers=headers)

    async def _results(self, request: Request, incoming: Incoming, caller: KeyRow, first_line: int) -> Results:
        splitter = Splitter(first_line=first_line, line_bytes_max=BODY_BYTES_MAX)
        ahead, tally = _Ahead(), Tally("line", request.url.path)
        reading = asyncio.create_task(self._read(incoming, splitter, ahead))
        self._open[caller.client_id] += 1
        try:
            while group := await ahead.group():
                if not in_force(request, caller):
                    yield _shut_out(group[0].number, tally)
                    return
                try:
                    outcomes = await admit(self._admission, await read_all(group, caller))
                except BROKEN_WORLD as error:
                    log.warning("stream.unavailable", cause=type(error).__name__, detail=str(error)[:500])
                    yield _away(group[0].number, tally)
                    return
                yield "".join(tally.result(e.number, o) + "\n" for e, o in zip(group, outcomes, strict=True))
                if tally.counts["refused"] >= REFUSED_MAX:
                    yield _given_up(group[-1].number + 1, tally)
                    return
            await reading
            yield _summary(tally, incoming)
        except Problem as problem:
            # The body itself cannot be read on: what has its result stays as it is.
            yield _last(splitter.number, problem, tally)
        finally:
            reading.cancel()
            # It is gone before its room is given away; of what it ran into, enough was told.
            await asyncio.gather(reading, return_exceptions=True)
            self._open -= Counter({caller.client_id: 1})

    async def _read(self, incoming: Incoming, splitter: Splitter, ahead: "_Ahead") -> None:
        try:
            async for piece in incoming.pieces():
                now = self._clock.now()
                for line in splitter.lines(piece):
                    await ahead.put(Entry(line.number, line.content, now))
            for line in splitter.finish():
                await ahead.put(Entry(line.number, line.content, self._clock.now()))
        finally:
            await ahead.end()


class _Ahead:
    """What was read and is not yet in hand: a group at most."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._bytes = 0
        self._ended = False
        self._turn = asyncio.Condition()

    async def put(self, entry: Entry) -> None:
        async with self._turn:
            await self._turn.wait_for(lambda: len(self._entries) < GROUP_LINES and self._bytes < GROUP_BYTES)
            self._entries.append(entry)
            self._bytes += len(entry.content or b"")
            self._turn.notify_all()

    async def end(self) -> None:
        async with self._turn:
            self._ended = True
            self._turn.notify_all()

    async def group(self) -> list[Entry]:
        """What there is, as soon as there is something; nothing at the end."""
        async with self._turn:
            await self._turn.wait_for(lambda: self._entries or self._ended)
            group, self._entries, self._bytes = self._entries, [], 0
            self._turn.notify_all()
            return group


class _Duplex(Response):
    """An answer that is written while its request is still being read; Starlette's own would read the request away."""

    media_type = NDJSON

    def __init__(self, results: Results, unread_s: float) -> None:
        super().__init__()
        self._unread_s = unread_s
        del self.headers["content-length"]
        self._results = results

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        begun = False
        async with aclosing(self._results) as results:
            try:
                async for text in results:
                    async with asyncio.timeout(self._unread_s):
                        if not begun:
                            # Not before a line was read: to begin is to waive "Expect: 100-continue".
                            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                            begun = True
                        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            except TimeoutError:
                # Without its end the answer is cut, so that nobody takes it for a whole one.
                log.warning("stream.unread", limit_s=self._unread_s)
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _away(number: int, tally: Tally) -> str:
    text = "A part that the answer needs is away. Send the stream again from this line on."
    problem = tally.problem(Problem(503, "unavailable", text))
    return f'{{"line":{number},"status":503,"retry_after_s":{RETRY_AFTER_S},"problem":{problem}}}\n'


def _given_up(number: int, tally: Tally) -> str:
    text = f"{REFUSED_MAX} lines were refused. Mend what is wrong with them, then send the rest from this line on."
    return _last(number, Problem(422, "too-many-refused", text), tally)


def _shut_out(number: int, tally: Tally) -> str:
    text = (
        "The key was revoked or has expired since the stream began. Send the rest from this line on with another key."
    )
    return _last(number, Problem(401, "unauthenticated", text), tally)


def _last(number: int, problem: Problem, tally: Tally) -> str:
    return f'{{"line":{number},"status":{problem.status},"problem":{tally.problem(problem)}}}\n'


def _summary(tally: Tally, incoming: Incoming) -> str:
    counts = tally.counts
    lines = {"lines": counts.pop("entries")} | counts
    return json.dumps({"summary": lines | {"content_digest": _AGREES[incoming.digest_agrees()]}}) + "\n"
