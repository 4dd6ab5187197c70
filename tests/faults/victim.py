"""A service in a process of its own that kills itself at a chosen await."""

import asyncio
import logging
import os
import signal
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from chassis.service import Build, make_app
from chassis.settings import Settings

Edge = Literal["entered", "done"]


@dataclass(frozen=True)
class KillPoint:
    """The ``number``-th await of the handling of batches, counted from the start of the process.

    ``entered``: the request of this await is on its way, its answer has not come.
    ``done``: the answer has come and nothing after it has begun.
    """

    number: int
    edge: Edge


def serve(build_path: str, name: str, given: dict[str, Any], kill_at: KillPoint | None) -> None:
    """Run until SIGTERM, or until the kill point. ``build_path`` is ``package.module:function``."""
    logging.disable(logging.CRITICAL)
    module, _, function = build_path.partition(":")
    build: Build = getattr(import_module(module), function)
    asyncio.run(_serve(build, name, Settings.model_validate(given), kill_at))


async def _serve(build: Build, name: str, settings: Settings, kill_at: KillPoint | None) -> None:
    app = make_app(name, build, settings)
    if kill_at is not None:
        stream = app.state.stream
        stream.work_lane = _counted(stream.work_lane, kill_at)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with app.router.lifespan_context(app):
        await ended.wait()


def _counted(
    work: Callable[[Sequence[Any]], Coroutine[Any, Any, None]], kill_at: KillPoint
) -> Callable[[Sequence[Any]], Awaitable[None]]:
    steps = 0

    @types.coroutine
    def driven(records: Sequence[Any]) -> Generator[Any, Any, None]:
        """Run the coroutine by hand: each value that it yields is one await that really waits."""
        nonlocal steps
        handling = work(records)
        answer: Any = None
        while True:
            try:
                waiting = handling.send(answer)
            except StopIteration:
                # One more place: everything is acknowledged, the offset is not yet committed.
                steps += 1
                _die_if(steps == kill_at.number)
                return
            turn_only = waiting is None  # others get their turn; nothing is waited for
            steps += not turn_only
            _die_if(not turn_only and steps == kill_at.number and kill_at.edge == "entered")
            try:
                answer = yield waiting
            except BaseException as error:
                handling.throw(error)
                raise
            _die_if(not turn_only and steps == kill_at.number and kill_at.edge == "done")

    async def counted(records: Sequence[Any]) -> None:
        await driven(records)

    return counted


def _die_if(now: bool) -> None:  # noqa: FBT001 - reads as a sentence where it is called
    if now:
        os.kill(os.getpid(), signal.SIGKILL)
