"""What was looked at, held against what an installation needs. No word of this asks anybody anything."""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from chassis.access import KeyRow
from chassis.clock import JAKARTA
from chassis.groups import Waiting
from chassis.rights import OPERATOR, PRINCIPALS, mongo_roles, principal_of
from chassis.settings import Settings
from cli.doctor.findings import Finding, fault, warning, well
from contracts.topics import Topic

NAMES_SHOWN: Final = 3
SKEW_S_MAX: Final = 2.0
LAG_S_MAX: Final = 300.0
DISK_FREE_RATIO_MIN: Final = 0.10
KEY_ENDS_WITHIN: Final = timedelta(days=14)
MONGO_MAJOR_MIN: Final = 6
MAJORITY_LAG_S_MAX: Final = 15.0
"""MongoDB writes a note of its own each 10 s, which the majority has a moment later."""
FILES_PER_PARTITION: Final = 6
"""A log, its two indexes and the same for a segment that is being replaced."""
ACTIONS: Final = {
    "readWrite": {
        "find",
        "insert",
        "update",
        "remove",
        "createIndex",
        "listIndexes",
        "listCollections",
        "changeStream",
    },
    "dbAdmin": {"dropDatabase", "dropCollection", "collStats", "dbStats"},
}
"""What is done with each role; a role of an installation's own may hold the same."""
RECEIPT_KEYS_AGE: Final = timedelta(days=400)
_KEEPS: Final = {"unclean.leader.election.enable": "false"}
"""Else a copy that is behind may lead, and what was acknowledged is gone."""
_JAKARTA_OFFSET: Final = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class TopicSeen:
    partitions: int
    copies: int
    """The fewest of any partition."""
    in_sync: int
    """The fewest of any partition."""
    config: Mapping[str, str]


def topics(seen: Mapping[str, TopicSeen], wanted: Sequence[Topic], *, copies: int) -> list[Finding]:
    """Each topic against ``contracts/topics.py``."""
    found = [finding for topic in wanted if topic.name in seen for finding in _topic(topic, seen[topic.name], copies)]
    if missing := [topic.name for topic in wanted if topic.name not in seen]:
        told = f"{len(missing)} are not there: {', '.join(missing[:NAMES_SHOWN])}{', …' * (len(missing) > NAMES_SHOWN)}"
        found.append(fault("Kafka topics", told, f"{len(wanted)}", "spm topics"))
    return found or [well("Kafka topics", f"{len(wanted)} are there, as contracts/topics.py has them")]


def _topic(topic: Topic, seen: TopicSeen, copies: int) -> list[Finding]:
    part = f"topic {topic.name}"
    found = []
    if seen.partitions != topic.partitions:
        how = "keys move between partitions when their number changes: copy the topic into a new one, do not add to it"
        found.append(fault(part, f"{seen.partitions} partitions", f"{topic.partitions}", how))
    if seen.copies < copies:
        found.append(warning(part, f"{seen.copies} copies", f"{copies}", "kafka-reassign-partitions.sh"))
    if seen.in_sync < seen.copies:
        how = "look at the brokers: one is away or behind"
        found.append(fault(part, f"{seen.in_sync} of {seen.copies} copies in sync", "all", how))
    least = max(1, copies - 1)
    if int(seen.config.get("min.insync.replicas", "1")) < least:
        found.append(_config(topic, "min.insync.replicas", seen.config.get("min.insync.replicas", "1"), str(least)))
    for name, value in (topic.settings | _KEEPS).items():
        if (is_now := seen.config.get(name)) != value:
            found.append(_config(topic, name, str(is_now), value))
    return found


def _config(topic: Topic, name: str, found: str, expected: str) -> Finding:
    how = f"kafka-configs.sh --alter --entity-type topics --entity-name {topic.name} --add-config {name}={expected}"
    return fault(f"topic {topic.name}", f"{name}={found}", f"{name}={expected}", how)


def group(service: str, readers: int, waiting: Sequence[Waiting], *, rests: str | None, now_s: float) -> list[Finding]:
    """``rests``: why operators let it rest; None where they did not."""
    part = f"{service} reads"
    if rests is not None:
        return [warning(part, f"it rests: {rests}", "it reads", f"spm resume {service}")]
    if not readers:
        return [fault(part, "nobody is in its group", "one reader or more", f"start {service}; look at its log")]
    late = [row for row in waiting if row.oldest_ms is not None and now_s - row.oldest_ms / 1_000 > LAG_S_MAX]
    return [
        fault(
            part,
            f"{row.records:,} records of {row.topic} wait, the oldest {now_s - (row.oldest_ms or 0) / 1_000:,.0f} s",
            f"at most {LAG_S_MAX:.0f} s",
            f"look at batch.retry in the log of {service}; start more replicas where it only has too much to do",
        )
        for row in late
    ] or [well(part, f"{sum(row.records for row in waiting):,} records wait, {readers} readers")]


