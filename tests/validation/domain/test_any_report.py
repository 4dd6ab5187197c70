"""What holds for every report, however absurd: it gets a verdict, in one order, the same bytes for the same report."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest

from chassis.events import Event, Received
from contracts.submission import Submission
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from regulation.loading import load_law
from services.validation.domain.judge import FURTHER_FINDINGS
from services.validation.domain.rulebook import rulebook_of
from services.validation.domain.rules import RULES
from services.validation.handlers import Decisions
from services.validation.store import Known
from tests.validation.invented import invented_log
from tests.validation.reports import ARRIVED, PERIOD
from tests.validation.worked import verdict, worked

SEED = 4
REPORTS = 2_000
"""Ten thousand are judged in ``tests/validation/test_foresight.py``."""
REPORTS_A_HASH_SEED = 300
ROOT = Path(__file__).parents[3]


def verdicts(law: Law, reports: int) -> list[SubmissionJudgedV1]:
    """Of a log of invented reports, each held against those before it."""
    decisions = Decisions(law, Known({}, {}, {}))
    for message in invented_log(law, Random(SEED), reports, codes=tuple(sorted(RULES))):
        decisions.events_of(Received(message, message.event_id, SUBMISSION_RECEIVED.name, 0, 0, ARRIVED))
    return decisions.judged


def fingerprint(reports: int) -> str:
    digest = sha256()
    for judged in verdicts(load_law(), reports):
        digest.update(Event.of(judged).value)
    return digest.hexdigest()


def value_at(document: Any, pointer: str) -> Any:
    """Raises where the pointer leads nowhere, but for the last step: what is missing cannot be pointed at."""
    *way, last = pointer.split("/")[1:]
    for part in way:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document[int(last)] if isinstance(document, list) else document.get(last)


def test_invented_reports_get_their_verdicts_in_the_rulebooks_order(law: Law) -> None:
    judged = verdicts(law, REPORTS)
    assert len(judged) == REPORTS
    order = [clause.code for clause in rulebook_of(law, PERIOD).clauses]
    for one in judged:
        places = [order.index(finding.code) for finding in one.findings if finding.code != FURTHER_FINDINGS]
        assert places == sorted(places)
    assert {one.outcome for one in judged} == set(VerdictOutcome)


def test_the_same_reports_give_the_same_bytes_on_any_hash_seed() -> None:
    script = f"from {__name__} import fingerprint; print(fingerprint({REPORTS_A_HASH_SEED}))"
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "4711")
    }
    assert found == {fingerprint(REPORTS_A_HASH_SEED)}


def with_mistakes(law: Law) -> Submission:
    return worked(
        law,
        set={
            "/services/*/recipients/served": 1_200,
            "/services/*/budget/realised": 6_000_000_000,
            "/services/*/quality/0/fulfilled": 1_000,
            "/team/decree_date": "2031-01-09",
            "/problems/0": {"problem": "Data sasaran berbeda (sintetis)."},
        },
        without=("/action_plan", "/stages/2", "/services/edu.kab.basic/recipients/target"),
    )


def test_one_report_with_many_mistakes_gets_them_all_in_one_answer_each_at_its_place(law: Law) -> None:
    report = with_mistakes(law)
    findings = verdict(law, report).findings
    assert len(findings) > 60
    assert len({(finding.code, finding.pointer) for finding in findings}) == len(findings)
    assert FURTHER_FINDINGS not in {finding.code for finding in findings}
    document = json.loads(report.model_dump_json())
    for finding in findings:
        value = value_at(document, finding.pointer)
        if isinstance(value, int):
            assert finding.found == str(value)


def test_what_is_mended_is_told_no_more(law: Law) -> None:
    told = {finding.code for finding in verdict(law, with_mistakes(law)).findings}
    assert told == {
        "counts-reported",
        "served-within-target",
        "fulfilled-within-required",
        "realised-within-allocated",
        "problems-have-solutions",
        "team-decree-dated",
        "stages-reported",
        "action-plan-made",
    }
    assert verdict(law, worked(law)).findings == ()


@pytest.mark.parametrize("history", [{}, {"/services/*/recipients/served": None}], ids=["whole", "without counts"])
def test_an_empty_report_is_judged_whatever_came_before(law: Law, history: dict[str, Any]) -> None:
    nothing = worked(law, set={"/services": []})
    judged = verdict(law, nothing, earlier=history, last_year=history)
    assert judged.outcome is VerdictOutcome.RETURNED
    assert "figures-or-nil-return" in {finding.code for finding in judged.findings}
