"""What `kubectl kustomize` makes of the overlays: valid by Kubernetes' own schemas, and what the services need."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from chassis.rights import DESK, OPERATOR, SERVICES
from chassis.settings import Settings
from cli.generate import ROOT
from contracts.topics import PARTITIONS
from tests.images.docker import COMMANDS

OVERLAYS: Final = ("nation", "one-machine")
SCHEMAS: Final = "1.32"
KUBECTL: Final = shutil.which("kubectl")
PRE_STOP_S: Final = 5
Resource = dict[str, Any]

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl puts the overlays together; none is installed")
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)
each_service = pytest.mark.parametrize("service", SERVICES)
each_program = pytest.mark.parametrize("service", COMMANDS)


@pytest.fixture(scope="module")
def built() -> dict[str, list[Resource]]:
    folder = ROOT / "deploy" / "kubernetes" / "overlays"
    return {overlay: list(_built(folder / overlay)) for overlay in OVERLAYS}


def _built(folder: Path) -> Iterator[Resource]:
    command = [str(KUBECTL), "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    yield from yaml.safe_load_all(done.stdout)


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    return {found["metadata"]["name"]: found for found in resources if found["kind"] == kind}


def deployment(built: dict[str, list[Resource]], service: str) -> Resource:
    found: Resource = of_kind(built["nation"], "Deployment")[f"spm-{service}"]
    return found


@each_overlay
def test_every_resource_is_valid_by_kubernetes_own_schema(built: dict[str, list[Resource]], overlay: str) -> None:
    validation = pytest.importorskip("kubernetes_validate")
    for resource in built[overlay]:
        validation.validate(resource, SCHEMAS, strict=True)


@each_program
def test_the_pods_run_with_no_right_on_their_machine(built: dict[str, list[Resource]], service: str) -> None:
    pod = deployment(built, service)["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert container["command"] == COMMANDS[service]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} <= container["resources"].keys()
    modes = [volume["secret"]["defaultMode"] for volume in pod["volumes"] if "secret" in volume]
    assert set(modes) == {0o440}, "whoever else is in the container could read secrets"


@each_program
def test_a_pod_is_asked_at_both_probes_and_has_time_to_end_in_order(
    built: dict[str, list[Resource]], service: str
) -> None:
    pod = deployment(built, service)["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert container["livenessProbe"]["httpGet"]["path"] == "/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] == PRE_STOP_S
    assert pod["terminationGracePeriodSeconds"] > PRE_STOP_S + Settings().stop_wait_s + 10


@each_program
def test_budget_and_policies_and_service_mean_the_pods_of_one_service_alone(
    built: dict[str, list[Resource]], service: str
) -> None:
    name, nation = f"spm-{service}", built["nation"]
    labels = deployment(built, service)["spec"]["template"]["metadata"]["labels"]
    meant = [
        of_kind(nation, "PodDisruptionBudget")[name]["spec"]["selector"]["matchLabels"],
        of_kind(nation, "NetworkPolicy")[name]["spec"]["podSelector"]["matchLabels"],
        of_kind(nation, "Service")[name]["spec"]["selector"],
    ]

    assert labels["app.kubernetes.io/name"] == service
    assert meant == [labels] * 3


def test_what_no_policy_names_is_let_in_or_out_nowhere(built: dict[str, list[Resource]]) -> None:
    for overlay in OVERLAYS:
        policies = of_kind(built[overlay], "NetworkPolicy")
        deny = policies.pop("default-deny")["spec"]
        assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        assert all(policy["spec"]["podSelector"] for policy in policies.values()), "it would open every pod"


@each_program
def test_metrics_stand_at_a_port_of_their_own_that_watchers_alone_reach(
    built: dict[str, list[Resource]], service: str
) -> None:
    (config,) = of_kind(built["nation"], "ConfigMap").values()
    (container,) = deployment(built, service)["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    comes_in = of_kind(built["nation"], "NetworkPolicy")[f"spm-{service}"]["spec"]["ingress"]
    let_in = {label: port["port"] for door in comes_in for label in _labels(door) for port in door["ports"]}

    assert ports == {"http": config["data"]["SPM_HTTP_PORT"], "metrics": config["data"]["SPM_METRICS_PORT"]}
    assert config["data"]["SPM_METRICS_HOST"] == "0.0.0.0"
    neighbour = "spm-awards/reaches-desk" if service == DESK else "spm-awards/reaches-services"
    assert let_in == {neighbour: "http", "spm-awards/watches-services": "metrics"}


def _labels(door: Resource) -> Iterator[str]:
    for neighbour in door["from"]:
        yield from neighbour["namespaceSelector"]["matchLabels"]


@each_service
def test_replicas_follow_the_lag_up_to_the_number_of_partitions(built: dict[str, list[Resource]], service: str) -> None:
    scaler = of_kind(built["nation"], "HorizontalPodAutoscaler")[f"spm-{service}"]["spec"]
    (metric,) = scaler["metrics"]

    assert scaler["maxReplicas"] == PARTITIONS
    assert scaler["scaleTargetRef"]["name"] == f"spm-{service}"
    assert metric["external"]["metric"] == {
        "name": "spm_consumer_lag_records",
        "selector": {"matchLabels": {"group": f"spm-{service}"}},
    }
    assert "replicas" not in deployment(built, service)["spec"], "it would undo the scaling at each deployment"


def test_the_desk_does_not_scale_and_reaches_no_database(built: dict[str, list[Resource]]) -> None:
    leaves = of_kind(built["nation"], "NetworkPolicy")[f"spm-{DESK}"]["spec"]["egress"]

    assert f"spm-{DESK}" not in of_kind(built["nation"], "HorizontalPodAutoscaler")
    assert {port["port"] for way in leaves for port in way["ports"]} == {53, 443, 9092, 9093}


@each_program
def test_each_service_comes_with_its_own_principal_and_its_own_secrets(
    built: dict[str, list[Resource]], service: str
) -> None:
    pod = deployment(built, service)["spec"]["template"]["spec"]
    environment = {row["name"]: row.get("value") for row in pod["containers"][0]["env"]}

    assert environment["SPM_KAFKA_USERNAME"] == f"spm-{service}"
    assert {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume} == {
        f"spm-{service}",
        "spm-keys",
    }


@each_overlay
def test_every_variable_is_a_setting_and_none_holds_a_secret(built: dict[str, list[Resource]], overlay: str) -> None:
    (config,) = of_kind(built[overlay], "ConfigMap").values()
    pods = [found["spec"]["template"]["spec"] for found in built[overlay] if found["kind"] in {"Deployment", "Job"}]
    given = {*config["data"], *(row["name"] for pod in pods for row in pod["containers"][0]["env"])}
    known = {f"SPM_{name.upper()}": setting for name, setting in Settings.model_fields.items()}

    assert given - {"SPM_SECRETS_DIR"} <= known.keys()
    assert all(known[name].repr for name in given - {"SPM_SECRETS_DIR"})
    assert not of_kind(built[overlay], "Secret")


def test_operators_make_the_topics_before_the_first_start(built: dict[str, list[Resource]]) -> None:
    pod = of_kind(built["nation"], "Job")["spm-topics"]["spec"]["template"]["spec"]
    environment = {row["name"]: row["value"] for row in pod["containers"][0]["env"]}

    assert pod["containers"][0]["command"] == ["spm", "topics"]
    assert environment["SPM_KAFKA_USERNAME"] == f"spm-{OPERATOR}"