def dead_letters(open_by_service: Mapping[str, int]) -> list[Finding]:
    return [
        warning(f"{service} put aside", f"{count:,} records are not settled", "none", "spm dead-letters list")
        for service, count in sorted(open_by_service.items())
    ] or [well("dead letters", "none is open")]


def open_files(partitions: int, limit: int | None) -> list[Finding]:
    """``limit``: how many files the local broker may hold open; None where it runs elsewhere."""
    if limit is None:
        return []
    needed = partitions * FILES_PER_PARTITION
    if needed <= limit:
        return [well("Kafka's open files", f"about {needed:,} of {limit:,} for {partitions:,} partitions")]
    how = "raise LimitNOFILE (ulimit -n) of the broker, or delete topics that nobody needs"
    return [
        fault(
            "Kafka's open files", f"{partitions:,} partitions need {needed:,}", f"a limit above; it is {limit:,}", how
        )
    ]


def mongo(hello: Mapping[str, Any], version: str, *, asked_at: datetime, answered_at: datetime) -> list[Finding]:
    """``asked_at`` and ``answered_at``: our own time around the answer, which told the other's."""
    found = []
    if "setName" not in hello:
        how = "start mongod with --replSet and run rs.initiate(): w=majority promises nothing without"
        found.append(fault("MongoDB", "a mongod alone", "a replica set", how))
    elif not hello.get("isWritablePrimary"):
        how = "look at rs.status(); name all members in SPM_MONGO so that the primary is found"
        found.append(fault("MongoDB", "the member that answers is no primary", "a primary", how))
    elif len(hello.get("hosts", ())) < 3:  # noqa: PLR2004 - the fewest of which one may be lost
        how = "three data nodes in production; one is right on one machine"
        found.append(warning("MongoDB", f"{len(hello.get('hosts', ()))} data nodes", "three", how))
    if int(version.split(".", maxsplit=1)[0]) < MONGO_MAJOR_MIN:
        found.append(fault("MongoDB", f"version {version}", f"{MONGO_MAJOR_MIN} or newer", "upgrade it"))
    last = hello.get("lastWrite", {})
    if last and (behind_s := (last["lastWriteDate"] - last["majorityWriteDate"]).total_seconds()) > MAJORITY_LAG_S_MAX:
        how = "look at rs.status() and bring back the members that are away: until then no write is acknowledged"
        found.append(fault("MongoDB", f"the majority is {behind_s:,.0f} s behind", f"{MAJORITY_LAG_S_MAX:.0f} s", how))
    theirs = hello["localTime"]
    skew_s = max((asked_at - theirs).total_seconds(), (theirs - answered_at).total_seconds())
    if skew_s > SKEW_S_MAX:
        how = "let both machines follow one time server (chrony, systemd-timesyncd)"
        found.append(fault("clock of MongoDB", f"{skew_s:,.1f} s from ours", f"within {SKEW_S_MAX:.0f} s", how))
    return found or [well("MongoDB", f"version {version}, replica set {hello['setName']}, primary")]


def mongo_rights(status: Mapping[str, Any], settings: Settings) -> list[Finding]:
    """``status``: what ``connectionStatus`` answers, with privileges."""
    known = status["authInfo"]
    users = [row["user"] for row in known["authenticatedUsers"]]
    if not users:
        return [well("rights at MongoDB", "nobody is asked who they are")]
    needed = mongo_roles(who_looks(status, settings), settings)
    how = "run what spm rights mongo prints for this user (db.updateUser where it is there already)"
    return [
        fault(
            f"rights of {users[0]} at MongoDB", f"lacks {', '.join(sorted(lacking))} in {role.database}", role.role, how
        )
        for role in needed
        if (lacking := ACTIONS[role.role] - _actions_in(role.database, known["authenticatedUserPrivileges"]))
    ] or [well("rights at MongoDB", f"{users[0]} may do what it needs to")]


def who_looks(status: Mapping[str, Any], settings: Settings) -> str:
    """The principal; whoever is none of ours looks in the operators' place."""
    principals = {principal_of(name, settings): name for name in PRINCIPALS}
    users = (row["user"] for row in status["authInfo"]["authenticatedUsers"])
    return next((principals[user] for user in users if user in principals), OPERATOR)


