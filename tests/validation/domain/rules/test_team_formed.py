from regulation.law import Law
from services.validation.domain.case import NOT_REPORTED
from services.validation.domain.rules.team_formed import team_formed
from tests.validation.reports import TEAM, case, submission


def test_a_team_with_its_decree_is_enough(law: Law) -> None:
    assert not list(team_formed(case(law, submission(team=TEAM))))


def test_a_missing_team_is_found(law: Law) -> None:
    (violation,) = team_formed(case(law, submission(team=None)))
    assert (violation.pointer, violation.found, violation.service_type) == ("/team", NOT_REPORTED, None)
    assert violation.expected == "SK Tim Penerapan SPM / the team's decree"
