"""deploy/compose.yaml against what the services understand. Whether it runs, only a Docker daemon can say."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from setuptools import find_namespace_packages  # type: ignore[import-untyped]  # it has no types

from chassis.rights import DESK
from chassis.settings import Settings
from cli.generate import ROOT
from tests.images.docker import COMMANDS

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
each_service = pytest.mark.parametrize("service", COMMANDS)


@each_service
def test_a_service_is_told_nothing_that_is_no_setting(service: str) -> None:
    told = COMPOSE["services"][service]["environment"]
    assert {name.removeprefix("SPM_").lower() for name in told} <= Settings.model_fields.keys()


@each_service
def test_a_service_runs_with_no_right_and_time_to_end_in_order(service: str) -> None:
    part = COMPOSE["services"][service]

    assert part["command"] == COMMANDS[service]
    assert part["read_only"]
    assert part["cap_drop"] == ["ALL"]
    assert int(part["stop_grace_period"].removesuffix("s")) > Settings().stop_wait_s


def test_every_port_is_published_on_the_loopback_alone() -> None:
    published = [port for part in COMPOSE["services"].values() for port in part.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_a_secret_is_given_to_the_service_alone_that_signs_with_it() -> None:
    given = {name: set(part.get("secrets", [])) for name, part in COMPOSE["services"].items()}

    assert {name for name, secrets in given.items() if "receipt-keys" in secrets} == {"intake"}
    assert {name for name, secrets in given.items() if "webhook-secret" in secrets} == {"notify"}


def test_the_desk_is_told_of_no_database() -> None:
    desk = COMPOSE["services"][DESK]

    assert "SPM_MONGO" not in desk["environment"]
    assert list(desk["depends_on"]) == ["kafka"]


def test_prometheus_is_told_of_every_service_and_of_the_desk() -> None:
    targets = json.loads((ROOT / "deploy" / "compose-targets.json").read_text(encoding="utf-8"))

    assert {(row["labels"]["job"], *row["targets"]) for row in targets} == {
        (f"spm-{name}", f"{name}:8080") for name in COMMANDS
    }


def test_every_image_of_others_has_a_version() -> None:
    images = {part["image"] for part in COMPOSE["services"].values()} - {"spm-awards"}
    assert all(":" in image and not image.endswith(":latest") for image in images)


def test_the_image_holds_the_versions_that_are_tested() -> None:
    tested, shipped = (
        {line.partition(" ")[0] for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if "==" in line}
        for lock in ("requirements.lock", "deploy/requirements.lock")
    )
    assert shipped < tested


def test_the_secrets_of_an_installation_come_into_no_image(tmp_path: Path) -> None:
    (usual,) = {row["file"].rpartition("/")[0] for row in COMPOSE["secrets"].values()}
    sent = usual.replace("${SPM_SECRETS:-.", "deploy").rstrip("}")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    (tmp_path / sent).mkdir(parents=True)

    assert ignored.index(sent) > ignored.index("!deploy"), "of two lines that match, the last one holds"
    assert find_namespace_packages(str(tmp_path), **packages["find"]) == ["deploy"]


def test_grafana_finds_its_dashboards_where_its_provisioning_says() -> None:
    folders = dict(mount.split(":")[1::-1] for mount in COMPOSE["services"]["grafana"]["volumes"])
    provisioning = ROOT / "deploy" / folders["/etc/grafana/provisioning"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "spm.yml").read_text(encoding="utf-8"))["providers"]

    assert list((ROOT / "deploy" / folders[provider["options"]["path"]]).glob("*.json"))
