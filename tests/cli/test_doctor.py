"""What the doctor says of installations that are broken in one way each, and of a real one."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from chassis.access import KeyRow
from chassis.clock import FixedClock, SystemClock
from chassis.groups import Waiting
from chassis.kafka import ensure_topics
from chassis.settings import Settings
from cli.doctor import judging, watching
from cli.doctor.findings import Finding, State, fault, warning, well, worst
from cli.doctor.judging import TopicSeen
from cli.doctor.looking import dead_letters, files, groups, indexes, kafka, mongo, needed_topics
from cli.main import app
from contracts.topics import CLIENT_KEY_CHANGED, EVERY_TOPIC, PAUSE_CHANGED, SUBMISSION_RECEIVED, dead_letter_of
from deploy.local.engines import Engine
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.prometheus import found, prometheus

NOW = datetime(2024, 1, 20, 3, 0, tzinfo=UTC)
LASTING = {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}
WELL = TopicSeen(12, copies=3, in_sync=3, config=SUBMISSION_RECEIVED.settings | LASTING)
PRIMARY: dict[str, Any] = {"setName": "rs0", "isWritablePrimary": True, "hosts": ["a", "b", "c"], "localTime": NOW}


def states(findings: list[Finding]) -> list[State]:
    return [finding.state for finding in findings]


def test_a_topic_as_it_is_written_is_well() -> None:
    assert states(judging.topics({SUBMISSION_RECEIVED.name: WELL}, [SUBMISSION_RECEIVED], copies=3)) == [State.WELL]


@pytest.mark.parametrize(
    ("seen", "told", "mended"),
    [
        (replace(WELL, partitions=6), "6 partitions", "copy the topic"),
        (replace(WELL, copies=1, in_sync=1), "1 copies", "kafka-reassign-partitions.sh"),
        (replace(WELL, in_sync=2), "2 of 3 copies in sync", "look at the brokers"),
        (
            replace(WELL, config={**WELL.config, "min.insync.replicas": "1"}),
            "min.insync.replicas=1",
            "min.insync.replicas=2",
        ),
        (replace(WELL, config={**WELL.config, "retention.ms": "86400000"}), "retention.ms=86400000", "retention.ms=-1"),
        (
            replace(WELL, config={**WELL.config, "retention.bytes": "1073741824"}),
            "retention.bytes=1073741824",
            "retention.bytes=-1",
        ),
        (
            replace(WELL, config={**WELL.config, "unclean.leader.election.enable": "true"}),
            "unclean.leader.election.enable=true",
            "unclean.leader.election.enable=false",
        ),
        (
            replace(WELL, config={**WELL.config, "cleanup.policy": "compact"}),
            "cleanup.policy=compact",
            "cleanup.policy=delete",
        ),
    ],
)
def test_a_topic_that_drifted_is_told_with_its_remedy(seen: TopicSeen, told: str, mended: str) -> None:
    (finding,) = judging.topics({SUBMISSION_RECEIVED.name: seen}, [SUBMISSION_RECEIVED], copies=3)
    assert finding.state is not State.WELL
    assert told in finding.found
    assert mended in finding.mend


def test_a_twin_that_nobody_writes_into_is_not_missed() -> None:
    assert set(EVERY_TOPIC) - set(needed_topics()) == {dead_letter_of(PAUSE_CHANGED)}


def test_topics_that_are_missing_are_one_finding() -> None:
    (finding,) = judging.topics({}, EVERY_TOPIC, copies=1)
    assert finding.found.startswith(f"{len(EVERY_TOPIC)} are not there: ")
    assert finding.mend == "spm topics"


def written(*, behind_s: float) -> dict[str, datetime]:
    return {"lastWriteDate": NOW, "majorityWriteDate": NOW - timedelta(seconds=behind_s)}


@pytest.mark.parametrize(
    ("changes", "version", "told"),
    [
        ({"setName": None}, "8.0.4", "a mongod alone"),
        ({"isWritablePrimary": False}, "8.0.4", "no primary"),
        ({"hosts": ["a"]}, "8.0.4", "1 data nodes"),
        ({}, "5.0.9", "version 5.0.9"),
        ({"localTime": NOW + timedelta(seconds=9)}, "8.0.4", "8.0 s from ours"),
        ({"localTime": NOW - timedelta(seconds=9)}, "8.0.4", "9.0 s from ours"),
        ({}, "8.0.4", None),
        ({"localTime": NOW + timedelta(seconds=2)}, "8.0.4", None),
        ({"lastWrite": written(behind_s=16)}, "8.0.4", "the majority is 16 s behind"),
        ({"lastWrite": written(behind_s=10)}, "8.0.4", None),
    ],
)
def test_a_database_is_looked_over(changes: dict[str, Any], version: str, told: str | None) -> None:
    hello = {name: value for name, value in (PRIMARY | changes).items() if value is not None}
    (finding,) = judging.mongo(hello, version, asked_at=NOW, answered_at=NOW + timedelta(seconds=1))
    assert (finding.state is State.WELL) == (told is None)
    assert told is None or told in finding.found


def waiting(seconds: float | None) -> Waiting:
    oldest = None if seconds is None else int((NOW.timestamp() - seconds) * 1_000)
    return Waiting(SUBMISSION_RECEIVED.name, 0 if seconds is None else 7, oldest)


@pytest.mark.parametrize(
    ("readers", "seconds", "rests", "state"),
    [
        (1, None, None, State.WELL),
        (1, 299, None, State.WELL),
        (1, 301, None, State.FAULT),
        (0, None, None, State.FAULT),
        (0, 301, "the mail server is being moved", State.WARNING),
    ],
)
def test_a_service_that_is_away_late_or_resting(
    readers: int, seconds: float | None, rests: str | None, state: State
) -> None:
    found = judging.group("validation", readers, [waiting(seconds)], rests=rests, now_s=NOW.timestamp())
    assert states(found) == [state]


@pytest.mark.parametrize(("partitions", "limit", "expected"), [(300, 2_000, State.WELL), (20_140, 20_000, State.FAULT)])
def test_a_broker_that_would_run_out_of_files_is_seen_before(partitions: int, limit: int, expected: State) -> None:
    assert states(judging.open_files(partitions, limit)) == [expected]
    assert judging.open_files(partitions, None) == []


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(0o100600, State.WELL), (0o100640, State.FAULT), (0o100604, State.FAULT), (None, State.FAULT)],
)
def test_a_file_of_secrets_is_its_owners_alone(mode: int | None, expected: State) -> None:
    assert states(judging.secret_file("SPM_API_KEYS", mode)) == [expected]


def test_a_file_that_is_lent_us_through_a_group_may_be_read_by_it() -> None:
    assert states(judging.secret_file("SPM_API_KEYS", 0o100440, ours=False)) == [State.WELL]
    assert states(judging.secret_file("SPM_API_KEYS", 0o100444, ours=False)) == [State.FAULT]


async def test_files_in_which_settings_stand_are_looked_at_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPM_SECRETS_DIR", str(tmp_path))
    for name, mode in (("spm_kafka_password", 0o644), ("spm_mongo", 0o600), ("readme", 0o644)):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).chmod(mode)
    told = {one.part: one.state for one in await files(Settings(), FixedClock(NOW)) if one.part != "time zone"}
    assert told == {"SPM_KAFKA_PASSWORD": State.FAULT, "SPM_MONGO": State.WELL}


def key(*scopes: str, ends_in_days: int | None = None) -> KeyRow:
    ends = None if ends_in_days is None else NOW + timedelta(days=ends_in_days)
    return KeyRow(
        key_id="0" * 12, client_id="contoh", scopes=frozenset(scopes), region="*", sha256="0" * 64, expires_at=ends
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (key("keys:write"), State.WELL),
        (key("keys:write", ends_in_days=15), State.WELL),
        (key("keys:write", ends_in_days=13), State.WARNING),
        (key("keys:write", ends_in_days=-1), State.FAULT),
        (key("submissions:read"), State.FAULT),
    ],
)
def test_somebody_can_issue_keys_and_goes_on_to(row: KeyRow, expected: State) -> None:
    assert states(judging.api_keys([row], NOW)) == [expected]


@pytest.mark.parametrize(("days", "expected"), [(400, State.WELL), (401, State.WARNING)])
def test_the_key_of_receipts_is_changed_yearly(days: int, expected: State) -> None:
    found = judging.receipt_keys(["a"], written_at=NOW - timedelta(days=days), now=NOW)
    assert states(found) == [expected]


def privileges(*actions: str, **resource: object) -> list[dict[str, Any]]:
    return [{"resource": resource, "actions": list(actions)}]


ALL_OF_IT = (*judging.ACTIONS["readWrite"], "dbStats")


@pytest.mark.parametrize(
    ("user", "given", "expected"),
    [
        (None, [], [State.WELL]),
        ("spm-notify", privileges(*ALL_OF_IT, db="spm_notify", collection=""), [State.WELL]),
        ("spm-notify", privileges(*ALL_OF_IT, db="", collection=""), [State.WELL]),
        ("spm-notify", privileges(*ALL_OF_IT, anyResource=True), [State.WELL]),
        ("spm-notify", privileges(*ALL_OF_IT, db="spm_notify", collection="notices"), [State.FAULT]),
        ("spm-notify", privileges("find", db="spm_notify", collection=""), [State.FAULT]),
        ("root", privileges(*ALL_OF_IT, db="spm_notify", collection=""), [State.FAULT] * 7),
    ],
)
def test_rights_in_a_database_are_told_by_what_may_be_done(
    user: str | None, given: list[dict[str, Any]], expected: list[State]
) -> None:
    users = [] if user is None else [{"user": user, "db": "admin"}]
    status = {"authInfo": {"authenticatedUsers": users, "authenticatedUserPrivileges": given}}
    assert states(judging.mongo_rights(status, Settings())) == expected


TARGET = {"labels": {"job": "spm-intake"}, "health": "up", "scrapeUrl": "http://intake/metrics", "lastError": ""}
TARGETS = [TARGET, *({**TARGET, "labels": {"job": f"spm-{name}"}} for name in ("validation", "scoring", "notify"))]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (TARGETS, "scrapes 4 targets"),
        (TARGETS[1:], "nothing is scraped as spm-intake"),
        ([{**TARGET, "health": "down", "lastError": "refused"}, *TARGETS[1:]], "(refused)"),
    ],
)
def test_a_service_that_prometheus_does_not_reach_is_told(seen: list[dict[str, Any]], told: str) -> None:
    (finding,) = watching.targets(seen)
    assert (finding.state is State.WELL) == (seen is TARGETS)
    assert told in finding.found


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], "knows none of the shipped alerts"),
        ([{"name": "Other", "state": "firing"}], "knows none of the shipped alerts"),
        (
            [{"name": "SpmKafkaAway", "state": "firing"}, {"name": "SpmMistake", "state": "pending"}],
            "SpmKafkaAway fires",
        ),
        ([{"name": "SpmKafkaAway", "state": "inactive"}], "1 alerts, none fires"),
    ],
)
def test_alerts_are_known_and_those_that_fire_are_named(rules: list[dict[str, Any]], told: str) -> None:
    (finding,) = watching.alerts([{"rules": rules}])
    assert finding.found == told


@pytest.mark.parametrize(
    ("status", "versions", "expected"),
    [
        (200, ["0.1.0"], State.WELL),
        (200, ["0.0.9"], State.WARNING),
        (503, ["0.1.0"], State.FAULT),
        (None, [], State.FAULT),
    ],
)
def test_a_service_is_ready_and_of_our_version(status: int | None, versions: list[str], expected: State) -> None:
    assert states(judging.service("intake", status, versions, ours="0.1.0")) == [expected]


@pytest.mark.parametrize(("free", "expected"), [(11, State.WELL), (9, State.FAULT), (0, State.FAULT)])
def test_a_disk_that_is_nearly_full_is_told(free: float, expected: State) -> None:
    assert states(judging.disk("MongoDB", free_bytes=free, total_bytes=100)) == [expected]


def test_an_index_that_is_missing_is_named() -> None:
    (finding,) = judging.indexes("scoring", {"heads": {"period_1"}}, {"heads": {"_id_"}})
    assert (finding.part, finding.found) == ("scoring.heads", "lacks period_1")


@pytest.mark.engines
@pytest.mark.skipif(found(None) is None, reason="this machine has no Prometheus")
async def test_a_real_prometheus_is_asked_for_its_targets_and_its_rules(tmp_path: Path) -> None:
    scraped = dict.fromkeys(("intake", "validation", "scoring"), f"{LOOPBACK}:1")
    program = prometheus(tmp_path, program=cast("Path", found(None)), port=free_port(), scraped=scraped)
    engine = Engine(program)
    await engine.start()
    try:
        told = await watching.prometheus(program.address)
    finally:
        await engine.kill()
    assert "nothing is scraped as spm-notify" in [one.found for one in told]
    assert told[-1].found.endswith(" alerts, none fires")


async def test_a_prometheus_that_is_away_is_told() -> None:
    assert states(await watching.prometheus(f"http://{LOOPBACK}:1")) == [State.FAULT]


def test_the_worst_finding_decides() -> None:
    assert worst([well("a", "b"), warning("a", "b", "c", "d")]) is State.WARNING
    assert worst([well("a", "b"), fault("a", "b", "c", "d"), warning("a", "b", "c", "d")]) is State.FAULT
    assert worst([]) is State.WELL


def test_an_installation_that_does_not_answer_is_told_in_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPM_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("SPM_MONGO", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    monkeypatch.setenv("SPM_SMTP", "smtp://127.0.0.1:1")
    done = CliRunner().invoke(app, ["doctor", "--json", "--door", "intake=http://127.0.0.1:1"])
    assert done.exit_code == 1, done.output
    found = {row["part"]: row for row in json.loads(done.stdout)}
    assert {"Kafka", "MongoDB", "mail server", "intake"} <= {
        part for part, row in found.items() if row["state"] == "fault"
    }


@pytest.mark.engines
async def test_a_real_installation_is_seen_as_it_is(settings: Settings, tmp_path: Path) -> None:
    topics = [topic for topic in EVERY_TOPIC if topic is not CLIENT_KEY_CHANGED]
    await ensure_topics(
        settings, [replace(topic, partitions=2) if topic is SUBMISSION_RECEIVED else topic for topic in topics]
    )
    found = {finding.part: finding for finding in await kafka(settings, 1_000_000)}
    assert found["Kafka"].state is State.WELL
    assert found["Kafka topics"].found == f"1 are not there: {CLIENT_KEY_CHANGED.name}"
    assert found[f"topic {SUBMISSION_RECEIVED.name}"].found == "2 partitions"
    assert len(found) == 4
    assert states(await groups(settings)) == [State.FAULT] * 4
    assert states(await dead_letters(settings)) == [State.WELL]
    assert [one.part for one in await mongo(settings, SystemClock()) if one.state is State.FAULT] == []
    lacking = await indexes(settings, "scoring")
    assert {one.part for one in lacking} >= {"scoring.heads", "scoring.steps"}
    opened = tmp_path / "webhook"
    opened.write_bytes(b"0" * 32)
    opened.chmod(0o644)
    looked = await files(settings.model_copy(update={"webhook_secret": opened}), FixedClock(NOW))
    assert "SPM_WEBHOOK_SECRET" in {one.part for one in looked if one.state is State.FAULT}
