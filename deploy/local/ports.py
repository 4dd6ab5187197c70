"""Ports on the loopback: which are free, and who holds those that are not."""

import random
import socket

import psutil

LOOPBACK = "127.0.0.1"

# Below the range from which the kernel gives ports to outgoing connections. There, a client that keeps
# trying to reach a stopped engine could be given the engine's own port and hold it.
_FREE_PORTS = range(20_000, 32_000)
_TRIES = 200


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what waits in TIME_WAIT is free
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(*, besides: frozenset[int] = frozenset()) -> int:
    candidates = random.SystemRandom().sample(_FREE_PORTS, _TRIES)
    for port in candidates:
        if port not in besides and is_free(port):
            return port
    raise RuntimeError(f"none of {_TRIES} ports tried between 20000 and 32000 on {LOOPBACK} is free")


def holder(port: int) -> str:
    """The program that listens on the port, or a way to find it where the system does not tell."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1] == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass  # not every system tells everybody
    return f"a program that `ss -ltnp 'sport = :{port}'` may name"
