"""Prometheus: does it scrape every service, does it know the shipped alerts, and which of them fire?"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from chassis.operators import SERVICES
from cli.doctor.certificates import ANSWER_S
from cli.doctor.findings import Finding, fault, warning, well

PART: Final = "Prometheus"


async def prometheus(url: str) -> list[Finding]:
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_S, base_url=url) as client:
        try:
            scraped = (await client.get("/api/v1/targets", params={"state": "active"})).raise_for_status().json()
            rules = (await client.get("/api/v1/rules", params={"type": "alert"})).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            how = "start it, or name where it answers: --door prometheus=URL"
            return [fault(PART, f"{url} does not answer ({type(error).__name__})", "an answer", how)]
    return targets(scraped["data"]["activeTargets"]) + alerts(rules["data"]["groups"])


def targets(seen: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """``seen``: as Prometheus tells of those it scrapes now."""
    ours = {str(target["labels"].get("job")): target for target in seen}
    found = [
        fault(PART, f"nothing is scraped as spm-{name}", "each service", "name it among the targets: targets/*.json")
        for name in SERVICES
        if f"spm-{name}" not in ours
    ]
    for job, target in sorted(ours.items()):
        if job.startswith("spm-") and target["health"] == "down":
            told = f"cannot scrape {target['scrapeUrl']} ({target['lastError'][:200]})"
            found.append(fault(PART, told, "/metrics", f"look whether {job} runs, and whether Prometheus may reach it"))
    return found or [well(PART, f"scrapes {len(seen)} targets")]


def alerts(groups: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """``groups``: of rules, as Prometheus tells of them."""
    rules = [rule for group in groups for rule in group["rules"] if rule["name"].startswith("Spm")]
    if not rules:
        how = "let its rule_files name deploy/prometheus/rules/*.yml"
        return [fault(PART, "knows none of the shipped alerts", "all", how)]
    return [
        warning(PART, f"{rule['name']} fires", "no alert", f"docs/operations.md, {rule['name']}")
        for rule in rules
        if rule["state"] == "firing"
    ] or [well(PART, f"{len(rules)} alerts, none fires")]
