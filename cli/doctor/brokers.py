"""Brokers, one by one: what they speak, how they are set, what room they have, and the rights they know of."""

from collections.abc import Mapping, Sequence
from typing import Final

from aiokafka.errors import ClusterAuthorizationFailedError

from chassis.brokers import Cluster, Disk, Entry, Node, cluster
from chassis.rights import OPERATOR, PRINCIPALS, Grant, kafka_grants, principal_of
from chassis.settings import Settings
from cli.doctor import judging
from cli.doctor.findings import Finding, fault, warning, well

_INIT_PRODUCER_ID: Final = 22
_NEEDED: Final = (
    (_INIT_PRODUCER_ID, 0, "idempotent producers"),
    (11, 5, "readers with a lasting name"),
    (65, 0, "idempotent producers without a right of their own"),
)
"""Kinds of requests with the least version, by Kafka's numbers. The last came with Kafka 3.0 (KIP-664)."""
_RETENTION_MIN: Final = 10_080
_SESSION_MS: Final = 10_000


async def brokers(settings: Settings) -> list[Finding]:
    async with cluster(settings) as seen:
        spoken = {node: await seen.speaks(node) for node in seen.nodes}
        found = features(spoken, idempotent=settings.kafka_idempotent)
        try:
            for node in seen.nodes:
                found += config(node, await seen.config(node), copies=settings.kafka_replication)
                found += disks(node, await _disks(seen, node))
            return found + rights(await seen.entries(), settings)
        except ClusterAuthorizationFailedError:
            how = f"look as {principal_of(OPERATOR, settings)}, with the rights that spm rights kafka prints"
            return [*found, warning("Kafka", "settings, disks and rights are not shown to this user", "a look", how)]


async def _disks(seen: Cluster, node: Node) -> list[Disk]:
    try:
        return await seen.disks(node)
    except NotImplementedError:  # its Kafka is older than that question
        return []


def features(spoken: Mapping[Node, Mapping[int, int]], *, idempotent: bool) -> list[Finding]:
    """``spoken``: the newest version of each kind of request, by broker."""
    found = []
    for node, newest in spoken.items():
        lacking = [
            what
            for kind, version, what in _NEEDED
            if newest.get(kind, -1) < version and (idempotent or kind != _INIT_PRODUCER_ID)
        ]
        if lacking:
            how = "upgrade it; a Kafka of another make without idempotence needs SPM_KAFKA_IDEMPOTENT=false"
            found.append(fault(str(node), f"does not know {', '.join(lacking)}", "Kafka 3.0 or newer", how))
    if len({tuple(sorted(newest.items())) for newest in spoken.values()}) > 1:
        how = "finish the upgrade: one version everywhere"
        found.append(warning("Kafka", "brokers of different versions", "one version", how))
    return found or [well("Kafka", f"{len(spoken)} brokers know every request that services send")]


def config(node: Node, found: Mapping[str, str], *, copies: int) -> list[Finding]:
    """``copies``: of each topic, as ``SPM_KAFKA_REPLICATION`` says."""
    told = []
    if found.get("auto.create.topics.enable") == "true":
        why = "a name written wrong becomes a topic"
        told.append(_set(node, "auto.create.topics.enable=true", "auto.create.topics.enable=false", why))
    for name, least, why in (
        ("offsets.topic.replication.factor", copies, "with one broker away nobody can commit"),
        ("offsets.retention.minutes", _RETENTION_MIN, "a service that was away for longer reads everything again"),
        ("group.max.session.timeout.ms", _SESSION_MS, "no reader is let into its group"),
    ):
        if (value := found.get(name)) is not None and int(value) < least:
            told.append(_set(node, f"{name}={value}", f"{name}={least} or more", why))
    return told or [well(str(node), "is set as services need it")]


def _set(node: Node, found: str, expected: str, why: str) -> Finding:
    how = f"set it in server.properties and start the broker again: otherwise {why}"
    if found.startswith("offsets.topic"):
        how += "; kafka-reassign-partitions.sh gives __consumer_offsets more copies, if it is there already"
    return warning(str(node), found, expected, how)


def disks(node: Node, seen: Sequence[Disk]) -> list[Finding]:
    found = []
    for disk in seen:
        part = f"{node}, {disk.path}"
        if not disk.online:
            how = "look at the broker's log and the disk, mend it and start the broker again"
            found.append(fault(part, "the folder of the log is offline", "online", how))
        elif disk.total_bytes > 0:
            found += judging.disk(part, free_bytes=disk.free_bytes, total_bytes=disk.total_bytes)
    return found


def rights(entries: Sequence[Entry] | None, settings: Settings) -> list[Finding]:
    """``entries``: of every principal; None where nobody is asked who they are."""
    if entries is None:
        return [well("rights at Kafka", "nobody is asked who they are")]
    users = {f"User:{principal_of(name, settings)}": name for name in PRINCIPALS}
    if not any(entry.principal in users for entry in entries):
        how = "spm rights kafka prints them; nothing is wrong where rights are kept elsewhere than in Kafka's entries"
        return [warning("rights at Kafka", f"no entry names {', '.join(users)}", "each with its own", how)]
    found = []
    for name in PRINCIPALS:
        if lacking := [grant for grant in kafka_grants(name, settings) if not _given(grant, entries)]:
            named = [f"{grant.operation} on {grant.resource} {grant.name}" for grant in lacking]
            more = f" and {len(named) - judging.NAMES_SHOWN} more" if len(named) > judging.NAMES_SHOWN else ""
            told = f"lacks {', '.join(named[: judging.NAMES_SHOWN])}{more}"
            how = f"run what spm rights kafka prints below # {name}; one that denies may stand in the way too"
            found.append(fault(f"rights of {principal_of(name, settings)} at Kafka", told, "its own", how))
    return found or [well("rights at Kafka", f"{len(PRINCIPALS)} users have what they need")]


def _given(grant: Grant, entries: Sequence[Entry]) -> bool:
    meant = [entry for entry in entries if _means(entry, grant)]
    return bool(meant) and all(entry.allows for entry in meant)


def _means(entry: Entry, grant: Grant) -> bool:
    """Whether the entry speaks of all that the grant speaks of."""
    if entry.prefixed:
        named = grant.name.startswith(entry.name)
    else:
        named = entry.name == "*" or (entry.name == grant.name and not grant.prefixed)
    return (
        named
        and entry.resource == grant.resource
        and entry.operation in {grant.operation, "All"}
        and entry.principal in {f"User:{grant.principal}", "User:*"}
    )
