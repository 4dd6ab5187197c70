import pytest

from contracts.submission import Stage, StageReport, StageStatus
from regulation.law import Law
from services.validation.domain.case import NOT_REPORTED
from services.validation.domain.rules.stages_reported import stages_reported
from tests.validation.reports import STAGES, case, submission


@pytest.mark.parametrize("stages", [STAGES, STAGES[::-1]], ids=["in order", "in any order"])
def test_four_stages_once_each_are_enough(law: Law, stages: tuple[StageReport, ...]) -> None:
    assert not list(stages_reported(case(law, submission(stages=stages))))


@pytest.mark.parametrize("status", StageStatus)
def test_a_stage_that_is_not_begun_is_reported_all_the_same(law: Law, status: StageStatus) -> None:
    stages = tuple(StageReport(stage=stage, status=status) for stage in Stage)
    assert not list(stages_reported(case(law, submission(stages=stages))))


@pytest.mark.parametrize("missing", Stage)
def test_a_missing_stage_is_named(law: Law, missing: Stage) -> None:
    stages = tuple(report for report in STAGES if report.stage is not missing)
    (violation,) = stages_reported(case(law, submission(stages=stages)))
    assert (violation.pointer, violation.found, violation.expected) == ("/stages", NOT_REPORTED, missing.value)


def test_no_stage_at_all_is_four_findings_in_their_order(law: Law) -> None:
    violations = stages_reported(case(law, submission(stages=())))
    assert [violation.expected for violation in violations] == [stage.value for stage in Stage]


def test_a_stage_written_twice_is_found_beside_the_one_it_displaced(law: Law) -> None:
    report = submission(stages=(STAGES[0], STAGES[1], STAGES[1], STAGES[3]))
    twice, missing = stages_reported(case(law, report))
    assert (twice.pointer, twice.found) == ("/stages/2/stage", "needs_calculation")
    assert twice.expected == "satu kali, seperti pada / once, as at /stages/1"
    assert missing.expected == "planning"


def test_each_repetition_points_to_the_first(law: Law) -> None:
    violations = stages_reported(case(law, submission(stages=(*STAGES, STAGES[0], STAGES[0]))))
    assert [(violation.pointer, violation.expected[-9:]) for violation in violations] == [
        ("/stages/4/stage", "/stages/0"),
        ("/stages/5/stage", "/stages/0"),
    ]
