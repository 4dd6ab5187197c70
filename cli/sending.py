"""Sending what waits in a spool, several at a time, until nothing waits or nobody answers."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from cli.spool import Entry, Spool
from client import Refused, SpmClient, SpmError

_OF_THE_CALLER: Final = frozenset({"unauthenticated", "forbidden", "not-found", "method-not-allowed"})
"""Refusals that every report would get: the key or the address is wrong."""


@dataclass
class Sent:
    """What became of the reports that waited."""

    taken: int = 0
    replayed: int = 0
    refused: list[tuple[Entry, Refused]] = field(default_factory=list)
    trouble: SpmError | None = None
    """Why the rest still waits."""


async def send(
    spm: SpmClient, spool: Spool, entries: Sequence[Entry], *, jobs: int, told: Callable[[], None], scenario: str | None
) -> Sent:
    """``told`` is called once a report. ``scenario`` is for keys of the sandbox."""
    sent = Sent()
    left = iter(entries)
    async with asyncio.TaskGroup() as workers:
        for _ in range(min(jobs, len(entries))):
            workers.create_task(_work(spm, spool, left, sent, told, scenario))
    return sent


async def _work(
    spm: SpmClient, spool: Spool, left: Iterator[Entry], sent: Sent, told: Callable[[], None], scenario: str | None
) -> None:
    headers = {"Spm-Test-Scenario": scenario} if scenario else {}
    for entry in left:
        kind = entry.kind
        try:
            taken = await spm.hand_in(
                kind.path, entry.file.read_bytes(), media_type=kind.media_type, key=entry.key, headers=headers
            )
        except Refused as refusal:
            if refusal.slug in _OF_THE_CALLER:
                sent.trouble = refusal
            else:
                spool.refused(entry, refusal.written)
                sent.refused.append((entry, refusal))
        except SpmError as error:
            sent.trouble = error
        else:
            spool.taken(entry, taken.written)
            sent.taken += 1
            sent.replayed += taken.replayed
        if sent.trouble is not None:
            return
        told()
