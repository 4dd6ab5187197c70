"""The supervisor that starts the stack's programs again when they die."""

import getpass
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from deploy.local import processes
from deploy.local.errors import StackError
from deploy.local.program import Program, last_lines

# A socket's path may have 107 bytes; the supervisor appends up to eight while it makes it.
_SOCKET_PATH_BYTES_MAX = 98
_STARTS_MAX = 3
_START_WITHIN_S = 20
_AT_REST = {"STOPPED", "EXITED", "FATAL"}


@dataclass(frozen=True)
class State:
    """What the supervisor knows of one program; ``uptime_s`` is None when it does not run."""

    word: str
    pid: int | None
    started_at: int
    uptime_s: int | None
    group: str


def configuration(folder: Path, groups: Mapping[str, Sequence[Program]]) -> str:
    """Groups start when they are told to, and are stopped one after another, the last one first."""
    sections = [
        _section("unix_http_server", {"file": _socket(folder), "chmod": "0700"}),
        _section(
            "supervisord",
            {
                "logfile": log_of(folder, "supervisord"),
                "logfile_maxbytes": "10MB",
                "logfile_backups": 1,
                "pidfile": folder / "supervisord.pid",
                "identifier": "spm-awards",
                "user": getpass.getuser(),
            },
        ),
        _section(
            "rpcinterface:supervisor",
            {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
        ),
    ]
    for place, (group, programs) in enumerate(groups.items(), start=1):
        if programs:
            names = ",".join(program.name for program in programs)
            sections.append(_section(f"group:{group}", {"programs": names, "priority": place}))
            sections.extend(_program_section(folder, program) for program in programs)
    return "\n".join(sections)


def _program_section(folder: Path, program: Program) -> str:
    environment = ",".join(f'{name}="{value}"' for name, value in program.environment.items())
    settings = {
        "command": shlex.join(program.command),
        "directory": program.folder,
        "environment": environment,
        "autostart": "false",
        "autorestart": "true",
        "startsecs": 1,
        "startretries": 1_000,  # with a growing pause; the broken world may need its time
        "stopwaitsecs": program.stop_within_s,
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": log_of(folder, program.name),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": 3,
    }
    return _section(f"program:{program.name}", settings)


def _section(title: str, settings: Mapping[str, object]) -> str:
    lines = [f"{name} = {_escaped(str(value))}" for name, value in settings.items() if value != ""]
    return "\n".join([f"[{title}]", *lines, ""])


def _escaped(value: str) -> str:
    """As the supervisor reads it back: it expands what follows a per cent sign."""
    return value.replace("%", "%%")


def log_of(folder: Path, name: str) -> Path:
    return folder / "logs" / f"{name}.log"


def _socket(folder: Path) -> Path:
    socket = folder / "supervisor.sock"
    length = len(bytes(socket))
    if length > _SOCKET_PATH_BYTES_MAX:
        raise StackError(
            f"the path {socket} has {length} bytes, and a socket's path may have {_SOCKET_PATH_BYTES_MAX}."
            " Move the clone to a shorter path."
        )
    return socket


class Supervisor:
    """The supervisor of the stack in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._configuration = folder / "supervisord.conf"

    def process(self) -> psutil.Process | None:
        """None when it does not run."""
        for process in processes.own_processes(self.folder):
            try:
                if str(self._configuration) in process.cmdline():
                    return process
            except psutil.Error:
                continue  # it has ended meanwhile
        return None

    def start(self, configuration: str) -> None:
        """Start it; no program is started yet."""
        (self.folder / "logs").mkdir(exist_ok=True)
        self._configuration.touch(mode=0o600)  # addresses of engines elsewhere may hold a password
        self._configuration.write_text(configuration, encoding="utf-8")
        done = subprocess.run(
            [
                *("env", processes.mark(self.folder)),
                *(sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration)),
            ],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_WITHIN_S,
        )
        if done.returncode != 0:
            raise StackError(f"the supervisor did not start: {done.stderr.strip() or done.stdout.strip()}")

    def start_programs(self, group: str) -> None:
        """Start those of the group that do not run; does not wait for them."""
        wait = False
        for name, state in self.states().items():
            if group == state.group and state.word in _AT_REST:
                self._ask("startProcess", f"{group}:{name}", wait)

    def stop_programs(self, group: str) -> None:
        """Stop those of the group that run, and wait for their end."""
        wait = True
        self._ask("stopProcessGroup", group, wait)

    def states(self) -> dict[str, State]:
        return {
            told["name"]: State(
                word=told["statename"],
                pid=told["pid"] or None,
                started_at=told["start"],
                uptime_s=told["now"] - told["start"] if told["pid"] else None,
                group=told["group"],
            )
            for told in self._ask("getAllProcessInfo")
        }

    def watch(self, program: Program) -> Callable[[], None]:
        """A check, to be made again and again, that the program does not end while it starts."""
        starts: set[int] = set()
        log = log_of(self.folder, program.name)

        def check() -> None:
            state = self.states()[program.name]
            starts.add(state.started_at)
            if state.word == "FATAL" or len(starts) > _STARTS_MAX:
                raise StackError(
                    f"{program.name} ended {len(starts) - 1} times while it started; {log} ends:\n{last_lines(log)}"
                )

        return check

    def _ask(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{_socket(self.folder)}")
        try:
            with ServerProxy("http://127.0.0.1", transport=transport) as supervisor:
                return getattr(supervisor.supervisor, method)(*arguments)
        except Fault as fault:
            raise StackError(f"the supervisor refused {method}{arguments}: {fault.faultString}") from fault
        except (OSError, HTTPException) as error:
            log = log_of(self.folder, "supervisord")
            raise StackError(f"the supervisor does not answer ({error}); {log} ends:\n{last_lines(log)}") from error
