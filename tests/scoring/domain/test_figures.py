from decimal import Decimal

import pytest

from contracts.message import Bilingual
from contracts.submission import Justification, Stage, StageReport, StageStatus
from contracts.verdict import Finding, Severity, VerdictOutcome
from services.scoring.domain.figures import budget_pct, open_warnings, stages_pct
from tests.scoring.reports import judged, report, submission

PREGNANCY = "health.kab.pregnancy"


def finding(code: str, *, justified: bool = False, severity: Severity = Severity.WARNING) -> Finding:
    why = Justification(rule=code, author_role="Sekda Kota Contoh", reason="Penduduk pindahan ikut dilayani tahun ini")
    text = Bilingual(id="sintetis", en="synthetic")
    return Finding(
        code=code,
        severity=severity,
        pointer="/services/0/recipients/served",
        found="11",
        expected="10",
        summary=text,
        remedy=text,
        justification=why if justified else None,
    )


@pytest.mark.parametrize(("done", "expected"), [(0, 0), (1, 25), (2, 50), (3, 75), (4, 100)])
def test_stages_are_the_share_that_is_done(done: int, expected: int) -> None:
    assert stages_pct(submission("64.71", [], stages_done=done)) == expected


def test_a_stage_that_is_named_twice_counts_once() -> None:
    done = StageReport(stage=Stage.PLANNING, status=StageStatus.DONE)
    assert stages_pct(submission("64.71", []).model_copy(update={"stages": (done, done)})) == 25


@pytest.mark.parametrize(
    ("allocated", "realised", "expected"),
    [(100, 50, 50), (100, 100, 100), (100, 101, 100), (100, 0, 0), (0, 0, 0), (None, 5, 0), (5, None, 0)],
)
def test_a_budget_is_the_share_realised(allocated: int | None, realised: int | None, expected: int) -> None:
    assert budget_pct([report(PREGNANCY, allocated=allocated, realised=realised)]) == expected


def test_services_weigh_the_same_whatever_their_budget() -> None:
    small, large = report(PREGNANCY, allocated=1, realised=1), report(PREGNANCY, allocated=10**12, realised=0)
    assert budget_pct([small, large]) == Decimal(50)


def test_only_warnings_that_nobody_justified_are_open() -> None:
    verdict = judged(
        submission("64.71", []),
        outcome=VerdictOutcome.ACCEPTED_WITH_WARNINGS,
        findings=[
            finding("team-formed"),
            finding("served-within-target"),
            finding("served-within-target"),
            finding("stages-reported", justified=True),
            finding("counts-reported", severity=Severity.ERROR),
        ],
    )
    assert open_warnings(verdict) == ("served-within-target", "team-formed")
