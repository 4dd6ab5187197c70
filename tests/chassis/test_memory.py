import asyncio
import ctypes
import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from chassis.memory import collect_whole
from tests.running import eventually


class Knot:
    """Refers to itself, so that only the collector finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def seldom() -> Iterator[None]:
    """A collector that does not look by itself."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("seldom")
async def test_a_cycle_that_grew_old_is_cleared_away_by_the_clock() -> None:
    left_behind = weakref.ref(Knot())
    await asyncio.sleep(0)
    assert left_behind() is not None

    collecting = asyncio.create_task(collect_whole(0.01))
    await eventually(lambda: left_behind() is None)
    collecting.cancel()


ARENAS = """
import ctypes
import threading

from chassis.memory import few_arenas

{first}
meeting = threading.Barrier(8)


def take():
    meeting.wait()
    kept.append([bytes(2_000) for _ in range(100)])
    meeting.wait()


kept = []
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="glibc alone has arenas")
def test_many_threads_share_few_arenas() -> None:
    def arenas(first: str) -> int:
        program = [sys.executable, "-c", ARENAS.format(first=first)]
        return subprocess.run(program, capture_output=True, text=True, check=True).stdout.count("<heap nr=")

    assert arenas("few_arenas()") <= 2 < arenas("")