def _actions_in(database: str, privileges: Sequence[Mapping[str, Any]]) -> set[str]:
    """What may be done to every collection of the database."""
    everywhere = ({"db": database, "collection": ""}, {"db": "", "collection": ""}, {"anyResource": True})
    return {action for row in privileges if row["resource"] in everywhere for action in row["actions"]}


def disk(part: str, *, free_bytes: float, total_bytes: float) -> list[Finding]:
    share = free_bytes / total_bytes if total_bytes else 0
    told = f"{free_bytes / 2**30:,.1f} GiB free of {total_bytes / 2**30:,.1f}"
    if share < DISK_FREE_RATIO_MIN:
        how = "make room or give it a larger disk: a full one stops admission"
        return [fault(f"disk of {part}", told, f"{DISK_FREE_RATIO_MIN:.0%} free", how)]
    return [well(f"disk of {part}", told)]


def indexes(service: str, wanted: Mapping[str, set[str]], found: Mapping[str, set[str]]) -> list[Finding]:
    """Names of indexes by collection."""
    missing = {name: lacking for name, keys in wanted.items() if (lacking := keys - found.get(name, set()))}
    how = f"start {service} again: it makes them; a unique one that cannot be made is named in its log"
    return [
        fault(f"{service}.{name}", f"lacks {', '.join(sorted(lacking))}", "every index", how)
        for name, lacking in sorted(missing.items())
    ] or [well(f"indexes of {service}", f"{sum(map(len, wanted.values()))} are there")]


def secret_file(setting: str, mode: int | None, *, ours: bool = True) -> list[Finding]:
    """``mode``: of the file; None where it cannot be read. Not ``ours``: lent through a group, as by Kubernetes."""
    if mode is None:
        return [fault(setting, "its file cannot be read", "a file of this user's", f"mend the path in {setting}")]
    if mode & (stat.S_IRWXO | (stat.S_IRWXG if ours else 0)):
        how = "chmod 600 (on Kubernetes defaultMode: 0440), and change what it holds if strangers are on this machine"
        return [fault(setting, f"its file is open to others ({stat.filemode(mode)})", "-rw-------", how)]
    return [well(setting, "its file is nobody else's")]


def receipt_keys(ids: Sequence[str], *, written_at: datetime, now: datetime) -> list[Finding]:
    """``written_at``: when the file was; a key itself does not tell its age."""
    part, age = "SPM_RECEIPT_KEYS", now - written_at
    if age > RECEIPT_KEYS_AGE:
        how = "spm receipt rotate FILE, then start every intake again"
        return [warning(part, f"the key that signs is {age.days} days old", f"{RECEIPT_KEYS_AGE.days} at most", how)]
    return [well(part, f"{ids[0]} signs, {len(ids) - 1} more verify")]


def api_keys(rows: Sequence[KeyRow], now: datetime) -> list[Finding]:
    part = "SPM_API_KEYS"
    if not any("keys:write" in row.scopes and row.region == "*" and not row.over(now) for row in rows):
        how = "put a key with keys:write and region * into the file: no other key can be issued without"
        return [fault(part, "no key in force may issue keys", "one", how)]
    ending = [row.key_id for row in rows if row.expires_at and now < row.expires_at < now + KEY_ENDS_WITHIN]
    if ending:
        how = "issue others in their place before (spm key rotate)"
        return [warning(part, f"soon over: {', '.join(ending)}", f"none within {KEY_ENDS_WITHIN.days} days", how)]
    return [well(part, f"{len(rows)} keys")]


def service(name: str, status: int | None, versions: Sequence[str], *, ours: str) -> list[Finding]:
    """``status``: of /ready; None where nobody answered."""
    if status is None:
        return [fault(name, "/ready does not answer", "200", f"start {name}; look at its log")]
    if status != 200:  # noqa: PLR2004 - the status of what is well
        how = f"look at service.waiting and task.retry in the log of {name}"
        return [fault(name, f"/ready answers {status}", "200", how)]
    if versions and set(versions) != {ours}:
        how = "one version everywhere: finish the upgrade, or use the command of the version that runs"
        return [warning(name, f"version {', '.join(sorted(set(versions)))}", f"{ours}, as this command", how)]
    return [well(name, "ready")]


def time_zone(moment: datetime) -> list[Finding]:
    offset = moment.astimezone(JAKARTA).utcoffset()
    if offset != _JAKARTA_OFFSET:
        return [fault("time zone", f"Asia/Jakarta is {offset} from UTC", "7:00:00", "install tzdata again")]
    return [well("time zone", "Asia/Jakarta is seven hours from UTC")]
