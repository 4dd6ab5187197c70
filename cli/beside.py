"""``spm rebuild SERVICE``: a service's database made again while the service goes on."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from chassis.beside import Comparison, Shadow, shadow_of
from chassis.clock import SystemClock, monotonic_s
from chassis.mongo import Mongo
from chassis.operators import Order, pause, pauses
from chassis.service import Build
from chassis.settings import Settings
from cli.pausing import until_at_rest

BESIDE: Final = ("validation", "scoring", "notify")
FEW: Final = 200
"""Records left when the service is let rest: they are read in about a second."""
ROUNDS_MAX: Final = 50

Say = Callable[[str], None]


class DifferentError(Exception):
    """What the log says is not what the live database holds; nothing was changed."""


async def rebuild_beside(
    settings: Settings, name: str, order: Order, say: Say, *, replace: bool = False, switch: bool = True
) -> list[Comparison]:
    """Fill, let the service rest, compare, switch, let it go on.

    Raises:
        DifferentError: the two differ and ``replace`` does not say that the log is right; nothing was changed.
    """
    build: Build = import_module(f"services.{name}.app").build
    before = (await pauses(settings)).get(name)
    mongo = Mongo(settings)
    try:
        async with shadow_of(name, build, settings, mongo) as shadow:
            await _nearly(shadow, say)
            say(f"{name}: {shadow.handled:,} records read again; it rests now for the last of them")
            started_s = monotonic_s()
            try:
                await until_at_rest(settings, name, order)
                found = await _compared(shadow, say)
                _judge(name, found, shadow.silent.put_aside, replace=replace)
                if switch:
                    await shadow.switch()
            finally:
                if before is None or not before.paused:
                    await pause(settings, name, order, SystemClock(), rest=False)
            say(f"{name}: switched; it goes on after {monotonic_s() - started_s:.1f} s" if switch else f"{name}: equal")
            return found
    finally:
        await mongo.close()


async def _nearly(shadow: Shadow, say: Say) -> None:
    """Read until few are left; while the service runs there may always be some."""
    for _ in range(ROUNDS_MAX):
        if await shadow.catch_up(say) <= FEW:
            return


async def _compared(shadow: Shadow, say: Say) -> list[Comparison]:
    await shadow.catch_up(say)
    await shadow.take_over()
    found = await shadow.compare()
    for one in found:
        same = "equal" if one.differing == 0 else f"{one.differing:,} differ, like {', '.join(one.examples)}"
        say(f"{shadow.service.name}.{one.collection}: {one.documents:,} documents, {one.rebuilt[:16]}, {same}")
    return found


def _judge(name: str, found: Sequence[Comparison], put_aside: int, *, replace: bool) -> None:
    differing = [one.collection for one in found if one.differing]
    if replace or not (differing or put_aside):
        return
    broken = f" {put_aside:,} records were handled once and cannot be handled by this version." if put_aside else ""
    raise DifferentError(
        f"what the log says of {', '.join(differing) or name} is not what {name} keeps.{broken} Nothing was changed."
        " Is this the version that runs? If the database is damaged: the same again with --replace"
    )
