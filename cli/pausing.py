"""``spm lag``, ``spm pause`` and ``spm resume``: how far the services are, and whether they go on."""

import asyncio
from typing import Final

from chassis.clock import SystemClock, monotonic_s, unix_s
from chassis.groups import existing, group_of, members_of, waiting_for
from chassis.operators import SERVICES, Order, pause, pauses
from chassis.settings import Settings
from cli.operators import By, OneService, Why, ask, fail
from contracts.topics import TOPICS

RESTS_WITHIN_S: Final = 60.0
"""Longer than a batch in hand may take, and than the session of a reader that keeps its name."""
_LOOK_EVERY_S: Final = 0.5


def lag() -> None:
    """Show what each service has still to read, by topic: records, seconds since the oldest, readers, and who rests."""
    for line in ask(_lag, "kafka"):
        print(line)


def pause_(service: OneService, by: By, reason: Why) -> None:
    """Let a service rest: it reads no topic and sends no notice until resumed; its doors go on."""
    ask(lambda settings: until_at_rest(settings, service, Order(by, reason)), "kafka")
    print(f"{service} rests. Let it go on with: spm resume {service}")


def resume(service: OneService, by: By, reason: Why) -> None:
    """Let a service go on where it stopped."""
    ask(lambda settings: pause(settings, service, Order(by, reason), SystemClock(), rest=False), "kafka")
    print(f"{service} goes on as soon as it reads this.")


async def until_at_rest(settings: Settings, service: str, order: Order) -> None:
    """Order it, and return when every reader has finished its batch and left the group.

    Raises:
        typer.Exit: one is still there; the order stands.
    """
    await pause(settings, service, order, SystemClock(), rest=True)
    end_s = monotonic_s() + RESTS_WITHIN_S
    while members := await members_of(settings, group_of(service, settings)):
        if monotonic_s() > end_s:
            fail(
                f"{members} readers of {service} have not let go within {RESTS_WITHIN_S:.0f} s. The order stands:"
                f" look at their logs, or take it back with: spm resume {service}"
            )
        await asyncio.sleep(_LOOK_EVERY_S)


async def _lag(settings: Settings) -> list[str]:
    rests = await pauses(settings)
    lines = ["service\ttopic\trecords\tseconds\treaders\tstate"]
    for service in SERVICES:
        group = group_of(service, settings)
        topics = await existing(settings, [topic for topic in TOPICS if service in topic.read_by])
        readers = await members_of(settings, group)
        order = rests.get(service)
        state = "rests" if order is not None and order.paused else "reads" if readers else "away"
        for row in await waiting_for(settings, group, topics):
            age = "" if row.oldest_ms is None else f"{max(0.0, unix_s() - row.oldest_ms / 1_000):.0f}"
            lines.append(f"{service}\t{row.topic}\t{row.records}\t{age or 0}\t{readers}\t{state}")
    return lines
