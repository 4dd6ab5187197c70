"""Reports as one array: all of them or none, or those that can be taken."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from chassis.access import KeyRow
from chassis.arrays import elements
from chassis.bodies import FAULTS_MAX, read_bytes
from chassis.clock import Clock
from chassis.errors import BROKEN_WORLD
from chassis.events import JSON
from chassis.http import BODY_BYTES_MAX, BODY_LIMIT, requires
from chassis.logs import logger
from chassis.problems import RETRY_AFTER_S, Fault, Problem
from services.intake.domain.arrival import Arrival
from services.intake.routes.admission import Admission
from services.intake.routes.commit import Together
from services.intake.routes.many import Entry, admit, read_all
from services.intake.routes.openapi import OF_A_BODY, problems
from services.intake.routes.results import BATCH, BATCHED, REPORTS_MAX, Tally
from services.intake.routes.submissions import WRITE

BYTES_MAX: Final = 32 * 1024 * 1024
BATCHES_MAX: Final = 2
"""At a time, in one process; the others wait before their bodies are read."""
TURN_WITHIN_S: Final = 30.0
_GROUP: Final = 64
_UNIT: Final = "index"
_REFUSED: Final = problems(
    *OF_A_BODY,
    "malformed-json",
    "unauthenticated",
    "forbidden",
    "batch-refused",
    "batches-full",
    "unavailable",
)

Mode = Literal["atomic", "partial"]
log = logger(__name__)


class Turns:
    """One batch of a client at a time, so that whoever sends slowly keeps nobody else from theirs."""

    def __init__(self, within_s: float = TURN_WITHIN_S) -> None:
        self._within_s = within_s
        self._busy: set[str] = set()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def of(self, client_id: str) -> AsyncIterator[None]:
        """Raises:
        Problem: no turn came in time.
        """
        try:
            async with asyncio.timeout(self._within_s), self._changed:
                await self._changed.wait_for(lambda: client_id not in self._busy and len(self._busy) < BATCHES_MAX)
                self._busy.add(client_id)
        except TimeoutError:
            text = (
                f"No turn came within {self._within_s:.0f} s: a client has one batch at a time, all have {BATCHES_MAX}."
            )
            raise Problem(503, "batches-full", text, headers={"Retry-After": str(RETRY_AFTER_S)}) from None
        try:
            yield
        finally:
            self._busy.remove(client_id)
            async with self._changed:
                self._changed.notify_all()


def router(admission: Admission, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["submissions"])
    turns = Turns()

    @routes.post(
        "/v1/submissions:batch",
        summary="Hand in up to 1,000 reports as one array",
        response_model=None,
        responses=_REFUSED | {200: BATCHED},
        openapi_extra=BATCH | {BODY_LIMIT: BYTES_MAX},
    )
    async def hand_in_batch(
        request: Request,
        caller: Annotated[KeyRow, requires(WRITE)],
        import_mode: Annotated[Mode, Query(description="All of them or none; or those that can be taken.")] = "atomic",
    ) -> Response:
        async with turns.of(caller.client_id):
            entries = _entries(await read_bytes(request, JSON, BYTES_MAX), clock)
            tally = Tally(_UNIT, request.url.path)
            results: list[str] = []
            if import_mode == "atomic":
                await _check(admission, entries, caller)
            for start in range(0, len(entries), _GROUP):
                group = entries[start : start + _GROUP]
                try:
                    outcomes = await admit(admission, await read_all(group, caller))
                except BROKEN_WORLD as error:
                    log.warning("batch.unavailable", cause=type(error).__name__, detail=str(error)[:500])
                    raise _interrupted(tally) from None
                results += [tally.result(entry.number, outcome) for entry, outcome in zip(group, outcomes, strict=True)]
        answer = f'{{"counts":{json.dumps(tally.counts)},"results":[{",".join(results)}]}}'
        return Response(answer, media_type=JSON)

    return routes


def _entries(body: bytes, clock: Clock) -> list[Entry]:
    """Raises:
    Problem: no array, or too long a one.
    """
    now = clock.now()
    entries: list[Entry] = []
    try:
        for index, content in enumerate(elements(body)):
            if index == REPORTS_MAX:
                raise Problem(413, "body-too-large", f"The array has more than {REPORTS_MAX} reports; send several.")
            entries.append(Entry(index, content if len(content) <= BODY_BYTES_MAX else None, now))
    except ValueError as error:
        raise Problem(400, "malformed-json", f"The body is no JSON array of reports: {error}.") from None
    return entries


async def _check(admission: Admission, entries: Sequence[Entry], caller: KeyRow) -> None:
    """Raises:
    Problem: at least one report cannot be taken as things stand; all its faults and theirs.
    """
    faulty = 0
    faults: list[Fault] = []
    together: Together = {}
    for start in range(0, len(entries), _GROUP):
        found = await read_all(entries[start : start + _GROUP], caller)
        refusals = iter(await admission.foreseen([each for each in found if isinstance(each, Arrival)], together))
        for index, each in enumerate(found, start):
            problem = each if isinstance(each, Problem) else next(refusals)
            if problem is not None:
                faulty += 1
                faults += _at(index, problem)
    if faulty:
        more = f"; the first {FAULTS_MAX} faults are listed" if len(faults) > FAULTS_MAX else ""
        text = f"{faulty} of {len(entries)} reports cannot be taken{more}. Nothing was kept."
        counts = {"entries": len(entries), "accepted": 0, "replayed": 0, "refused": faulty}
        raise Problem(422, "batch-refused", text, errors=faults[:FAULTS_MAX], counts=counts)


def _at(index: int, problem: Problem) -> list[Fault]:
    """The faults of one report, from the array's point of view."""
    if not problem.errors:
        return [Fault(code=problem.slug, pointer=f"/{index}", detail=problem.detail)]
    return [fault.model_copy(update={"pointer": f"/{index}{fault.pointer}"}) for fault in problem.errors]


def _interrupted(tally: Tally) -> Problem:
    text = (
        "A part that this answer needs is away. Send the same batch again: what is in the log gets its receipt again, "
        "the rest is taken then."
    )
    headers = {"Retry-After": str(RETRY_AFTER_S)}
    return Problem(503, "unavailable", text, headers=headers, counts=tally.counts)
