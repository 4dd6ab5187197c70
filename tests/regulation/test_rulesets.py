import shutil
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import FOLDER, load_law, load_proposal
from regulation.rows import Rule, RuleTerms
from regulation.rulesets import RuleSet, assemble_ruleset

RULES = load_law().rows.of(Rule)
TODAY = date(2026, 11, 22)
ERRORS = {
    "region-reports",
    "service-types-of-level",
    "counts-reported",
    "realised-within-allocated",
    "no-target-has-reason",
    "cumulative-does-not-fall",
    "service-types-stay",
    "service-types-reported-once",
    "figures-or-nil-return",
    "quality-items-once",
    "nil-return-stands-alone",
    "nil-return-before-figures",
}


@pytest.fixture(scope="module")
def ruleset(law: Law) -> RuleSet:
    return law.ruleset(TODAY)


def test_what_makes_a_report_unusable_is_an_error_and_the_rest_asks_for_a_reason(ruleset: RuleSet) -> None:
    assert {code for code, terms in ruleset.terms.items() if terms.severity == "error"} == ERRORS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_says_what_why_and_how_to_mend_in_whole_sentences(rule: Rule) -> None:
    texts = (rule.what_id, rule.what_en, rule.why_id, rule.why_en, rule.remedy_id, rule.remedy_en)
    examples = (rule.passes.id, rule.passes.en, rule.fails.id, rule.fails.en)
    assert all(text[0].isupper() or text[0].isdigit() for text in (*texts, *examples))
    assert all(text.endswith(".") for text in (*texts, *examples))
    assert len({*texts, *examples}) == len(texts) + len(examples)


@pytest.mark.parametrize("path", sorted((FOLDER / "rules").glob("*.toml")), ids=lambda path: path.stem)
def test_a_file_holds_the_rules_of_the_kind_of_its_name(path: Path) -> None:
    kinds = {rule.code: rule.kind for rule in RULES}
    written = tomllib.loads(path.read_text())["rules"]
    assert {kinds[row["code"]] for row in written} == {path.stem}


def test_every_rule_is_in_force_and_none_is_only_described(law: Law, ruleset: RuleSet, year_end: date) -> None:
    assert set(ruleset.rules) == set(law.ruleset(year_end).rules) == {rule.code for rule in RULES}


def test_a_ruleset_is_named_by_its_youngest_row(ruleset: RuleSet) -> None:
    assert ruleset.id == "rulesets/2019-01-01"


def test_the_digest_depends_on_every_word_and_figure_and_on_no_order(ruleset: RuleSet) -> None:
    terms, rules = tuple(ruleset.terms.values()), tuple(ruleset.rules.values())
    reworded = rules[0].model_copy(update={"why_en": f"{rules[0].why_en} Indeed."})
    milder = terms[0].model_copy(update={"severity": "warning"})
    assert assemble_ruleset(terms[::-1], rules[::-1]).digest == ruleset.digest
    assert assemble_ruleset(terms, (reworded, *rules[1:])).digest != ruleset.digest
    assert assemble_ruleset((milder, *terms[1:]), rules).digest != ruleset.digest


def test_the_digest_outlives_a_better_example(ruleset: RuleSet) -> None:
    terms, rules = tuple(ruleset.terms.values()), tuple(ruleset.rules.values())
    explained = rules[0].model_copy(update={"passes": rules[0].fails})
    assert assemble_ruleset(terms, (explained, *rules[1:])).digest == ruleset.digest


def test_findings_are_told_in_the_order_of_the_terms(ruleset: RuleSet) -> None:
    terms = tuple(ruleset.terms.values())[::-1]
    assert list(assemble_ruleset(terms, tuple(ruleset.rules.values())).rules) == [one.code for one in terms]


def test_a_rule_that_is_not_described_on_that_day_is_refused(ruleset: RuleSet) -> None:
    with pytest.raises(RegulationError, match="what region-reports demands"):
        assemble_ruleset(tuple(ruleset.terms.values()), tuple(ruleset.rules.values())[1:])


def test_a_rule_may_be_given_figures_with_their_unit(ruleset: RuleSet) -> None:
    written = ruleset.terms["served-within-target"].model_dump(by_alias=True)
    threshold = {"id": "tolerance_pct", "value": 5, "unit": "percent of the target"}
    terms = RuleTerms.model_validate(written | {"thresholds": [threshold]})
    assert assemble_ruleset([terms], RULES).thresholds(terms.code) == {"tolerance_pct": Decimal(5)}


STRICTER = '  { code = "team-formed", severity = "error", from = 2030-01-01 },'


def test_a_proposed_file_stands_in_place_of_the_one_in_force(tmp_path: Path, law: Law) -> None:
    text = (FOLDER / "rulesets.toml").read_text()
    (tmp_path / "rulesets.toml").write_text(text.replace("\n]\n", f"\n{STRICTER}\n]\n"))
    proposed = load_proposal(tmp_path)
    eve, day = date(2029, 12, 31), date(2030, 1, 1)
    assert proposed.ruleset(eve).digest == law.ruleset(eve).digest
    assert proposed.ruleset(day).terms["team-formed"].severity == "error"
    assert law.ruleset(day).terms["team-formed"].severity == "warning"
    assert proposed.regions.keys() == law.regions.keys()


def test_a_proposed_file_of_a_folder_leaves_its_neighbours_in_force(tmp_path: Path, law: Law) -> None:
    (tmp_path / "rules").mkdir()
    text = (FOLDER / "rules" / "value.toml").read_text()
    (tmp_path / "rules" / "value.toml").write_text(text.replace("leave it empty", "keep it empty"))
    proposed = load_proposal(tmp_path)
    assert "keep it empty" in proposed.ruleset(TODAY).rules["counts-reported"].remedy_en
    assert proposed.ruleset(TODAY).rules.keys() == law.ruleset(TODAY).rules.keys()


def test_a_folder_that_proposes_nothing_is_refused(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "rulesets.toml", tmp_path / "rule-sets.toml")
    with pytest.raises(RegulationError, match="holds no file of the law"):
        load_proposal(tmp_path)
