"""What the doctor says of brokers, rights and certificates that are wrong in one way each, and of real ones."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from chassis.brokers import Disk, Entry, Node, cluster
from chassis.clock import FixedClock, SystemClock
from chassis.rights import PRINCIPALS, Grant, Role, kafka_grants, principal_of
from chassis.settings import Settings
from cli.doctor import brokers as judged
from cli.doctor.certificates import certificates
from cli.doctor.findings import Finding, State
from cli.doctor.looking import mongo
from contracts.topics import SUBMISSION_JUDGED
from tests.faults.wires import ADMIN, Secured, secured_engines

USUAL = Settings()
NODE = Node(1, "kafka.example", 9092)
SPEAKS = {22: 5, 11: 9, 65: 0}
JUDGED = Grant(principal_of("scoring", USUAL), "topic", SUBMISSION_JUDGED.name, "Read")
ENDS = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=36_500)
"""What the authority of the tests says of its certificates."""


def states(findings: list[Finding]) -> list[State]:
    return [finding.state for finding in findings]


def entries() -> list[Entry]:
    return [entry(grant) for name in PRINCIPALS for grant in kafka_grants(name, USUAL)]


def entry(grant: Grant) -> Entry:
    return Entry(f"User:{grant.principal}", grant.resource, grant.name, grant.operation, grant.prefixed, allows=True)


@pytest.mark.parametrize(
    ("speaks", "idempotent", "told"),
    [
        (SPEAKS, True, None),
        ({11: 9, 65: 0}, True, "idempotent producers"),
        ({11: 9, 65: 0}, False, None),
        (SPEAKS | {11: 4}, True, "readers with a lasting name"),
        ({22: 5, 11: 9}, True, "without a right of their own"),
    ],
)
def test_a_broker_that_is_too_old_is_told_by_what_it_lacks(
    speaks: dict[int, int], told: str | None, *, idempotent: bool
) -> None:
    (finding,) = judged.features({NODE: speaks}, idempotent=idempotent)
    assert (finding.state is State.WELL) == (told is None)
    assert told is None or told in finding.found


def test_an_upgrade_of_brokers_that_stands_still_is_seen() -> None:
    found = judged.features({NODE: SPEAKS, replace(NODE, id=2): SPEAKS | {11: 8}}, idempotent=True)
    assert [(finding.state, finding.found) for finding in found] == [
        (State.WARNING, "brokers of different versions"),
    ]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"auto.create.topics.enable": "false", "offsets.topic.replication.factor": "3"}, None),
        ({"auto.create.topics.enable": "true"}, "auto.create.topics.enable=false"),
        ({"offsets.topic.replication.factor": "1"}, "offsets.topic.replication.factor=3 or more"),
        ({"offsets.retention.minutes": "60"}, "offsets.retention.minutes=10080 or more"),
        ({"group.max.session.timeout.ms": "9000"}, "group.max.session.timeout.ms=10000 or more"),
        ({}, None),
    ],
)
def test_a_broker_that_is_set_against_us_is_told(config: dict[str, str], expected: str | None) -> None:
    (finding,) = judged.config(NODE, config, copies=3)
    assert (finding.state is State.WELL) == (expected is None)
    assert expected in {None, finding.expected}


@pytest.mark.parametrize(
    ("disk", "expected"),
    [
        (Disk("/log", online=True, total_bytes=100, free_bytes=11), [State.WELL]),
        (Disk("/log", online=True, total_bytes=100, free_bytes=9), [State.FAULT]),
        (Disk("/log", online=False, total_bytes=100, free_bytes=50), [State.FAULT]),
        (Disk("/log", online=True, total_bytes=-1, free_bytes=-1), []),
    ],
)
def test_a_brokers_disk_that_fills_up_or_is_gone_is_told(disk: Disk, expected: list[State]) -> None:
    assert states(judged.disks(NODE, [disk])) == expected


def test_rights_as_they_are_printed_are_enough() -> None:
    assert states(judged.rights(entries(), USUAL)) == [State.WELL]
    assert states(judged.rights(None, USUAL)) == [State.WELL]


@pytest.mark.parametrize(
    "instead",
    [
        [replace(entry(JUDGED), operation="All")],
        [replace(entry(JUDGED), name="*")],
        [replace(entry(JUDGED), name="spm-", prefixed=True)],
        [replace(entry(JUDGED), principal="User:*")],
    ],
)
def test_a_wider_entry_gives_the_right_too(instead: list[Entry]) -> None:
    others = [one for one in entries() if one != entry(JUDGED)]
    assert states(judged.rights(others + instead, USUAL)) == [State.WELL]


@pytest.mark.parametrize(
    "instead",
    [
        [],
        [replace(entry(JUDGED), operation="Describe")],
        [replace(entry(JUDGED), name="spm-submission", prefixed=False)],
        [replace(entry(JUDGED), resource="group")],
        [entry(JUDGED), replace(entry(JUDGED), allows=False)],
    ],
)
def test_a_right_that_is_missing_or_denied_is_named(instead: list[Entry]) -> None:
    others = [one for one in entries() if one != entry(JUDGED)]
    (finding,) = judged.rights(others + instead, USUAL)
    assert finding.state is State.FAULT
    assert (finding.part, f"Read on topic {SUBMISSION_JUDGED.name}" in finding.found) == (
        "rights of spm-scoring at Kafka",
        True,
    )


def test_a_pattern_is_given_by_a_pattern_alone() -> None:
    pattern = next(grant for grant in kafka_grants("operator", USUAL) if grant.prefixed)
    others = [one for one in entries() if one != entry(pattern)]
    assert states(judged.rights([*others, replace(entry(pattern), prefixed=False)], USUAL)) == [State.FAULT]


def test_where_rights_are_kept_elsewhere_it_is_a_warning() -> None:
    assert states(judged.rights([replace(entry(JUDGED), principal="User:other")], USUAL)) == [State.WARNING]


@dataclass(frozen=True)
class House:
    secured: Secured

    def settings(self, who: str) -> Settings:
        return self.secured.settings(who, USUAL)


@pytest_asyncio.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Engines as in production, of which scoring may not read verdicts, nor operators clear its database."""
    async with AsyncExitStack() as stopping:
        secured = await secured_engines(tmp_path_factory.mktemp("secured"), stopping, USUAL)
        await secured.allow(USUAL, less=[JUDGED, Role("dbAdmin", "spm_scoring")])
        yield House(secured)


