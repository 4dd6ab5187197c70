from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from contracts.quarter import Quarter
from contracts.verdict import Severity
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.rows import Threshold
from regulation.rulesets import RuleSet
from services.validation.domain.rulebook import rulebook_of, services_of, with_testable_rules
from tests.validation.reports import JAKARTA, KOTA, PERIOD, PROVINSI, UNKNOWN


def test_the_clauses_carry_the_laws_severity_and_words_in_the_rulebooks_order(law: Law) -> None:
    rulebook = rulebook_of(law, PERIOD)
    assert [clause.code for clause in rulebook.clauses] == list(law.ruleset(Quarter.parse(PERIOD).last_day).rules)
    by_code = {clause.code: clause for clause in rulebook.clauses}
    assert by_code["counts-reported"].severity is Severity.ERROR
    assert by_code["served-within-target"].severity is Severity.WARNING
    assert by_code["team-formed"].summary.id.startswith("Laporan menyebut Tim Penerapan SPM")
    assert by_code["team-formed"].remedy.en.startswith("State the number and date of the decree")


class LawOfOneRule(Law):
    def ruleset(self, on: date) -> RuleSet:
        whole = super().ruleset(on)
        return replace(whole, rules={"team-formed": whole.rules["team-formed"]})


class LawThatAsks(Law):
    """Of which one rule is given figures that it does not ask for, or is none at all."""

    code = "team-formed"

    def ruleset(self, on: date) -> RuleSet:
        whole = super().ruleset(on)
        threshold = Threshold(id="members_min", value=Decimal(5), unit="people")
        words, terms = whole.rules["team-formed"], whole.terms["team-formed"]
        asking = terms.model_copy(update={"thresholds": (threshold,)})
        return replace(whole, rules={self.code: words}, terms={self.code: asking})


class LawOfAnUnknownRule(LawThatAsks):
    code = "team-sings"


def test_a_rule_that_is_not_in_force_is_not_asked(law: Law) -> None:
    assert [clause.code for clause in rulebook_of(LawOfOneRule(law.rows), PERIOD).clauses] == ["team-formed"]


def test_a_rule_that_is_given_figures_which_it_does_not_ask_for_is_refused(law: Law) -> None:
    with pytest.raises(RegulationError, match="its thresholds are members_min, expected none"):
        rulebook_of(LawThatAsks(law.rows), PERIOD)


def test_a_rule_that_nobody_wrote_is_refused(law: Law) -> None:
    with pytest.raises(RegulationError, match="no rule of this code can be tested"):
        rulebook_of(LawOfAnUnknownRule(law.rows), PERIOD)


@pytest.mark.parametrize("unsound", [LawThatAsks, LawOfAnUnknownRule])
def test_a_law_whose_rules_cannot_be_tested_is_told_before_any_report(law: Law, unsound: type[Law]) -> None:
    assert with_testable_rules(law) is law
    with pytest.raises(RegulationError):
        with_testable_rules(unsound(law.rows))


def test_it_names_the_ruleset_that_a_verdict_rests_on(law: Law) -> None:
    rulebook = rulebook_of(law, PERIOD)
    assert rulebook.ruleset_id.startswith("rulesets/")
    assert len(rulebook.ruleset_digest) == 64


@pytest.mark.parametrize(("code", "count"), [(KOTA, 29), (PROVINSI, 14), (JAKARTA, 43), (UNKNOWN, 0)])
def test_what_a_region_must_serve_follows_from_its_level(law: Law, code: str, count: int) -> None:
    assert len(services_of(law, code, PERIOD)) == count


def test_a_period_before_the_law_is_refused_and_not_judged_by_later_law(law: Law) -> None:
    with pytest.raises(RegulationError, match="2017-12-31"):
        rulebook_of(law, "2017Q4")
    with pytest.raises(RegulationError, match="2017-12-31"):
        services_of(law, KOTA, "2017Q4")
