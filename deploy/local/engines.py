"""Kafka and MongoDB for tests and benches: started, killed and started again on the same folder and port."""

import asyncio
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.kafka import kafka
from deploy.local.mongod import mongod
from deploy.local.ports import free_port
from deploy.local.program import Program, last_lines, wait_until


class Engine:
    """One running program; ``start_kafka`` and ``start_mongod`` make it.

    ``address`` is what clients connect to: ``host:port`` of Kafka, the URI of MongoDB.
    """

    def __init__(self, program: Program) -> None:
        self.address = program.address
        self.folder = program.folder
        self.log = program.folder / f"{program.name}.log"
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise StackError(f"{self._program.name} does not run; start() it first")
        return self._process.pid

    async def start(self) -> None:
        """Start and wait until ready. Raises: StackError with the last lines of the log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self._program.prepare)
        self._process = self._launched()
        try:
            await wait_until(
                self._program.ready,
                what=f"{self._program.name} at {self.address}",
                check_alive=self._check_alive,
            )
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """End it in order; a second call does nothing."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a crash would."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Start it again, on the same folder and port, after ``stop`` or ``kill``."""
        await self.stop()
        await self.start()

    def _launched(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._program.command,
                cwd=self._program.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # an interrupt from the keyboard is for the tests, which stop it then
            )

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            await asyncio.to_thread(process.wait, self._program.stop_within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)

    def _check_alive(self) -> None:
        if self._process is None or self._process.poll() is not None:
            raise StackError(f"{self._program.name} ended while it started; {self.log} ends:\n{last_lines(self.log)}")


async def start_kafka(
    folder: Path,
    *,
    cache: Path,
    port: int | None = None,
    progress: Callable[[str], None] = print,
) -> Engine:
    """A broker that keeps its records in ``folder``; on a free port where none is given."""
    port = port or free_port()
    controller_port = free_port(besides=frozenset({port}))
    return await _started(kafka(folder, port=port, controller_port=controller_port, cache=cache, progress=progress))


async def start_mongod(folder: Path, *, port: int | None = None) -> Engine:
    """A replica set of one that keeps its files in ``folder``; on a free port where none is given."""
    return await _started(mongod(folder, port=port or free_port()))


async def _started(program: Program) -> Engine:
    engine = Engine(program)
    await engine.start()
    return engine