@pytest.mark.engines
async def test_operators_see_whose_right_is_missing_at_kafka(house: House) -> None:
    found = await judged.brokers(house.settings("operator"))
    assert [(one.part, one.found) for one in found if one.state is not State.WELL] == [
        ("rights of spm-scoring at Kafka", f"lacks Read on topic {SUBMISSION_JUDGED.name}"),
    ]
    assert any(one.part.startswith("disk of broker 1 at ") for one in found)


@pytest.mark.engines
async def test_one_copy_of_what_was_committed_is_too_few_where_three_are_wanted(house: House) -> None:
    three = house.settings("operator").model_copy(update={"kafka_replication": 3})
    found = [one for one in await judged.brokers(three) if one.state is State.WARNING]
    assert [one.found for one in found] == ["offsets.topic.replication.factor=1"]


@pytest.mark.engines
async def test_a_brokers_disks_are_what_the_machine_has(house: House) -> None:
    async with cluster(house.settings(ADMIN)) as seen:
        (disk,) = await seen.disks(seen.nodes[0])
    assert disk.online
    assert 0 < disk.free_bytes < disk.total_bytes


@pytest.mark.engines
async def test_a_service_is_told_that_it_cannot_look_and_who_can(house: House) -> None:
    found = await judged.brokers(house.settings("notify"))
    assert [(one.state, "spm-operator" in one.mend) for one in found] == [(State.WELL, False), (State.WARNING, True)]


@pytest.mark.engines
async def test_a_role_that_is_missing_is_named_by_what_it_does(house: House) -> None:
    found = [one for one in await mongo(house.settings("operator"), SystemClock()) if one.state is State.FAULT]
    assert [one.part for one in found] == ["rights of spm-operator at MongoDB"]
    assert found[0].found.endswith("dropDatabase in spm_scoring")
    own = await mongo(house.settings("notify"), SystemClock())
    assert [one.found for one in own if one.part == "rights at MongoDB"] == ["spm-notify may do what it needs to"]


@pytest.mark.engines
@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=31), State.WELL),
        (timedelta(days=29), State.WARNING),
        (timedelta(days=-1), State.FAULT),
    ],
)
async def test_certificates_of_the_engines_and_their_authority_are_told_before_they_end(
    house: House, left: timedelta, expected: State
) -> None:
    found = await certificates(house.settings("operator"), FixedClock(ENDS - left))
    assert [(one.part.split(" at ")[0], one.state) for one in found] == [
        ("certificate of Kafka", expected),
        ("certificate of MongoDB", expected),
        ("SPM_KAFKA_CA_FILE", expected),
    ]


@pytest.mark.engines
async def test_a_certificate_that_nobody_whom_we_trust_vouches_for_is_told(house: House) -> None:
    strangers = house.settings("operator").model_copy(update={"kafka_ca_file": None})
    found = await certificates(strangers, SystemClock())
    (finding,) = (one for one in found if one.state is not State.WELL)
    assert finding.part.startswith("certificate of Kafka at ")
    assert finding.found.startswith("it does not hold: ")


async def test_nothing_is_said_of_wires_without_tls() -> None:
    assert await certificates(USUAL, SystemClock()) == []


async def test_a_page_for_the_public_that_nobody_serves_is_told() -> None:
    (finding,) = await certificates(USUAL.model_copy(update={"intake_url": "https://127.0.0.1:1"}), SystemClock())
    assert (finding.part, finding.state) == ("certificate of SPM_INTAKE_URL", State.FAULT)
