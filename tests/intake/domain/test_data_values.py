import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from contracts.submission import Submission
from regulation.loading import load_law
from services.intake.domain.data_values import ALONE, DATA_SET, ITEM, LISTS, ONCE, SERVICE, DataValueSet, drafted
from services.intake.domain.data_values import data_value_set as said
from services.intake.routes.openapi import SUBMISSION
from tests.validation.reports import faultless, item, service, submission

CODE_CHARS_MAX = 50
"""What DHIS2 takes as the code of a data element."""


def read_back(values: DataValueSet) -> Submission:
    draft = drafted(DataValueSet.model_validate_json(values.model_dump_json(by_alias=True, exclude_none=True)))
    assert draft.misfits == []
    return Submission.model_validate_json(json.dumps(draft.report), extra="forbid")


def values(*rows: tuple[str, str | None, str], **changes: Any) -> DataValueSet:
    listed = [
        {"dataElement": name, "value": text} | ({"categoryOptionCombo": option} if option else {})
        for name, option, text in rows
    ]
    given = {"dataSet": DATA_SET, "period": "2023-TW4", "orgUnit": "64.71", "dataValues": listed}
    return DataValueSet.model_validate_json(json.dumps(given | changes))


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=9)
long_words = words.map(lambda text: text + " sebab contoh yang cukup panjang")
count = st.none() | st.integers(0, 10**9)
rupiah = st.none() | st.integers(0, 10**15)
amount = st.none() | st.integers(0, 10**12) | st.decimals(0, 10**6, places=2).map(str)
kinds = st.sampled_from(["health.kab.pregnancy", "edu.kab.basic", "social.prov.disaster_protection"])


def unique(entries: st.SearchStrategy[dict[str, Any]], name: str, most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(entries, max_size=most, unique_by=lambda entry: str(entry[name]))


def entry(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(members)


items = entry(
    code=st.from_regex(r"[A-Za-z0-9._-]{1,32}", fullmatch=True).filter(lambda code: code != "default"),
    name=words,
    unit=words,
    required=amount,
    fulfilled=amount,
)
services = entry(
    service_type=kinds,
    recipients=entry(target=count, served=count, unit=words),
    quality=unique(items, "code", 3),
    budget=entry(allocated=rupiah, realised=rupiah),
    no_target_reason=st.none() | words,
)
stages = entry(
    stage=st.sampled_from(["data_collection", "needs_calculation", "planning", "delivery"]),
    status=st.sampled_from(["not_started", "in_progress", "done"]),
    evidence=st.none() | words,
)
office = entry(role=words, unit=words)
days = st.dates().map(lambda day: day.isoformat())
reports = entry(
    region_code=st.sampled_from(["64", "64.71"]),
    period=st.sampled_from(["2023Q4", "2024-TW1"]),
    services=unique(services, "service_type", 3),
    stages=unique(stages, "stage", 4),
    team=st.none() | entry(decree_number=words, decree_date=days, members=st.integers(1, 1_000)),
    action_plan=st.none() | entry(document_number=words, adopted_on=days),
    problems=st.lists(entry(service_type=st.none() | kinds, problem=words, solution=st.none() | words), max_size=3),
    justifications=st.lists(
        entry(rule=st.just("served-grows"), service_type=st.none() | kinds, author_role=words, reason=long_words),
        max_size=2,
    ),
    submitted_by=office,
    accountable_official=office,
    source_system=st.none() | words,
    nil_return=st.none() | entry(author_role=words, reason=long_words),
    supersedes=st.none() | st.from_regex(r"[!-~]{1,40}", fullmatch=True),
)


@hypothesis_settings(max_examples=40)
@given(reports)
def test_a_report_said_in_data_values_is_the_same_report(given_report: dict[str, Any]) -> None:
    report = Submission.model_validate_json(json.dumps(given_report))
    assert read_back(said(report)).content_digest == report.content_digest


def test_a_whole_report_of_real_size_is_the_same_report() -> None:
    report = faultless(load_law())
    assert read_back(said(report)).content_digest == report.content_digest


def test_every_member_of_a_report_has_its_data_element() -> None:
    named = {"region_code", "period", "services", *ONCE, *ALONE, *(member for member, _ in LISTS.values())}
    assert set(Submission.model_fields) == named


def test_every_data_element_fits_into_a_code_of_dhis2() -> None:
    law = load_law()
    types = {
        kind for code in ("64", "64.71") for kind in (s.service_type for s in faultless(law, region_code=code).services)
    }
    longest = max(len(f"{kind}.{figure}") for kind in types for figure in (*SERVICE, *ITEM))
    assert longest <= CODE_CHARS_MAX


def test_a_report_that_tells_of_one_service_type_twice_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="twice"):
        said(submission(service(), service()))


def test_a_quality_item_with_the_code_of_the_default_option_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="default option"):
        said(submission(service(quality=[item(code="default")])))


