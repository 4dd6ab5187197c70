from datetime import date
from decimal import Decimal

import pytest

from regulation.law import Law
from regulation.rows import Rule
from regulation.rulesets import assemble_ruleset

SEVERITIES = {
    "region-reports": "error",
    "service-types-of-level": "error",
    "all-service-types-reported": "warning",
    "counts-reported": "error",
    "served-within-target": "warning",
    "fulfilled-within-required": "warning",
    "realised-within-allocated": "error",
    "target-has-budget": "warning",
    "no-target-has-reason": "error",
    "cumulative-does-not-fall": "error",
    "team-formed": "warning",
    "stages-reported": "warning",
}


def test_the_twelve_rules_have_their_severity(law: Law, year_end: date) -> None:
    assert {code: rule.severity for code, rule in law.ruleset(year_end).rules.items()} == SEVERITIES


@pytest.mark.parametrize("code", SEVERITIES)
def test_a_rule_says_what_why_and_how_to_mend_in_whole_sentences(law: Law, year_end: date, code: str) -> None:
    rule = law.ruleset(year_end).rules[code]
    texts = (rule.what_id, rule.what_en, rule.why_id, rule.why_en, rule.remedy_id, rule.remedy_en)
    assert all(text[0].isupper() and text.endswith(".") for text in texts)
    assert len(set(texts)) == len(texts)


def test_a_ruleset_is_named_by_its_youngest_rule(law: Law, year_end: date) -> None:
    assert law.ruleset(year_end).id == "rulesets/2019-01-01"


def test_the_digest_depends_on_every_word_and_on_no_order(law: Law, year_end: date) -> None:
    rules = tuple(law.ruleset(year_end).rules.values())
    digest = law.ruleset(year_end).digest
    changed = rules[0].model_copy(update={"why_en": f"{rules[0].why_en} Indeed."})
    assert assemble_ruleset(rules[::-1]).digest == digest
    assert assemble_ruleset((changed, *rules[1:])).digest != digest


def test_a_rule_may_carry_figures_with_their_unit(law: Law, year_end: date) -> None:
    written = law.ruleset(year_end).rules["served-within-target"].model_dump(by_alias=True)
    rule = Rule.model_validate(
        written | {"params": [{"id": "tolerance_pct", "value": 5, "unit": "percent of the target"}]}
    )
    assert [(param.id, param.value) for param in rule.params] == [("tolerance_pct", Decimal(5))]
