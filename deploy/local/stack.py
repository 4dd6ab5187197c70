"""The whole system on this machine: engines and services under a supervisor, everything they keep in one folder."""

import asyncio
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from deploy.local import credentials, processes
from deploy.local.errors import StackError
from deploy.local.lock import only_one
from deploy.local.plan import USUAL_PORTS, Plan, mail_folder, planned
from deploy.local.ports import chosen_ports, holder
from deploy.local.program import NotReadyError, Part, Program, wait_until
from deploy.local.prometheus import found
from deploy.local.settings import LocalSettings
from deploy.local.supervision import State, Supervisor, configuration, log_of

Say = Callable[[str], None]

FOLDER = Path(__file__).resolve().parents[2] / ".run"
_FREE_BYTES_MIN = 1 << 30
_STOPPED_WITHIN_S = 90.0
_ELSEWHERE_WITHIN_S = 10.0
_ANSWER_WITHIN_S = 5.0


class Remembered(BaseModel):
    """What the next start and ``status`` must know of this one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ports: dict[str, int]
    kafka: str | None
    mongo: str | None
    smtp: str | None
    prometheus: Path | None = None
    """The program; None where none was found."""

    def elsewhere(self, settings: LocalSettings) -> LocalSettings:
        """The settings, with the engines that were placed elsewhere and the Prometheus that was found at the start."""
        chosen = ("kafka", "mongo", "smtp", "prometheus")
        return settings.model_copy(update={name: getattr(self, name) for name in chosen})


@dataclass(frozen=True)
class Row:
    """One line of ``status``."""

    name: str
    address: str
    state: State | None
    """None for a part that runs elsewhere, and for all when the stack does not run."""
    ready: bool


def up(folder: Path, settings: LocalSettings, say: Say) -> None:
    """Start what does not run and wait until all is ready. Raises: StackError."""
    _make(folder)
    with only_one(folder / "lock"):
        before = remembered(folder)
        runs = Supervisor(folder).process() is not None
        if not runs:
            end_leftovers(folder, say)
        now = _to_remember(settings, before, runs=runs)
        if runs and now != before:
            raise StackError("the stack runs already, with other ports or engines. Stop it first: spm down")
        plan = planned(folder, now.elsewhere(settings), now.ports, say)
        credentials.issue_once(folder)
        _write(folder, now)
        asyncio.run(bring_up(folder, plan, say))
        _tell(folder, plan, say)


async def bring_up(folder: Path, plan: Plan, say: Say) -> None:
    """Start the plan's programs; stop again what was started here when one of them does not become ready."""
    supervisor = Supervisor(folder)
    if supervisor.process() is not None:
        say("the stack runs already; looking whether all of it is ready")
        await _until_ready(supervisor, plan, say)
        return
    for program in plan.programs:
        program.folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(program.prepare)
    supervisor.start(configuration(folder, plan.groups))
    try:
        await _until_ready(supervisor, plan, say)
    except BaseException:
        say("stopping what was started")
        await asyncio.to_thread(_stop, folder)
        raise


async def _until_ready(supervisor: Supervisor, plan: Plan, say: Say) -> None:
    for group, parts in (("engines", plan.engines), ("services", plan.services), ("watchers", plan.watchers)):
        supervisor.start_programs(group)
        for part in parts:
            await _part_ready(supervisor, part, say)


async def _part_ready(supervisor: Supervisor, part: Part, say: Say) -> None:
    address = without_password(part.address)
    if isinstance(part, Program):
        await wait_until(part.ready, what=f"{part.name} at {address}", check_alive=supervisor.watch(part))
        _refuse_stranger(supervisor.folder, part)
    else:
        await wait_until(part.ready, what=f"{part.name} at {address}", timeout_s=_ELSEWHERE_WITHIN_S)
    say(f"{part.name} is ready at {address}")


def _refuse_stranger(folder: Path, program: Program) -> None:
    """Raises: StackError when the answer came from another program, which took the port since it was chosen."""
    port = int(re.findall(r":(\d+)", program.address)[-1])
    if not processes.listens(folder, port):
        raise StackError(
            f"port {port} of {program.name} was taken by {holder(port)} while the stack started."
            " Start it again: another port will be found."
        )


def end_leftovers(folder: Path, say: Say) -> None:
    """End what runs of a stack whose supervisor was killed."""
    left = processes.own_processes(folder)
    if left:
        say(f"ending {len(left)} programs that an earlier start left behind")
        _stop(folder)


