"""Every alert that is shipped has a runbook, and asks for metrics that some service has."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.generate import ROOT

RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOK = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
_METRIC = re.compile(r"\bspm_[a-z_]+")
_SUFFIX = re.compile(r"_(total|bucket|count|sum)$")


def alerts() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"] if "alert" in rule]


def metrics() -> set[str]:
    sources = (path for folder in ("chassis", "services") for path in (ROOT / folder).rglob("*.py"))
    return {name for path in sources for name in re.findall(r'"(spm_[a-z_]+)"', path.read_text(encoding="utf-8"))}


def headings(chapter: str) -> list[str]:
    _, _, behind = RUNBOOK.partition(f"\n## {chapter}\n")
    return re.findall(r"^### (.+)$", behind.partition("\n## ")[0], re.MULTILINE)


def test_every_alert_has_its_heading_and_every_heading_its_alert() -> None:
    assert headings("Alerts") == sorted(alert["alert"] for alert in alerts())


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_asks_for_what_is_measured_and_names_its_runbook(alert: dict[str, Any]) -> None:
    asked = {_SUFFIX.sub("", name) for name in _METRIC.findall(alert["expr"])}
    assert asked
    assert asked <= metrics()
    page, _, anchor = alert["annotations"]["runbook"].partition("#")
    assert Path(ROOT / page).is_file()
    assert anchor == alert["alert"].lower()
    assert alert["labels"]["severity"] in {"page", "ticket"}
