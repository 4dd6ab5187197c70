"""A service in a process of its own that kills itself at a chosen await."""

import asyncio
import logging
import os
import signal
import types
from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeVar

from chassis.service import Build, make_app
from chassis.settings import Settings

Edge = Literal["entered", "done"]
T = TypeVar("T")


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
        awaits, stream = Awaits(kill_at), app.state.stream
        work_lane = stream.work_lane
        stream.work_lane = lambda records: awaits.counted(work_lane(records))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with app.router.lifespan_context(app):
        await ended.wait()


@dataclass
class Awaits:
    """Counts the awaits that really wait, of every coroutine that it is given, and dies at the chosen one."""

    kill_at: KillPoint
    passed: int = 0

    async def counted(self, work: Coroutine[Any, Any, T]) -> T:
        return await self._driven(work)

    @types.coroutine
    def _driven(self, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        """Run the coroutine by hand: each value that it yields is one await that really waits."""
        answer: Any = None
        failure: BaseException | None = None
        while True:
            try:
                waiting = work.send(answer) if failure is None else work.throw(failure)
            except StopIteration as ended:
                # One more place: everything is done, and whoever waits for it does not know yet.
                self.passed += 1
                _die_if(self.passed == self.kill_at.number)
                outcome: T = ended.value
                return outcome
            turn_only = waiting is None  # others get their turn; nothing is waited for
            self.passed += not turn_only
            here = not turn_only and self.passed == self.kill_at.number
            _die_if(here and self.kill_at.edge == "entered")
            try:
                answer, failure = (yield waiting), None
            except BaseException as error:  # noqa: BLE001 - it is the coroutine's, whatever it is
                failure = error
            _die_if(here and self.kill_at.edge == "done")


def _die_if(now: bool) -> None:  # noqa: FBT001 - reads as a sentence where it is called
    if now:
        os.kill(os.getpid(), signal.SIGKILL)
