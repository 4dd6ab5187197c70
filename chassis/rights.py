"""What each service may do at Kafka and MongoDB, and nothing else: derived from the contracts."""

from dataclasses import dataclass
from typing import Final, Literal

from chassis.groups import group_of
from chassis.settings import Settings
from contracts.topics import TOPICS, dead_letter_of, read_of, written_of

SERVICES: Final = tuple(sorted({name for topic in TOPICS for name in (*topic.read_by, *topic.followed_by)}))
OPERATOR: Final = "operator"
DESK: Final = "desk"
PRINCIPALS: Final = (*SERVICES, OPERATOR, DESK)

Resource = Literal["topic", "group", "cluster"]
Operation = Literal["AlterConfigs", "Create", "Delete", "Describe", "DescribeConfigs", "Read", "Write"]
CLUSTER: Final = "kafka-cluster"
"""As Kafka names the only one."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One access control entry of Kafka: who may do what to which resource.

    Read and Write contain Describe; to write without gaps (idempotence) needs no right of its own since Kafka 3.0.
    """

    principal: str
    resource: Resource
    name: str
    operation: Operation
    prefixed: bool = False
    """The name is the beginning of those that are meant."""


@dataclass(frozen=True, slots=True)
class Role:
    """A built-in role of MongoDB in one database."""

    role: Literal["readWrite", "dbAdmin"]
    database: str


def principal_of(service: str, settings: Settings) -> str:
    """The user's name at Kafka and at MongoDB."""
    return group_of(service, settings)


def kafka_grants(service: str, settings: Settings) -> list[Grant]:
    """A service reads in its own group what it reads, and writes what it writes."""
    principal, prefix = principal_of(service, settings), settings.kafka_prefix
    if service == OPERATOR:
        return _operator_grants(principal, f"{prefix}spm-")
    if service == DESK:
        return _desk_grants(principal, prefix)
    reading = [Grant(principal, "topic", prefix + topic.name, "Read") for topic in read_of(service)]
    writing = [Grant(principal, "topic", prefix + topic.name, "Write") for topic in written_of(service)]
    return [*reading, *writing, Grant(principal, "group", group_of(service, settings), "Read")]


def _operator_grants(principal: str, beginning: str) -> list[Grant]:
    """Operators make topics, settle dead letters and rewind groups; of other installations they see no record.

    Whether brokers are set right, have room and know everybody's rights is asked of the cluster (``spm doctor``).
    """
    topics: tuple[Operation, ...] = ("Create", "Read", "Write", "Delete", "DescribeConfigs", "AlterConfigs")
    groups: tuple[Operation, ...] = ("Read", "Delete")
    looks: tuple[Operation, ...] = ("Describe", "DescribeConfigs")
    return [
        *(Grant(principal, "topic", beginning, operation, prefixed=True) for operation in topics),
        *(Grant(principal, "group", beginning, operation, prefixed=True) for operation in groups),
        *(Grant(principal, "cluster", CLUSTER, operation) for operation in looks),
    ]


def _desk_grants(principal: str, prefix: str) -> list[Grant]:
    """The desk shows dead letters and writes the record again where it stood: in what somebody reads."""
    read = [topic for topic in TOPICS if topic.read_by]
    both: tuple[Operation, ...] = ("Read", "Write")
    return [
        *(Grant(principal, "topic", prefix + topic.name, operation) for topic in read for operation in both),
        *(Grant(principal, "topic", prefix + dead_letter_of(topic).name, "Read") for topic in read),
    ]


def mongo_roles(service: str, settings: Settings) -> list[Role]:
    """A service has one database; operators drop and compare those of all; the desk has none."""
    if service == DESK:
        return []
    if service == OPERATOR:
        databases = [settings.mongo_prefix + name for name in SERVICES]
        return [role for name in databases for role in (Role("readWrite", name), Role("dbAdmin", name))]
    return [Role("readWrite", settings.mongo_prefix + service)]
