"""The stack with small programs in the place of engines and services."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from deploy.local import processes, stack
from deploy.local.errors import StackError
from deploy.local.plan import Plan
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.program import NotReadyError, Program, connects, wait_until
from deploy.local.supervision import Supervisor, configuration, log_of
from tests.deploy import stand_in


@pytest_asyncio.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    folder = tmp_path / "a run folder"
    folder.mkdir()
    yield folder
    stack.down(folder, lambda _: None)


@dataclass(frozen=True)
class Running:
    folder: Path
    plan: Plan
    said: list[str]


@pytest_asyncio.fixture(scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A stack that the tests of this module look at and leave as it is."""
    folder = tmp_path_factory.mktemp("stack")
    plan = small_plan(folder)
    said: list[str] = []
    await stack.bring_up(folder, plan, said.append)
    yield Running(folder, plan, said)
    stack.down(folder, lambda _: None)


def listener(folder: Path, name: str) -> Program:
    port = free_port()
    return Program(
        name=name,
        address=f"http://{LOOPBACK}:{port}",
        ready=lambda: connects(f"{LOOPBACK}:{port}"),
        command=(sys.executable, stand_in.__file__, name, str(port), str(folder / "stopped")),
        folder=folder / name,
        environment={"SPM_MONGO": "mongodb://localhost/?a=1&b=%41,c"},
        stop_within_s=5,
    )


def small_plan(folder: Path) -> Plan:
    return Plan(engines=(listener(folder, "engine"),), services=(listener(folder, "one"), listener(folder, "two")))


def pids(folder: Path) -> dict[str, int | None]:
    return {name: state.pid for name, state in Supervisor(folder).states().items()}


async def test_up_waits_until_every_part_answers(running: Running) -> None:
    assert running.said == [f"{part.name} is ready at {part.address}" for part in running.plan.parts]
    rows = await stack.look(running.folder, running.plan)
    assert [(row.name, row.ready) for row in rows] == [("engine", True), ("one", True), ("two", True)]
    assert all(row.state and row.state.pid for row in rows)


async def test_a_second_up_changes_nothing(running: Running) -> None:
    before = pids(running.folder)
    said: list[str] = []

    await stack.bring_up(running.folder, running.plan, said.append)

    assert said[0] == "the stack runs already; looking whether all of it is ready"
    assert pids(running.folder) == before


def test_a_program_inherits_the_environment_and_gets_its_own(running: Running) -> None:
    environment = psutil.Process(pids(running.folder)["engine"]).environ()

    assert environment["SPM_MONGO"] == running.plan.services[0].environment["SPM_MONGO"]
    assert environment["PATH"] == psutil.Process().environ()["PATH"]


def test_the_log_of_a_program_is_kept(running: Running) -> None:
    assert log_of(running.folder, "engine").read_text(encoding="utf-8").startswith("engine listens\n")


async def test_down_stops_services_before_engines(folder: Path) -> None:
    await stack.bring_up(folder, small_plan(folder), lambda _: None)

    stack.down(folder, lambda _: None)

    told = (folder / "stopped").read_text(encoding="utf-8").split()
    assert sorted(told[:2]) == ["one", "two"]
    assert told[2:] == ["engine"]
    assert processes.own_processes(folder) == []


async def test_down_leaves_every_other_program_alone(folder: Path) -> None:
    plan = small_plan(folder)
    await stack.bring_up(folder, plan, lambda _: None)
    twin = replace(listener(folder, "one"), folder=folder / "one")
    async with bystander(twin) as pid:
        stack.down(folder, lambda _: None)

        assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_down_twice_says_that_nothing_runs(folder: Path) -> None:
    said: list[str] = []

    stack.down(folder, said.append)

    assert said == ["the stack does not run"]


async def test_a_program_that_dies_is_started_again(folder: Path) -> None:
    plan = small_plan(folder)
    await stack.bring_up(folder, plan, lambda _: None)
    killed = pids(folder)["one"]
    assert killed

    os.kill(killed, signal.SIGKILL)

    async def another_answers() -> None:
        state = Supervisor(folder).states()["one"]
        if state.pid == killed or state.word != "RUNNING":
            raise NotReadyError(state.word)
        await plan.services[0].ready()

    await wait_until(another_answers, what="the program started again", timeout_s=10)


async def test_a_program_that_cannot_start_is_named_with_the_end_of_its_log(folder: Path) -> None:
    broken = Program(
        name="broken",
        address="nowhere",
        ready=lambda: connects(f"{LOOPBACK}:{free_port()}"),
        command=(sys.executable, "-c", "raise SystemExit('the disk is made of cheese')"),
        folder=folder,
    )
    plan = Plan(engines=(listener(folder, "engine"),), services=(broken,))

    with pytest.raises(StackError, match=r"(?s)broken ended .* times.*broken\.log ends:.*made of cheese"):
        await stack.bring_up(folder, plan, lambda _: None)

    assert processes.own_processes(folder) == []


async def test_a_stranger_that_took_the_port_is_not_taken_for_the_part(folder: Path) -> None:
    stranger = await asyncio.start_server(lambda _, writer: writer.close(), LOOPBACK, 0)
    async with stranger:
        port = stranger.sockets[0].getsockname()[1]
        idle = Program(
            name="intake",
            address=f"http://{LOOPBACK}:{port}",
            ready=lambda: connects(f"{LOOPBACK}:{port}"),
            command=(sys.executable, "-c", "import time; time.sleep(60)"),
            folder=folder / "intake",
        )
        with pytest.raises(StackError, match=f"port {port} of intake was taken by .*Start it again"):
            await stack.bring_up(folder, Plan(engines=(), services=(idle,)), lambda _: None)


async def test_what_a_killed_supervisor_left_behind_is_ended(folder: Path) -> None:
    await stack.bring_up(folder, small_plan(folder), lambda _: None)
    supervisor = Supervisor(folder).process()
    assert supervisor
    supervisor.kill()
    said: list[str] = []

    async def gone() -> None:
        if Supervisor(folder).process():
            raise NotReadyError("it runs")

    await wait_until(gone, what="the end of the supervisor", timeout_s=5)

    stack.end_leftovers(folder, said.append)

    assert said == ["ending 3 programs that an earlier start left behind"]
    assert processes.own_processes(folder) == []


async def test_a_start_that_was_cut_short_is_taken_over(folder: Path) -> None:
    plan = small_plan(folder)
    for program in plan.programs:
        program.folder.mkdir()
    cut_short = Supervisor(folder)
    cut_short.start(configuration(folder, plan.groups))
    cut_short.start_programs("engines")
    await wait_until(plan.engines[0].ready, what="the engine", timeout_s=10)
    engine = pids(folder)["engine"]

    await stack.bring_up(folder, plan, lambda _: None)

    assert pids(folder)["engine"] == engine
    assert all(row.ready for row in await stack.look(folder, plan))


@asynccontextmanager
async def bystander(program: Program) -> AsyncIterator[int]:
    """The same program in the same folder, but not of the stack."""
    process = await asyncio.create_subprocess_exec(
        *program.command, cwd=program.folder, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await wait_until(program.ready, what="the bystander", timeout_s=10)
        yield process.pid
    finally:
        process.kill()
        await process.wait()