def test_an_amount_is_kept_to_its_last_digit() -> None:
    report = submission(service(quality=[item(required=Decimal("12.5000"), fulfilled=Decimal("0.0001"))]))
    assert [v.value for v in said(report).data_values if v.option == "KID33"][2:] == ["12.5000", "0.0001"]
    assert read_back(said(report)).content_digest == report.content_digest


@pytest.mark.parametrize(
    ("row", "member"),
    [
        (("edu.kab.basic.taget", None, "1"), "dataElement"),
        (("target", None, "1"), "dataElement"),
        (("", None, "1"), "dataElement"),
        (("..target", None, "1"), "dataElement"),
        (("edu.kab.basic.target", "KID33", "1"), "categoryOptionCombo"),
        (("edu.kab.basic.required", None, "1"), "categoryOptionCombo"),
        (("edu.kab.basic.required", "default", "1"), "categoryOptionCombo"),
        (("source_system", "satu", "1"), "categoryOptionCombo"),
        (("edu.kab.basic.target", None, "1.5"), "value"),
        (("edu.kab.basic.target", None, "1 000"), "value"),
        (("edu.kab.basic.target", None, "1_000"), "value"),
        (("edu.kab.basic.target", None, "007"), "value"),
        (("edu.kab.basic.target", None, ""), "value"),
        (("edu.kab.basic.required", "K", "1,5"), "value"),
        (("edu.kab.basic.required", "K", "1e3"), "value"),
        (("edu.kab.basic.required", "K", "9" * 50), "value"),
        (("team.members", None, "tujuh"), "value"),
    ],
)
def test_a_value_that_says_nothing_of_a_report_is_pointed_at(row: tuple[str, str | None, str], member: str) -> None:
    draft = drafted(values(("edu.kab.basic.served", None, "1"), row))
    assert [pointer for pointer, _ in draft.misfits] == [f"/dataValues/1/{member}"]


def test_what_is_said_twice_or_of_another_period_or_region_is_pointed_at() -> None:
    one = {"dataElement": "edu.kab.basic.target", "value": 1}
    draft = drafted(values(dataValues=[one, one, one | {"period": "2023Q3"}, one | {"orgUnit": "64.72"}]))
    assert [p for p, _ in draft.misfits] == [
        "/dataValues/1/dataElement",
        "/dataValues/2/period",
        "/dataValues/3/orgUnit",
    ]


def test_what_is_at_fault_in_the_report_is_found_again_among_the_values() -> None:
    draft = drafted(values(("edu.kab.basic.unit", None, "orang"), ("edu.kab.basic.target", None, "-1")))
    assert draft.pointer("/services/0/recipients/target") == "/dataValues/1/value"
    assert draft.pointer("/services/0/recipients/served") == "/dataValues/0"
    assert draft.pointer("/services/0/service_type") == "/dataValues/0"
    assert (draft.pointer("/region_code"), draft.pointer("/submitted_by/role")) == ("/orgUnit", "/dataValues")


def test_the_default_option_of_dhis2_tells_nothing_apart() -> None:
    draft = drafted(values(("edu.kab.basic.target", "HllvX50cXC0", "10"), ("edu.kab.basic.served", "default", "9")))
    assert draft.misfits == []
    assert draft.report["services"] == [{"service_type": "edu.kab.basic", "recipients": {"target": 10, "served": 9}}]


def documented() -> str:
    return (Path(__file__).parents[3] / "docs" / "dhis2.md").read_text(encoding="utf-8")


def test_the_documented_data_elements_are_those_that_are_taken() -> None:
    of_service = [f"<service type>.{figure}" for figure in (*SERVICE, *ITEM)]
    in_lists = [f"{name}.{figure}" for name, (_, figures) in LISTS.items() for figure in figures]
    once = [f"{name}.{figure}" for name, figures in ONCE.items() for figure in figures]
    assert re.findall(r"^\| `([^`]+)` \|", documented(), re.MULTILINE) == [*of_service, *in_lists, *once, *ALONE]


def test_the_documented_example_is_the_report_of_the_other_door() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", documented(), re.DOTALL)
    report = Submission.model_validate_json(json.dumps(drafted(DataValueSet.model_validate_json(example)).report))
    assert report == Submission.model_validate_json(json.dumps(SUBMISSION))
