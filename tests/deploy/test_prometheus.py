"""Prometheus as the local stack starts it."""

import json
from pathlib import Path

import pytest

from deploy.local.errors import StackError
from deploy.local.plan import SERVICES, USUAL_PORTS, planned
from deploy.local.prometheus import SHIPPED, found, write_configuration
from deploy.local.settings import LocalSettings


def test_prometheus_watches_all_services_and_the_desk_and_comes_last(tmp_path: Path) -> None:
    settings = LocalSettings(prometheus=tmp_path / "prometheus")

    plan = planned(tmp_path, settings, USUAL_PORTS, lambda _: None)

    (prepare,) = [part.prepare for part in plan.watchers if part.name == "prometheus"]
    (tmp_path / "prometheus").mkdir()
    prepare()
    targets = json.loads((tmp_path / "prometheus" / "targets" / "spm.json").read_bytes())
    assert [target["labels"]["job"] for target in targets] == [f"spm-{name}" for name in (*SERVICES, "desk")]
    assert [part.name for part in plan.parts][-1] == "prometheus"
    assert list(plan.groups)[-1] == "watchers"
    assert plan.watchers[-1].command[0] == str(settings.prometheus)


def test_without_prometheus_nothing_is_missed(tmp_path: Path) -> None:
    watchers = planned(tmp_path, LocalSettings(), USUAL_PORTS, lambda _: None).watchers
    assert [program.name for program in watchers] == ["desk"]


def test_its_configuration_is_the_shipped_one_beside_the_targets(tmp_path: Path) -> None:
    write_configuration(tmp_path, {name: f"127.0.0.1:{USUAL_PORTS[name]}" for name in SERVICES})

    shipped = {path.relative_to(SHIPPED): path.read_bytes() for path in (SHIPPED / "rules").iterdir()}
    assert {path: (tmp_path / path).read_bytes() for path in shipped} == shipped
    assert (tmp_path / "prometheus.yml").read_bytes() == (SHIPPED / "prometheus.yml").read_bytes()
    targets = json.loads((tmp_path / "targets" / "spm.json").read_bytes())
    assert targets[0] == {"targets": ["127.0.0.1:8080"], "labels": {"job": "spm-intake"}}
    assert [target["labels"]["job"] for target in targets] == [f"spm-{name}" for name in SERVICES]


def test_a_rule_that_is_shipped_no_more_goes(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "old.yml").write_text("groups: []\n", encoding="utf-8")

    write_configuration(tmp_path, {})

    assert not (tmp_path / "rules" / "old.yml").exists()


def test_a_program_that_is_demanded_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"SPM_PROMETHEUS names .*/nothing"):
        found(tmp_path / "nothing")


def test_a_machine_without_prometheus_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert found(None) is None
