"""Every alert has its runbook and its tests, and asks for what is measured; every metric is told of."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.generate import ROOT
from tests.faults.staged_faults import FAULTS

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RUNBOOK = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
_METRIC = re.compile(r"\bspm[:_][a-z_:0-9]+")
_SUFFIX = re.compile(r"_(total|bucket|count|sum)$")


def rules(kind: str) -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"] if kind in rule]


def measured() -> set[str]:
    """The metrics that the code makes, by the names that it gives them."""
    sources = (path for folder in ("chassis", "services") for path in (ROOT / folder).rglob("*.py"))
    return {name for path in sources for name in re.findall(r'"(spm_[a-z_]+)"', path.read_text(encoding="utf-8"))}


def asked(expression: str) -> set[str]:
    return {_SUFFIX.sub("", name) for name in _METRIC.findall(expression)}


def chapter(title: str) -> str:
    _, _, behind = RUNBOOK.partition(f"\n## {title}\n")
    return behind.partition("\n## ")[0]


def tried(alert: str) -> Iterator[dict[str, Any]]:
    """What the alert's tests expect at some time."""
    for path in (PROMETHEUS / "tests").glob("*.yml"):
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]:
            if test["name"] == alert:
                yield from test["promql_expr_test"]


def test_every_alert_has_its_heading_and_every_heading_its_alert() -> None:
    headings = re.findall(r"^### (.+)$", chapter("Alerts"), re.MULTILINE)

    assert headings == sorted(rule["alert"] for rule in rules("alert"))


@pytest.mark.parametrize("alert", rules("alert"), ids=lambda alert: str(alert["alert"]))
def test_an_alert_names_its_runbook_and_how_urgent_it_is(alert: dict[str, Any]) -> None:
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert Path(ROOT / page).is_file()
    assert anchor == alert["alert"].lower()
    assert alert["labels"]["severity"] in {"page", "ticket"}


@pytest.mark.parametrize("alert", rules("alert"), ids=lambda alert: str(alert["alert"]))
def test_an_alert_is_tried_on_what_it_must_and_must_not_fire_on(alert: dict[str, Any]) -> None:
    outcomes = [bool(moment["exp_samples"]) for moment in tried(alert["alert"])]

    assert True in outcomes
    assert False in outcomes


def test_a_fault_is_staged_for_every_alert() -> None:
    assert {alert for fault in FAULTS for alert in fault.alerts} == {rule["alert"] for rule in rules("alert")}


def test_a_rule_asks_for_what_is_measured_or_recorded() -> None:
    known = measured() | {rule["record"] for rule in rules("record")}
    for rule in (*rules("alert"), *rules("record")):
        unknown = asked(rule["expr"]) - known
        assert not unknown, f"{rule} asks for {unknown}, which nobody exports"


def test_the_runbook_asks_for_what_is_measured() -> None:
    assert asked(chapter("Alerts")) <= measured()


def test_the_table_of_metrics_tells_of_each_and_of_no_other() -> None:
    told = re.findall(r"^\| `(spm_[a-z_]+)", chapter("Metrics"), re.MULTILINE)

    assert told == sorted(told)
    assert {name.removesuffix("_total") for name in told} == measured()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool, which comes with Prometheus")
@pytest.mark.parametrize(
    "words",
    [
        ["check", "config", "--syntax-only", str(PROMETHEUS / "prometheus.yml")],
        ["check", "rules", *map(str, RULES)],
        ["test", "rules", *map(str, sorted((PROMETHEUS / "tests").glob("*.yml")))],
    ],
    ids=["configuration", "rules", "tests"],
)
def test_promtool_finds_no_fault(words: list[str]) -> None:
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False, timeout=240)

    assert done.returncode == 0, done.stdout + done.stderr
