"""Apache Kafka and MongoDB from their official images, where SPM_TEST_ENGINES=containers asks for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from deploy.local.errors import StackError
from deploy.local.kafka import answers, server_properties
from deploy.local.mongod import REPLICA_SET, is_primary
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.program import wait_until

KAFKA_IMAGE = "apache/kafka:4.3.1"
MONGO_IMAGE = "mongo:7"
_KAFKA_PORT = 9092
_CONTROLLER_PORT = 9093
_MONGO_PORT = 27017


@asynccontextmanager
async def kafka_container() -> AsyncIterator[str]:
    port = free_port()  # chosen before the start, because the broker must advertise it
    container = _container(KAFKA_IMAGE).with_bind_ports(_KAFKA_PORT, port).with_envs(**kafka_environment(port))
    address = f"{LOOPBACK}:{port}"
    try:
        await asyncio.to_thread(container.start)
        await wait_until(lambda: answers(address), what=f"{KAFKA_IMAGE} at {address}")
        yield address
    finally:
        await asyncio.to_thread(container.stop)


@asynccontextmanager
async def mongo_container() -> AsyncIterator[str]:
    port = free_port()
    container = (
        _container(MONGO_IMAGE)
        .with_bind_ports(_MONGO_PORT, port)
        .with_command(f"--replSet {REPLICA_SET} --bind_ip_all")
    )
    member = f"{LOOPBACK}:{_MONGO_PORT}"  # as seen inside, where the replica set lives
    try:
        await asyncio.to_thread(container.start)
        await wait_until(lambda: is_primary(port, member=member), what=f"{MONGO_IMAGE} at port {port}")
        yield f"mongodb://{LOOPBACK}:{port}/?directConnection=true"
    finally:
        await asyncio.to_thread(container.stop)


def kafka_environment(port: int) -> dict[str, str]:
    """The settings of the local broker as the image takes them, advertised at the host's ``port``."""
    properties = server_properties(port=_KAFKA_PORT, controller_port=_CONTROLLER_PORT, data="/var/lib/kafka/data")
    settings = (line.partition("=") for line in properties.splitlines() if line and not line.startswith("#"))
    environment = {"KAFKA_" + key.upper().replace(".", "_"): value for key, _, value in settings}
    return environment | {
        "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{_KAFKA_PORT},CONTROLLER://{LOOPBACK}:{_CONTROLLER_PORT}",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{port}",
    }


def _container(image: str) -> DockerContainer:
    try:
        return DockerContainer(image)
    except DockerException as error:
        raise StackError(
            f"SPM_TEST_ENGINES=containers was demanded, but no Docker daemon answers ({error}). Start Docker, or"
            " unset SPM_TEST_ENGINES to use this machine's own engines."
        ) from error