def down(folder: Path, say: Say) -> None:
    """End what ``up`` started, services before engines, and nothing else."""
    if not folder.exists():
        say("the stack was never started here")
        return
    with only_one(folder / "lock"):
        if not processes.own_processes(folder):
            say("the stack does not run")
            return
        say("stopping the stack: services first, then engines")
        _stop(folder)
        say("stopped; everything that was kept is still in " + str(folder))


def services_down(folder: Path, say: Say) -> None:
    """End the four services alone; ``up`` starts them again."""
    supervisor = Supervisor(folder)
    if supervisor.process() is None:
        say("the stack does not run")
        return
    with only_one(folder / "lock"):
        say("stopping the services; the engines go on")
        supervisor.stop_programs("services")


def addresses(folder: Path, settings: LocalSettings) -> dict[str, str]:
    """Where each part of the stack is that was last started here; empty when there was none."""
    last = remembered(folder)
    if last is None:
        return {}
    plan = planned(folder, last.elsewhere(settings), last.ports, progress=lambda _: None)
    return {part.name: part.address for part in plan.parts}


def environment_of(service: str, folder: Path, settings: LocalSettings) -> Mapping[str, str]:
    """What the service is started with; empty when nothing was ever started here."""
    last = remembered(folder)
    if last is None:
        return {}
    plan = planned(folder, last.elsewhere(settings), last.ports, progress=lambda _: None)
    return next(dict(program.environment) for program in plan.services if program.name == service)


def status(folder: Path, settings: LocalSettings) -> list[Row]:
    """Every part of the stack that was last started here; none when there was none."""
    last = remembered(folder)
    if last is None:
        return []
    plan = planned(folder, last.elsewhere(settings), last.ports, progress=lambda _: None)
    return asyncio.run(look(folder, plan))


async def look(folder: Path, plan: Plan) -> list[Row]:
    supervisor = Supervisor(folder)
    states = supervisor.states() if supervisor.process() is not None else {}
    answers = await asyncio.gather(*(_answers(part) for part in plan.parts))
    return [
        Row(part.name, without_password(part.address), states.get(part.name), ready)
        for part, ready in zip(plan.parts, answers, strict=True)
    ]


async def _answers(part: Part) -> bool:
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            await part.ready()
    except (NotReadyError, TimeoutError):
        return False
    return True


def _stop(folder: Path) -> None:
    supervisor = Supervisor(folder).process()
    # The supervisor stops its programs in order. Where it was killed, they are told themselves.
    first = [supervisor] if supervisor else processes.own_processes(folder)
    processes.end(folder, first=first, within_s=_STOPPED_WITHIN_S)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "lock").touch()
    except OSError as error:
        raise StackError(f"{folder} cannot be written to ({error.strerror}). Give this user the right to.") from error
    free = shutil.disk_usage(folder).free
    if free < _FREE_BYTES_MIN:
        raise StackError(
            f"the disk of {folder} has {free >> 20} MiB free and {_FREE_BYTES_MIN >> 20} are needed. Make room."
        )


def remembered(folder: Path) -> Remembered | None:
    """None where nothing was started, or where what was written down cannot be read any more."""
    try:
        return Remembered.model_validate_json((folder / "stack.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _write(folder: Path, now: Remembered) -> None:
    unfinished = folder / "stack.part"
    unfinished.touch(mode=0o600)  # an address elsewhere may hold a password
    unfinished.write_text(now.model_dump_json(indent=2), encoding="utf-8")
    unfinished.replace(folder / "stack.json")


def _to_remember(settings: LocalSettings, before: Remembered | None, *, runs: bool) -> Remembered:
    demanded = {name: getattr(settings, f"port_{name}") for name in USUAL_PORTS}
    last = before.ports if before else {}
    if runs:  # its ports are taken, by itself
        ports = last | {name: port for name, port in demanded.items() if port is not None}
        watched_by = settings.prometheus or (before and before.prometheus)
    else:
        ports = chosen_ports(demanded=demanded, remembered=last, usual=USUAL_PORTS)
        watched_by = found(settings.prometheus)
    return Remembered(
        ports=ports, kafka=settings.kafka, mongo=settings.mongo, smtp=settings.smtp, prometheus=watched_by
    )


def _tell(folder: Path, plan: Plan, say: Say) -> None:
    say("")
    say("All is ready.")
    for part in plan.parts:
        say(f"  {part.name:<12}{without_password(part.address)}")
    say(f"  {'mail kept':<12}{mail_folder(folder)}")
    say(f"  {'logs':<12}{log_of(folder, '<name>')}")
    say(f"  {'API keys':<12}{credentials.credentials_file(folder)}")
    say("Stop it with: spm down")


def without_password(address: str) -> str:
    return re.sub(r"//[^/@]*@", "//", address)
