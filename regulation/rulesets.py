"""The rules of one day as a whole, with a digest by which a verdict can be proved to rest on them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType

from regulation.rows import Rule


@dataclass(frozen=True, eq=False)
class RuleSet:
    id: str
    digest: str
    rules: Mapping[str, Rule]


def assemble_ruleset(rules: tuple[Rule, ...]) -> RuleSet:
    """The id names the day of the youngest rule; the digest is SHA-256 over every row, whatever their order."""
    by_code = {rule.code: rule for rule in sorted(rules, key=lambda rule: rule.code)}
    canonical = json.dumps(
        [rule.model_dump(mode="json", by_alias=True) for rule in by_code.values()],
        ensure_ascii=False,
        separators=(",", ":"),
        sort_keys=True,
    )
    return RuleSet(
        id=f"rulesets/{max(rule.valid_from for rule in rules)}",
        digest=sha256(canonical.encode()).hexdigest(),
        rules=MappingProxyType(by_code),
    )
