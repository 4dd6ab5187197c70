import os
import socket
from collections.abc import Iterator

import psutil
import pytest

from deploy.local.errors import StackError
from deploy.local.ports import LOOPBACK, chosen_ports, free_port, holder, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((LOOPBACK, free_port())) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_listened_at_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_a_port_taken_on_every_interface_is_not_free() -> None:
    with socket.create_server(("0.0.0.0", free_port())) as server:
        assert not is_free(server.getsockname()[1])


def test_the_holder_of_a_port_is_named(taken: int) -> None:
    assert holder(taken) == f"{psutil.Process().name()} (pid {os.getpid()})"


def test_a_port_that_nobody_holds_has_a_way_to_look() -> None:
    port = free_port()
    assert f"sport = :{port}" in holder(port)


def test_free_ports_lie_below_those_of_outgoing_connections() -> None:
    assert all(20_000 <= free_port() < 32_000 for _ in range(20))


def test_the_usual_port_is_chosen_when_it_is_free() -> None:
    usual = free_port()

    assert chosen_ports(demanded={}, remembered={}, usual={"kafka": usual}) == {"kafka": usual}


def test_a_usual_port_that_is_taken_gives_way_to_a_free_one(taken: int) -> None:
    chosen = chosen_ports(demanded={}, remembered={}, usual={"kafka": taken})["kafka"]

    assert chosen != taken
    assert is_free(chosen)


def test_the_port_of_last_time_is_preferred_to_the_usual_one() -> None:
    last, usual = free_port(), free_port()

    assert chosen_ports(demanded={}, remembered={"kafka": last}, usual={"kafka": usual}) == {"kafka": last}


def test_a_demanded_port_is_preferred_to_all() -> None:
    demanded, last, usual = free_port(), free_port(), free_port()

    assert chosen_ports(demanded={"kafka": demanded}, remembered={"kafka": last}, usual={"kafka": usual}) == {
        "kafka": demanded
    }


def test_a_demanded_port_that_is_taken_is_refused_with_its_holder(taken: int) -> None:
    with pytest.raises(StackError, match=rf"port {taken}, demanded for kafka, is held by .*pid {os.getpid()}"):
        chosen_ports(demanded={"kafka": taken}, remembered={}, usual={"kafka": 9092})


def test_one_port_demanded_twice_is_refused() -> None:
    port = free_port()

    with pytest.raises(StackError, match=f"port {port} was demanded for kafka and for another part"):
        chosen_ports(demanded={"kafka": port, "mongo": port}, remembered={}, usual={"kafka": 1, "mongo": 2})


def test_no_port_is_given_twice() -> None:
    port = free_port()

    chosen = chosen_ports(demanded={"mongo": port}, remembered={"kafka": port}, usual={"kafka": port, "mongo": port})

    assert chosen["mongo"] == port
    assert chosen["kafka"] != port
