import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis.access import KeyRing
from deploy.local import credentials, stack
from deploy.local.plan import SERVICES, USUAL_PORTS, planned
from deploy.local.program import Program
from deploy.local.settings import LocalSettings

ELSEWHERE = LocalSettings(
    kafka="k1.example:9092,k2.example:9092", mongo="mongodb://u:p@m.example/", smtp="smtps://mail.example"
)


def test_every_port_can_be_demanded_by_a_setting() -> None:
    assert {f"port_{name}" for name in USUAL_PORTS} == {
        name for name in LocalSettings.model_fields if name.startswith("port_")
    }


def test_everything_is_started_here_when_nothing_runs_elsewhere(tmp_path: Path) -> None:
    plan = planned(tmp_path, LocalSettings(kafka=None), USUAL_PORTS, lambda _: None)

    assert [program.name for program in plan.programs] == ["kafka", "mongodb", "mail", *SERVICES, "desk"]


def test_engines_that_run_elsewhere_are_given_to_the_services_and_not_started(tmp_path: Path) -> None:
    plan = planned(tmp_path, ELSEWHERE, USUAL_PORTS, lambda _: None)

    assert [program.name for program in plan.programs] == [*SERVICES, "desk"]
    assert not any(isinstance(engine, Program) for engine in plan.engines)
    for service in plan.services:
        assert service.environment["SPM_KAFKA"] == ELSEWHERE.kafka
        assert service.environment["SPM_MONGO"] == ELSEWHERE.mongo
        assert service.environment["SPM_SMTP"] == ELSEWHERE.smtp


def test_a_service_is_told_where_everything_is(tmp_path: Path) -> None:
    plan = planned(tmp_path, LocalSettings(), USUAL_PORTS, lambda _: None)

    notify = plan.services[-1]

    assert notify.command == (sys.executable, "-m", "services.notify")
    assert notify.environment == {
        "SPM_KAFKA": "127.0.0.1:9092",
        "SPM_MONGO": "mongodb://127.0.0.1:27017/?replicaSet=rs0",
        "SPM_SMTP": "smtp://127.0.0.1:8025",
        "SPM_HTTP_HOST": "127.0.0.1",
        "SPM_HTTP_PORT": "8083",
        "SPM_API_KEYS": str(tmp_path / "keys.json"),
        "SPM_REPLICA": "1",
        "SPM_PUBLIC_URL": "http://127.0.0.1:8083",
        "SPM_INTAKE_URL": "http://127.0.0.1:8080",
        "SPM_RULES_URL": "http://127.0.0.1:8081/rules",
        "SPM_WEBHOOK_SECRET": str(tmp_path / "webhook-secret.json"),
        "PYTHONUNBUFFERED": "1",
    }


def test_the_pages_of_one_machine_say_that_figures_may_be_synthetic(tmp_path: Path) -> None:
    plan = planned(tmp_path, LocalSettings(), USUAL_PORTS, lambda _: None)

    told = {service.name: service.environment.get("SPM_PAGE_NOTICE", "") for service in plan.services}

    assert [name for name, notice in told.items() if "synthetic" in notice] == ["intake", "scoring"]


def test_notify_alone_is_told_of_the_recipients_once_there_are_some(tmp_path: Path) -> None:
    (tmp_path / "recipients.json").write_text("[]", encoding="utf-8")

    plan = planned(tmp_path, LocalSettings(), USUAL_PORTS, lambda _: None)

    told = {service.name for service in plan.services if "SPM_RECIPIENTS" in service.environment}
    assert told == {"notify"}


def test_issued_keys_admit_their_clients_with_scopes_and_region(tmp_path: Path) -> None:
    credentials.issue_once(tmp_path)

    ring = KeyRing.read(credentials.keys_file(tmp_path))
    tokens = json.loads(credentials.credentials_file(tmp_path).read_bytes())
    rows = {client: ring.holder_of(token, datetime(2024, 1, 20, tzinfo=UTC)) for client, token in tokens.items()}
    admitted = {client: (row.client_id, row.scopes, row.region) for client, row in rows.items() if row}
    assert admitted == {client: (client, frozenset(scopes), region) for client, region, scopes in credentials.CLIENTS}


def test_keys_that_were_handed_out_stay_in_force(tmp_path: Path) -> None:
    credentials.issue_once(tmp_path)
    of = (credentials.credentials_file, credentials.receipt_keys_file, credentials.webhook_secret_file)
    files = [file_of(tmp_path) for file_of in of]
    first = [file.read_bytes() for file in files]

    credentials.issue_once(tmp_path)

    assert [file.read_bytes() for file in files] == first


def test_plain_tokens_are_for_their_owner_alone(tmp_path: Path) -> None:
    credentials.issue_once(tmp_path)

    assert credentials.credentials_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert credentials.receipt_keys_file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert credentials.webhook_secret_file(tmp_path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("setting", "service", "file"),
    [
        ("SPM_RECEIPT_KEYS", "intake", "receipt-keys.json"),
        ("SPM_WEBHOOK_SECRET", "notify", "webhook-secret.json"),
    ],
)
def test_a_secret_is_given_to_the_service_alone_that_signs_with_it(
    tmp_path: Path, setting: str, service: str, file: str
) -> None:
    plan = planned(tmp_path, LocalSettings(), USUAL_PORTS, lambda _: None)

    given = {one.name: one.environment.get(setting) for one in plan.services}

    assert {name: path for name, path in given.items() if path} == {service: str(tmp_path / file)}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mongodb://user:secret@m1.example,m2.example/?a=b", "mongodb://m1.example,m2.example/?a=b"),
        ("mongodb://127.0.0.1:27017/", "mongodb://127.0.0.1:27017/"),
        ("127.0.0.1:9092", "127.0.0.1:9092"),
    ],
)
def test_a_shown_address_has_no_password(address: str, shown: str) -> None:
    assert stack.without_password(address) == shown


@pytest.mark.parametrize("written", ["", "{", '{"ports": "none"}', '{"another": "file"}'])
def test_a_damaged_memory_of_the_last_start_is_no_memory(tmp_path: Path, written: str) -> None:
    (tmp_path / "stack.json").write_text(written, encoding="utf-8")

    assert stack.remembered(tmp_path) is None


def test_the_cache_lies_outside_the_clone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPM_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert LocalSettings().cache_folder == Path.home() / ".cache" / "spm-awards"

    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert LocalSettings().cache_folder == Path("/caches/spm-awards")

    monkeypatch.setenv("SPM_CACHE", "/kept")
    assert LocalSettings().cache_folder == Path("/kept")


def test_a_stack_that_an_older_version_started_is_told_of_with_the_usual_port_of_what_is_new(tmp_path: Path) -> None:
    older = {name: port + 1 for name, port in USUAL_PORTS.items() if name != "desk"}
    plan = planned(tmp_path, LocalSettings(), older, lambda _: None)
    assert [part.address for part in plan.parts if part.name in {"notify", "desk"}] == [
        "http://127.0.0.1:8084",
        "http://127.0.0.1:8084",
    ]
