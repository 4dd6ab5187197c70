"""The processes of one stack, known by a mark in their environment, which children inherit.

A process id in a file may belong to another program by now; the mark cannot. So nothing but the stack's own processes
is ever ended, and none of them is overlooked, whatever became of the one that started it.
"""

import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from chassis.clock import monotonic_s

MARK = "SPM_STACK_FOLDER"
_LOOK_EVERY_S = 0.1


def mark(folder: Path) -> str:
    """As ``env`` takes it."""
    return f"{MARK}={folder.resolve()}"


def own_processes(folder: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _mark(process) == str(folder.resolve())]


def listens(folder: Path, port: int) -> bool:
    """Whether a process of this stack listens on the port, rather than somebody who was faster."""
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for process in own_processes(folder)
        for connection in _connections(process)
    )


def _connections(process: psutil.Process) -> list[Any]:
    try:
        return list(process.net_connections("tcp"))
    except psutil.Error:
        return []


def _mark(process: psutil.Process) -> str | None:
    """None for processes that are not ours to look into, have ended, or wait to be buried."""
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None


def end(folder: Path, *, first: Iterable[psutil.Process], within_s: float) -> None:
    """End ``first`` in order and wait until no process of the stack is left; kill what stays too long."""
    for process in first:
        _send(process, signal.SIGTERM)
    last = monotonic_s() + within_s
    while left := own_processes(folder):
        if monotonic_s() > last:
            for process in left:
                _send(process, signal.SIGKILL)
        time.sleep(_LOOK_EVERY_S)


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)  # psutil compares the time of creation first, lest the id was given anew
