import pytest

from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.eligibility import GATES, exclusion
from tests.scoring.years import candidate, figures, year


def test_a_region_with_four_accepted_reports_may_be_ranked(law: Law, edition: AwardEdition) -> None:
    assert exclusion(candidate(law, "64", year("64")), edition) is None


def test_every_gate_of_the_law_is_kept(edition: AwardEdition) -> None:
    assert {rule.id for rule in edition.eligibility} == set(GATES)


def test_every_quarter_without_accepted_report_is_a_reason(law: Law, edition: AwardEdition) -> None:
    found = exclusion(candidate(law, "64", [figures("64", "2023Q2")]), edition)
    assert found is not None
    assert found.region_code == "64"
    assert [reason.partition(" / ")[2] for reason in found.reasons] == [
        "No report of 2023Q1 was accepted",
        "No report of 2023Q3 was accepted",
        "No report of 2023Q4 was accepted",
    ]


def test_an_administrative_unit_is_excluded(law: Law, edition: AwardEdition) -> None:
    found = exclusion(candidate(law, "31.71", year("31.71")), edition)
    assert found is not None
    assert found.reasons == (
        "Bukan daerah otonom yang wajib melaporkan SPM / Not an autonomous region that must report SPM",
    )


def test_all_reasons_are_told_at_once(law: Law, edition: AwardEdition) -> None:
    found = exclusion(candidate(law, "31.71", []), edition)
    assert found is not None
    assert len(found.reasons) == 5


@pytest.mark.parametrize(
    ("period", "code", "excluded"),
    [
        ("2023Q4", "served-within-target", True),
        ("2023Q4", "fulfilled-within-required", True),
        ("2023Q4", "team-formed", False),
        ("2023Q3", "served-within-target", False),
    ],
)
def test_an_open_integrity_finding_of_the_last_quarter_excludes(
    law: Law, edition: AwardEdition, period: str, code: str, *, excluded: bool
) -> None:
    warned = figures("64", period, open_warnings=(code,))
    found = exclusion(candidate(law, "64", [warned if one.period == period else one for one in year("64")]), edition)
    assert (found is not None) == excluded
    if found is not None:
        assert found.reasons[0].startswith(f"Temuan {code} pada laporan 2023Q4 belum dijelaskan / ")
