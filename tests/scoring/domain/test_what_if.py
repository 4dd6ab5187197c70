from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.submission import Submission
from services.scoring.domain.what_if import ByField, ByPointer, Change, UnchangeableError, with_changes
from tests.scoring.reports import item, report, submission

PREGNANCY, DELIVERY = "health.kab.pregnancy", "health.kab.delivery"


@pytest.fixture(scope="module")
def sent() -> Submission:
    return submission(
        "64.71",
        [report(DELIVERY), report(PREGNANCY, quality=[item(10, 5, "KID33"), item(20, 5, "KID34")])],
    )


def test_a_figure_is_changed_by_its_pointer(sent: Submission) -> None:
    changed = with_changes(sent, [ByPointer(pointer="/services/1/recipients/served", value=950)])
    assert changed.services[1].recipients.served == 950
    assert changed.services[0] == sent.services[0]
    assert sent.services[1].recipients.served == 900


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("recipients/served", 950, "/services/1/recipients/served"),
        ("recipients/target", None, "/services/1/recipients/target"),
        ("quality/KID34/fulfilled", "7.5", "/services/1/quality/1/fulfilled"),
        ("budget/realised", 0, "/services/1/budget/realised"),
        ("no_target_reason", "Tidak ada", "/services/1/no_target_reason"),
    ],
)
def test_a_figure_is_changed_by_service_and_field_as_by_its_pointer(
    sent: Submission, field: str, value: Any, pointer: str
) -> None:
    by_field = with_changes(sent, [ByField(service_type=PREGNANCY, field=field, value=value)])
    assert by_field == with_changes(sent, [ByPointer(pointer=pointer, value=value)]) != sent


def test_a_service_that_was_left_out_is_added(sent: Submission) -> None:
    newborn = "health.kab.newborn"
    changes = [
        ByField(service_type=newborn, field="recipients/target", value=10),
        ByField(service_type=newborn, field="recipients/served", value=8),
    ]
    added = with_changes(sent, changes).services[-1]
    assert (added.service_type, added.recipients.target, added.recipients.served) == (newborn, 10, 8)


@pytest.mark.parametrize(
    "pointer",
    [
        "",
        "services",
        "/region_code",
        "/period",
        "/services",
        "/services/1",
        "/services/1/recipients",
        "/services/9/recipients/served",
        "/services/-/recipients/served",
        "/services/-1/recipients/served",
        "/services/1/recipients/served/more",
        "/nowhere",
        "/nowhere/at/all",
        "/team",
    ],
)
def test_what_is_no_figure_of_the_report_is_refused(sent: Submission, pointer: str) -> None:
    with pytest.raises(UnchangeableError, match="is no figure of the report that can be changed") as refused:
        with_changes(
            sent, [ByPointer(pointer="/services/1/recipients/served", value=1), ByPointer(pointer=pointer, value=1)]
        )
    assert refused.value.pointer == "/changes/1"


@pytest.mark.parametrize("field", ["quality/KID99/fulfilled", "quality", "quality/KID33", "recipients"])
def test_a_field_that_the_service_has_not_is_refused(sent: Submission, field: str) -> None:
    with pytest.raises(UnchangeableError, match=f"{PREGNANCY}: {field} is no figure"):
        with_changes(sent, [ByField(service_type=PREGNANCY, field=field, value=1)])


@pytest.mark.parametrize("value", [-1, "many", 10**12])
def test_a_value_that_no_report_could_hold_is_refused(sent: Submission, value: Any) -> None:
    with pytest.raises(ValidationError):
        with_changes(sent, [ByPointer(pointer="/services/1/recipients/served", value=value)])


def test_a_key_that_the_report_does_not_know_is_refused(sent: Submission) -> None:
    with pytest.raises(UnchangeableError):
        with_changes(sent, [ByPointer(pointer="/services/1/recipients/serveed", value=1)])


def test_both_ways_to_name_a_figure_are_read() -> None:
    read = TypeAdapter(Change).validate_python
    assert isinstance(read({"pointer": "/services/0/recipients/served", "value": 1}), ByPointer)
    assert isinstance(read({"service_type": PREGNANCY, "field": "recipients/served", "value": 1}), ByField)
