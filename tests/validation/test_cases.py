"""The worked cases of ``tests/cases``, which officials can read and follow by hand."""

import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from regulation.law import Law
from tests.validation.reports import KOTA
from tests.validation.worked import resolved, verdict, worked

FOLDER = Path(__file__).parents[1] / "cases"
CASES: list[dict[str, Any]] = [
    case
    for path in sorted(FOLDER.glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)["cases"]
]
KEYS = {"title", "region", "set", "without", "earlier", "last_year", "outcome", "findings"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_a_worked_case_ends_as_it_says(law: Law, case: dict[str, Any]) -> None:
    report = worked(law, region_code=case.get("region", KOTA), set=case.get("set"), without=case.get("without", ()))
    judged = verdict(law, report, earlier=case.get("earlier"), last_year=case.get("last_year"))
    found = [(finding.code, finding.pointer) for finding in judged.findings]
    assert found == [(rule, resolved(pointer, report)) for rule, pointer in case["findings"]]
    assert judged.outcome == case["outcome"]


def test_the_cases_are_many_and_each_has_a_title_of_its_own() -> None:
    assert len(CASES) >= 25
    assert max(Counter(case["title"] for case in CASES).values()) == 1
    assert {key for case in CASES for key in case} <= KEYS
    assert {case["outcome"] for case in CASES} == {"accepted", "accepted_with_warnings", "returned"}
