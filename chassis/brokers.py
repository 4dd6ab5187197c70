"""What brokers tell of themselves: what they speak, how they are set, how full their disks are, who may do what."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import ApiVersionRequest, DescribeAclsRequest, DescribeConfigsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from chassis.kafka import REQUEST_MS, client_security
from chassis.settings import Settings

RESOURCES: Final[Mapping[str, int]] = {"topic": 2, "group": 3, "cluster": 4}
"""Kafka's numbers on the wire, as those below."""
OPERATIONS: Final[Mapping[str, int]] = {
    "All": 2,
    "Read": 3,
    "Write": 4,
    "Create": 5,
    "Delete": 6,
    "Describe": 8,
    "DescribeConfigs": 10,
    "AlterConfigs": 11,
}
LITERAL: Final = 3
PREFIXED: Final = 4
ALLOW: Final = 3
_ANY: Final = 1
_BROKER: Final = 4
_SECURITY_DISABLED: Final = 54


@dataclass(frozen=True, slots=True)
class Disk:
    """Where a broker keeps its log."""

    path: str
    online: bool
    total_bytes: int
    free_bytes: int
    """Of the volume; both are -1 where the broker cannot tell."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One access control entry, as the broker has it."""

    principal: str
    resource: str
    name: str
    operation: str
    prefixed: bool
    allows: bool


@dataclass(frozen=True, slots=True)
class Node:
    id: int
    host: str
    port: int

    def __str__(self) -> str:
        return f"broker {self.id} at {self.host}:{self.port}"


class Cluster:
    """Its brokers, asked one by one. Each question raises KafkaError where this principal may not ask it."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client

    @property
    def nodes(self) -> list[Node]:
        return sorted((Node(*row[:3]) for row in self._client.cluster.brokers()), key=lambda node: node.id)

    async def speaks(self, node: Node) -> dict[int, int]:
        """The newest version of each kind of request, by Kafka's number of the kind."""
        answer = await self._client.send(node.id, ApiVersionRequest())
        _refused(answer.error_code)
        return {kind: newest for kind, _, newest in answer.api_versions}

    async def config(self, node: Node) -> dict[str, str]:
        answer = await self._client.send(node.id, DescribeConfigsRequest([(_BROKER, str(node.id), None)]))
        [(code, _, _, _, entries)] = answer.resources
        _refused(code)
        return {entry[0]: entry[1] for entry in entries}

    async def disks(self, node: Node) -> list[Disk]:
        """Raises: NotImplementedError where the broker is older than Kafka 3.3."""
        answer = await self._client.send(node.id, _DescribeLogDirs())
        _refused(answer.error_code)
        return [Disk(path, code == 0, total, free) for code, path, _, total, free, _ in answer.results]

    async def entries(self) -> list[Entry] | None:
        """Every access control entry; None where nobody is asked who they are."""
        node = self._client.get_random_node()
        answer = await self._client.send(node, DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ANY))
        if answer.error_code == _SECURITY_DISABLED:
            return None
        _refused(answer.error_code)
        resources = {number: word for word, number in RESOURCES.items()}
        operations = {number: word for word, number in OPERATIONS.items()}
        return [
            Entry(who, resources.get(kind, ""), name, operations.get(what, ""), pattern == PREFIXED, allowed == ALLOW)
            for kind, name, pattern, acls in answer.resources
            for who, _, what, allowed in acls
        ]


@asynccontextmanager
async def cluster(settings: Settings) -> AsyncIterator[Cluster]:
    client = AIOKafkaClient(
        bootstrap_servers=settings.kafka,
        client_id="spm-operators",
        request_timeout_ms=REQUEST_MS,
        **client_security(settings),
    )
    try:
        await client.bootstrap()
        yield Cluster(client)
    finally:
        await client.close()


def _refused(code: int) -> None:
    if code:
        raise for_code(code)


class _LogDirsResponse(Response):  # type: ignore[misc] # the library is not typed
    """Version 4, the first that tells of free space; the library has no such request."""

    API_KEY = 35
    API_VERSION = 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "results",
            CompactArray(
                ("error_code", Int16),
                ("log_dir", CompactString("utf-8")),
                (
                    "topics",
                    CompactArray(
                        ("name", CompactString("utf-8")),
                        (
                            "partitions",
                            CompactArray(
                                ("partition_index", Int32),
                                ("partition_size", Int64),
                                ("offset_lag", Int64),
                                ("is_future_key", Boolean),
                                ("tags", TaggedFields),
                            ),
                        ),
                        ("tags", TaggedFields),
                    ),
                ),
                ("total_bytes", Int64),
                ("usable_bytes", Int64),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _LogDirsRequest(RequestStruct):  # type: ignore[misc] # the library is not typed
    FLEXIBLE_VERSION = True
    API_KEY = _LogDirsResponse.API_KEY
    API_VERSION = _LogDirsResponse.API_VERSION
    RESPONSE_TYPE = _LogDirsResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
            ),
        ),
        ("tags", TaggedFields),
    )


class _DescribeLogDirs(Request[_LogDirsRequest]):  # type: ignore[misc] # the library is not typed
    API_KEY = _LogDirsResponse.API_KEY

    def build(self, request_struct_class: type[_LogDirsRequest]) -> _LogDirsRequest:
        """Of no topic: the disks alone are asked for."""
        return request_struct_class((), {})
