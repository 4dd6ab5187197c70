"""Ports on the loopback: which are free, and who holds those that are not."""

import random
import socket
from collections.abc import Mapping

import psutil

from deploy.local.errors import StackError

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
    raise StackError(
        f"none of {_TRIES} ports tried on {LOOPBACK} between {_FREE_PORTS.start} and {_FREE_PORTS.stop} is free;"
        " end programs that listen on them"
    )


def chosen_ports(
    *, demanded: Mapping[str, int | None], remembered: Mapping[str, int], usual: Mapping[str, int]
) -> dict[str, int]:
    """One port for each name in ``usual``: the demanded, else the one of last time, else the usual, else a free one.

    Raises: StackError when a demanded port is taken.
    """
    ports = {name: port for name in usual if (port := demanded.get(name)) is not None}
    for name, port in ports.items():
        if list(ports.values()).count(port) > 1:
            raise StackError(f"port {port} was demanded for {name} and for another part; give each its own")
        if not is_free(port):
            raise StackError(
                f"port {port}, demanded for {name}, is held by {holder(port)}. End that program, or demand another"
                f" port or none."
            )
    for name in usual.keys() - ports.keys():
        wishes = (remembered.get(name), usual[name])
        free = (wish for wish in wishes if wish and wish not in ports.values() and is_free(wish))
        ports[name] = next(free, None) or free_port(besides=frozenset(ports.values()))
    return {name: ports[name] for name in usual}


def holder(port: int) -> str:
    """The program that listens on the port, or a way to find it where the system does not tell."""
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr
            if listens and listens.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass  # not every system tells everybody
    return f"a program that `ss -ltnp 'sport = :{port}'` may name"
