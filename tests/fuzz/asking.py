"""``make fuzz``: schemathesis asks a running intake what its OpenAPI document promises, with every check."""

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from chassis.settings import Settings
from contracts.scopes import SCOPES
from tests.engines import EngineChoice, run_with_engines, shared_kafka, shared_mongo
from tests.intake.streaming import open_period
from tests.processes import service_process, started
from tests.running import Keys, settings_for

CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")
_ENDS_S: Final = 3_600


async def asked(settings: Settings, keys: Keys, folder: Path, *options: str) -> tuple[int, str]:
    """The exit code of schemathesis, 0 where every promise was kept, and what it said."""
    headers = keys.issue("skema", list(SCOPES))
    async with started(service_process("intake", settings, folder)) as running:
        # Reports for an open period are taken, so that what follows on them is asked for too.
        await open_period(running, headers)
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION)),
            *("run", f"{running.address}/openapi.json", "--header", f"Authorization: {headers['Authorization']}"),
            *options,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), _ENDS_S)
    assert process.returncode is not None
    return process.returncode, said.decode()


async def _main() -> int:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spm-fuzz-")))
        kafka = await stack.enter_async_context(shared_kafka(EngineChoice(), folder / "kafka"))
        mongo = await stack.enter_async_context(shared_mongo(EngineChoice(), folder / "mongod"))
        keys = Keys(folder)
        settings = settings_for(kafka, mongo, keys, rate_limit=1_000_000)
        code, said = await asked(settings, keys, folder, "--max-examples", "50", "--continue-on-failure")
    sys.stdout.write(said)
    return code


if __name__ == "__main__":
    sys.exit(run_with_engines(_main()))
