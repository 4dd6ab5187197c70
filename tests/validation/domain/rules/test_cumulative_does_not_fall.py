import pytest

from regulation.law import Law
from services.validation.domain.case import EarlierReport
from services.validation.domain.figures import Figures
from services.validation.domain.rules.cumulative_does_not_fall import cumulative_does_not_fall
from tests.validation.reports import case, service, submission

NAME = "edu.kab.basic"
SERVED = "/services/1/recipients/served"
REALISED = "/services/1/budget/realised"


def earlier(served: int | None, realised: int | None, name: str = NAME) -> EarlierReport:
    return EarlierReport("2023Q2", {name: Figures(None, served, None, realised)})


@pytest.mark.parametrize(
    ("before", "now", "broken_at"),
    [
        ((50, 500), (50, 500), []),
        ((50, 500), (51, 501), []),
        ((50, 500), (49, 500), [SERVED]),
        ((50, 500), (50, 499), [REALISED]),
        ((50, 500), (49, 499), [SERVED, REALISED]),
        ((50, 500), (0, 0), [SERVED, REALISED]),
        ((0, 0), (0, 0), []),
        ((None, None), (0, 0), []),
        ((50, 500), (None, None), []),
        ((None, None), (None, None), []),
        ((None, 500), (0, 499), [REALISED]),
        ((50, None), (49, 0), [SERVED]),
    ],
)
def test_figures_since_january_stay_or_grow(
    law: Law, before: tuple[int | None, int | None], now: tuple[int | None, int | None], broken_at: list[str]
) -> None:
    report = submission(service("edu.kab.paud", served=0, realised=0), service(NAME, served=now[0], realised=now[1]))
    violations = list(cumulative_does_not_fall(case(law, report, earlier(*before))))
    assert [found.pointer for found in violations] == broken_at
    assert {found.service_type for found in violations} <= {NAME}


def test_what_is_expected_names_the_earlier_period(law: Law) -> None:
    report = submission(service(NAME, served=49, realised=499))
    served, realised = cumulative_does_not_fall(case(law, report, earlier(50, 500)))
    assert (served.found, served.expected) == ("49", "≥ 50 (2023Q2)")
    assert (realised.found, realised.expected) == ("499", "≥ 500 (2023Q2)")


def test_it_is_silent_where_nothing_was_reported_before(law: Law) -> None:
    report = submission(service(NAME, served=0, realised=0))
    assert not list(cumulative_does_not_fall(case(law, report)))
    assert not list(cumulative_does_not_fall(case(law, report, earlier(50, 500, "edu.kab.paud"))))
