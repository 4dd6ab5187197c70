"""Many reports of one request: each is read, admitted and answered by itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Final, Protocol

from chassis.access import KeyRow
from chassis.bodies import parsed
from chassis.http import BODY_BYTES_MAX, require_region, too_large
from chassis.problems import Problem
from contracts.submission import Submission
from services.intake.domain.arrival import Arrival
from services.intake.routes.commit import IN_FLIGHT, Admitted
from services.intake.routes.results import Outcome, Taken

_IN_FLIGHT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One report as it came."""

    number: int
    content: bytes | None
    """None for one that is larger than a report may be."""
    recorded_at: datetime


class Admits(Protocol):
    async def admit(self, arrival: Arrival, *, wait_s: float = 0) -> Admitted: ...
    async def admit_all(self, arrivals: Sequence[Arrival]) -> list[Admitted | Problem]: ...


def read(entry: Entry, caller: KeyRow) -> Arrival | Problem:
    """The report at the door, or why it is none. Its content is its key, so that it can be sent again."""
    if entry.content is None:
        return too_large(BODY_BYTES_MAX)
    try:
        submission = parsed(entry.content, Submission, "unprocessable-submission")
        require_region(caller, submission.region_code)
    except Problem as problem:
        return problem
    return Arrival.of(submission, client_id=caller.client_id, key=None, imported_at=None, recorded_at=entry.recorded_at)


async def read_all(entries: Sequence[Entry], caller: KeyRow) -> list[Arrival | Problem]:
    found = []
    for entry in entries:
        found.append(read(entry, caller))
        # Other requests have their turn between two reports.
        await asyncio.sleep(0)
    return found


async def admit(admission: Admits, found: Sequence[Arrival | Problem]) -> list[Outcome]:
    """What became of each, in order; of reports that are the same, the first is admitted and the others repeat it.

    Raises:
        BROKEN_WORLD: some are not known to be in the log; sent again, those that are get their receipts.
    """
    first: dict[str, Arrival] = {}
    for each in found:
        if isinstance(each, Arrival):
            first.setdefault(each.submission_id, each)
    admitted = await admission.admit_all(list(first.values()))
    outcomes = dict(zip(first, await _all_settled(admission, list(first.values()), admitted), strict=True))
    return [
        each
        if isinstance(each, Problem)
        else _of(outcomes[each.submission_id], repeated=first[each.submission_id] is not each)
        for each in found
    ]


async def _all_settled(
    admission: Admits, arrivals: Sequence[Arrival], outcomes: Sequence[Admitted | Problem]
) -> list[Admitted | Problem]:
    """All wait at once, so that many copies on their way take no longer than one."""
    settled = await asyncio.gather(*map(_settled, repeat(admission), arrivals, outcomes), return_exceptions=True)
    found = []
    for each in settled:
        if isinstance(each, BaseException) and not isinstance(each, Problem):
            raise each
        found.append(each)
    return found


async def _settled(admission: Admits, arrival: Arrival, outcome: Admitted | Problem) -> Admitted | Problem:
    """What a report comes to whose copy is on its way, as after a stream that was cut and begun again at once."""
    if not isinstance(outcome, Problem) or outcome.slug != IN_FLIGHT:
        return outcome
    try:
        return await admission.admit(arrival, wait_s=_IN_FLIGHT_S)
    except Problem as problem:
        return problem


def _of(outcome: Admitted | Problem, *, repeated: bool) -> Outcome:
    if isinstance(outcome, Problem):
        return outcome
    receipt, replayed = outcome
    return Taken(receipt, replayed=replayed or repeated)
