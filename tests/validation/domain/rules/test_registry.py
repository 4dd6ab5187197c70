from datetime import date
from pathlib import Path

import services.validation.domain.rules as folder
from regulation.law import Law
from regulation.rows import Rule
from services.validation.domain.rules import RULES

LISTING = {path.stem for path in Path(str(folder.__file__)).parent.glob("*.py")} - {"__init__"}


def test_every_file_is_a_rule_of_the_same_name() -> None:
    assert {code: rule.__name__ for code, rule in RULES.items()} == {name.replace("_", "-"): name for name in LISTING}


def test_the_law_and_the_registry_name_the_same_rules_in_the_same_order(law: Law) -> None:
    assert list(dict.fromkeys(row.code for row in law.rows.of(Rule))) == list(RULES)


def test_every_rule_is_in_force(law: Law) -> None:
    assert set(law.ruleset(date(2023, 12, 31)).rules) == set(RULES)


def test_every_rule_has_a_test_of_its_name() -> None:
    tested = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert tested - {"registry"} == LISTING
