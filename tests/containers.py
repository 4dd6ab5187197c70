"""Apache Kafka and MongoDB from their official images, where SPM_TEST_ENGINES=containers asks for them.

A test run that is killed leaves its containers to Ryuk, Testcontainers' own cleaner. Where Ryuk's image cannot be
had, TESTCONTAINERS_RYUK_DISABLED=true does without it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from deploy.local.errors import StackError
from deploy.local.kafka import answers, server_properties
from deploy.local.mongod import REPLICA_SET, is_primary
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.program import Ready, wait_until

KAFKA_IMAGE = "apache/kafka:4.3.1"
MONGO_IMAGE = "mongo:7"
_KAFKA_PORT = 9092
_CONTROLLER_PORT = 9093
_MONGO_PORT = 27017
_LAST_LINES = 15


@asynccontextmanager
async def kafka_container() -> AsyncIterator[str]:
    port = free_port()  # chosen before the start, because the broker must advertise it
    address = f"{LOOPBACK}:{port}"
    container = _container(KAFKA_IMAGE, inside=_KAFKA_PORT, port=port).with_envs(**kafka_environment(port))
    async with _running(container, ready=lambda: answers(address)):
        yield address


@asynccontextmanager
async def mongo_container() -> AsyncIterator[str]:
    port = free_port()
    container = _container(MONGO_IMAGE, inside=_MONGO_PORT, port=port).with_command(
        f"--replSet {REPLICA_SET} --bind_ip_all"
    )
    member = f"{LOOPBACK}:{_MONGO_PORT}"  # as seen inside, where the replica set lives
    async with _running(container, ready=lambda: is_primary(port, member=member)):
        yield f"mongodb://{LOOPBACK}:{port}/?directConnection=true"


def kafka_environment(port: int) -> dict[str, str]:
    """The settings of the local broker as the image takes them, advertised at the host's ``port``."""
    properties = server_properties(port=_KAFKA_PORT, controller_port=_CONTROLLER_PORT, data="/var/lib/kafka/data")
    settings = (line.partition("=") for line in properties.splitlines() if line and not line.startswith("#"))
    environment = {"KAFKA_" + key.upper().replace(".", "_"): value for key, _, value in settings}
    return environment | {
        "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{_KAFKA_PORT},CONTROLLER://{LOOPBACK}:{_CONTROLLER_PORT}",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{port}",
    }


def _container(image: str, *, inside: int, port: int) -> DockerContainer:
    """Its port ``inside`` answers at this machine's ``port``."""
    try:
        container = DockerContainer(image)
    except DockerException as error:
        raise StackError(
            f"SPM_TEST_ENGINES=containers was demanded, but no Docker daemon answers ({error}). Start Docker, or"
            " unset SPM_TEST_ENGINES to use this machine's own engines."
        ) from error
    # Testcontainers' own way would publish an engine without a password on every network of this machine.
    published: dict[str, Any] = container.ports
    published[f"{inside}/tcp"] = (LOOPBACK, port)
    return container


@asynccontextmanager
async def _running(container: DockerContainer, *, ready: Ready) -> AsyncIterator[None]:
    try:
        await asyncio.to_thread(_start, container)
        await wait_until(ready, what=container.image, check_alive=lambda: _check_alive(container))
        yield
    finally:
        await asyncio.to_thread(container.stop)


def _start(container: DockerContainer) -> None:
    try:
        container.start()
    except DockerException as error:
        raise StackError(
            f"Docker could not start {container.image} ({error}). If only the image testcontainers/ryuk is missing,"
            " set TESTCONTAINERS_RYUK_DISABLED=true. To use this machine's own engines, unset SPM_TEST_ENGINES."
        ) from error


def _check_alive(container: DockerContainer) -> None:
    container.reload()
    if container.status == "running":
        return
    end = container.get_wrapped_container().logs(tail=_LAST_LINES).decode(errors="replace")
    raise StackError(f"{container.image} ended while it started; its log ends:\n{end}")
