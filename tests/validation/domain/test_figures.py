import pytest

from services.validation.domain.figures import FigureColumns, Figures, ReportedFigures
from tests.validation.reports import service, submission

REPORT = submission(
    service("edu.kab.paud", target=None, served=0), service("edu.kab.basic", allocated=10**15, realised=7)
)
FIGURES = {
    "edu.kab.paud": Figures(None, 0, 5_000_000_000, 4_000_000_000),
    "edu.kab.basic": Figures(1_000, 800, 10**15, 7),
}


def test_figures_of_a_report_are_found_by_service_type_and_in_its_order() -> None:
    figures = ReportedFigures.of(REPORT)
    assert figures == FIGURES
    assert list(figures) == list(FIGURES)
    assert len(figures) == len(FIGURES)
    assert figures.columns.targets == [None, 1_000]
    with pytest.raises(KeyError, match=r"edu\.kab\.equality"):
        figures["edu.kab.equality"]


def test_figures_come_back_from_their_text_as_they_were() -> None:
    figures = ReportedFigures.of(REPORT)
    kept = ReportedFigures(text=figures.text)
    assert kept == figures
    assert kept.columns == figures.columns
    assert kept.text == figures.text


def test_a_text_is_read_only_when_somebody_asks() -> None:
    assert ReportedFigures(text="no JSON").text == "no JSON"


def test_before_the_first_report_there_are_no_figures() -> None:
    assert ReportedFigures() == {}
    assert ReportedFigures(text=ReportedFigures().text) == {}


def test_the_text_is_short() -> None:
    columns = FigureColumns(["edu.kab.basic"], [1_000], [0], [None], [7])
    assert ReportedFigures(columns=columns).text == '[["edu.kab.basic"],[1000],[0],[null],[7]]'
