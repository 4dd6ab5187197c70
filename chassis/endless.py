"""What a service does until it stops: steps that wait for the world, tasks that begin again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from chassis.clock import monotonic_s
from chassis.errors import BROKEN_WORLD, Misconfigured
from chassis.logs import logger
from chassis.metrics import TaskMetrics

Task = Callable[[], Awaitable[None]]

_FIRST_DELAY_S: Final = 0.2
_CANCEL_AGAIN_S: Final = 1.0
log = logger(__name__)


async def until_done(step: str, act: Task, delay_s_max: float) -> None:
    delay_s = _FIRST_DELAY_S
    while True:
        try:
            await act()
        except BROKEN_WORLD as error:
            log.warning(
                "service.waiting", step=step, cause=type(error).__name__, detail=str(error)[:500], delay_s=delay_s
            )
        except Misconfigured:
            raise
        except Exception:
            # Nobody looks at this task: it would end in silence, and the service would live on and never be ready.
            log.exception("service.mistake", step=step, delay_s=delay_s)
        else:
            return
        await asyncio.sleep(delay_s * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
        delay_s = min(delay_s * 2, delay_s_max)


async def for_ever(task: Task, delay_s_max: float, metrics: TaskMetrics) -> None:
    """Begin the task again when it fails; a mistake in our code is recorded and does not end it either.

    Delays grow while it fails again and again, and not over the years of a task that is not meant to end.
    """
    delay_s = _FIRST_DELAY_S
    while True:
        begun_s = monotonic_s()
        try:
            await task()
            delay_s = _FIRST_DELAY_S
        except BROKEN_WORLD as error:
            delay_s = _delay_s_after(begun_s, delay_s, delay_s_max)
            metrics.failed(task, error)
            log.warning("task.retry", cause=type(error).__name__, detail=str(error)[:500], delay_s=delay_s)
        except Exception as mistake:
            delay_s = _delay_s_after(begun_s, delay_s, delay_s_max)
            metrics.failed(task, mistake)
            log.exception("task.mistake", delay_s=delay_s)
        await asyncio.sleep(delay_s)
        delay_s = min(delay_s * 2, delay_s_max)


def _delay_s_after(begun_s: float, delay_s: float, delay_s_max: float) -> float:
    """The first delay again for a task that went well for longer than the longest."""
    return _FIRST_DELAY_S if monotonic_s() - begun_s > delay_s_max else delay_s


async def end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel, again while a task lives: ``wait_for`` of Python 3.11, used by libraries, can swallow a cancellation."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
