from datetime import date
from pathlib import Path

import services.validation.domain.rules as folder
from regulation.law import Law
from regulation.rows import Rule
from services.validation.domain.rules import RULES

LISTING = {path.stem for path in Path(str(folder.__file__)).parent.glob("*.py")} - {"__init__"}


def test_every_file_is_a_rule_of_the_same_name() -> None:
    assert {rule.__name__ for rule in RULES.values()} == LISTING


def test_the_law_describes_the_rules_that_can_be_tested(law: Law) -> None:
    assert {row.code for row in law.rows.of(Rule)} == set(RULES)


def test_every_rule_is_in_force(law: Law) -> None:
    assert set(law.ruleset(date(2023, 12, 31)).rules) == set(RULES)
