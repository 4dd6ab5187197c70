"""The rules of one day as a whole, with a digest by which a verdict can be proved to rest on them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType

from regulation.errors import RegulationError
from regulation.rows import Rule, RuleTerms


@dataclass(frozen=True, eq=False)
class RuleSet:
    """By code, in the order in which findings are told."""

    id: str
    digest: str
    rules: Mapping[str, Rule]
    terms: Mapping[str, RuleTerms]

    def thresholds(self, code: str) -> Mapping[str, Decimal]:
        return MappingProxyType({threshold.id: threshold.value for threshold in self.terms[code].thresholds})


def assemble_ruleset(terms: Sequence[RuleTerms], rules: Sequence[Rule]) -> RuleSet:
    """The id names the day of the youngest row; the digest is SHA-256 over every row, whatever their order.

    Examples are left out of the digest: they explain a rule and demand nothing.

    Raises:
        RegulationError: the words of a rule are missing.
    """
    by_code = {rule.code: rule for rule in rules}
    if missing := [one.code for one in terms if one.code not in by_code]:
        raise RegulationError(f"No row of rules/ says on that day what {', '.join(missing)} demands; add it.")
    holding = {one.code: by_code[one.code] for one in terms}
    written = [
        [one.model_dump(mode="json", by_alias=True), rule.model_dump(mode="json", by_alias=True, exclude=_EXAMPLES)]
        for one, rule in sorted(zip(terms, holding.values(), strict=True), key=lambda pair: pair[0].code)
    ]
    canonical = json.dumps(written, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return RuleSet(
        id=f"rulesets/{max(row.valid_from for row in (*terms, *holding.values()))}",
        digest=sha256(canonical.encode()).hexdigest(),
        rules=MappingProxyType(holding),
        terms=MappingProxyType({one.code: one for one in terms}),
    )


_EXAMPLES = {"passes", "fails"}
