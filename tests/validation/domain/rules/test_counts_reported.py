import pytest

from regulation.law import Law
from services.validation.domain.case import NOT_REPORTED
from services.validation.domain.rules.counts_reported import counts_reported
from tests.validation.reports import case, service, submission

TARGET = "/services/1/recipients/target"
SERVED = "/services/1/recipients/served"


@pytest.mark.parametrize(
    ("target", "served", "missing"),
    [
        (100, 90, []),
        (0, 0, []),
        (None, 90, [TARGET]),
        (100, None, [SERVED]),
        (None, None, [TARGET, SERVED]),
    ],
)
def test_both_counts_are_stated(law: Law, target: int | None, served: int | None, missing: list[str]) -> None:
    report = submission(service("edu.kab.paud"), service(target=target, served=served))
    violations = list(counts_reported(case(law, report)))
    assert [found.pointer for found in violations] == missing
    assert {(found.found, found.expected, found.service_type) for found in violations} <= {
        (NOT_REPORTED, "≥ 0", "edu.kab.basic")
    }
