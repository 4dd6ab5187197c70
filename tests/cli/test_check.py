import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from contracts.submission import Submission
from regulation.law import Law
from regulation.loading import load_law
from tests.validation.reports import faultless

RUN = CliRunner()


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def kept(folder: Path, name: str, report: Submission | str | bytes) -> str:
    body = report.model_dump_json() if isinstance(report, Submission) else report
    file = folder / name
    file.write_bytes(body if isinstance(body, bytes) else body.encode())
    return str(file)


def check(*words: str, body: str | None = None) -> Result:
    return RUN.invoke(app, ["check", *words], input=body)


def told(result: Result) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(result.stdout)
    return answer


def test_a_faultless_report_is_accepted(folder: Path, law: Law) -> None:
    done = check(kept(folder, "a.json", faultless(law)))
    assert (done.exit_code, "diterima" in done.stdout) == (0, True)


def test_warnings_alone_do_not_return_a_report(folder: Path, law: Law) -> None:
    done = check("--json", kept(folder, "a.json", faultless(law, team=None)))
    (answer,) = told(done)
    assert (done.exit_code, answer["result"]) == (0, "accepted_with_warnings")
    assert [finding["code"] for finding in answer["findings"]] == ["team-formed"]
    assert answer["ruleset_digest"]


def test_a_returned_report_says_what_to_mend_in_the_language_asked_for(folder: Path, law: Law) -> None:
    earlier = kept(folder, "q3.json", faultless(law, period="2023Q3", served=700))
    falls = kept(folder, "q4.json", faultless(law, served=600))
    assert check(falls).exit_code == 0
    indonesian = check(falls, "--earlier", earlier)
    english = check(falls, "--earlier", earlier, "--lang", "en")
    assert (indonesian.exit_code, english.exit_code) == (1, 1)
    assert "dikembalikan" in indonesian.stdout
    assert "returned" in english.stdout
    for done in (indonesian, english):
        assert "cumulative-does-not-fall" in done.stdout
        assert "/services/0/recipients/served" in done.stdout


def test_of_two_earlier_reports_of_a_quarter_the_later_counts(folder: Path, law: Law) -> None:
    wrong = kept(folder, "q3.json", faultless(law, period="2023Q3", served=900))
    corrected = kept(folder, "q3-2.json", faultless(law, period="2023Q3", served=700))
    report = kept(folder, "q4.json", faultless(law, served=800))
    assert check(report, "--earlier", wrong).exit_code == 1
    assert check(report, "--earlier", wrong, "--earlier", corrected).exit_code == 0


def test_standard_input_is_read_where_a_dash_stands(law: Law) -> None:
    assert check("-", body=faultless(law).model_dump_json()).exit_code == 0
    assert check("-", body="{").exit_code == 2


def test_of_several_files_the_worst_counts(folder: Path, law: Law) -> None:
    good = kept(folder, "good.json", faultless(law))
    bad = kept(folder, "bad.json", faultless(law, region_code="31.71"))
    ugly = kept(folder, "ugly.json", "{}")
    assert check(good, bad).exit_code == 1
    done = check("--json", good, ugly, bad)
    assert done.exit_code == 2
    assert [answer["result"] for answer in told(done)] == ["accepted", "unusable", "returned"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "Invalid JSON"),
        (b"\xff", "Invalid JSON"),
        (b'{"region_code": "64.71", "tambahan": 1}', "/tambahan"),
        (b'{"region_code": "64.71", "period": "2023Q5"}', "/period"),
    ],
)
def test_what_is_no_report_is_unusable_and_says_where(folder: Path, body: bytes, said: str) -> None:
    done = check(kept(folder, "a.json", body))
    assert (done.exit_code, said in done.stdout) == (2, True)


def test_an_unknown_region_is_unusable(folder: Path, law: Law) -> None:
    report = faultless(law).model_copy(update={"region_code": "99.99"})
    done = check("--json", kept(folder, "a.json", report))
    (answer,) = told(done)
    assert done.exit_code == 2
    assert [fault["pointer"] for fault in answer["errors"]] == ["/region_code"]


def test_a_period_before_the_law_is_unusable(folder: Path, law: Law) -> None:
    done = check(kept(folder, "a.json", faultless(law).model_copy(update={"period": "2010Q1"})))
    assert done.exit_code == 2


def test_a_missing_file_is_told_without_a_trace(folder: Path) -> None:
    done = check(str(folder / "missing.json"))
    assert done.exit_code == 2
    assert "cannot be read" in done.stdout
    assert "Traceback" not in done.output


@pytest.mark.parametrize(("region", "period"), [("64.71", "2023Q4"), ("64.72", "2023Q3")])
def test_an_earlier_report_must_come_before_in_the_same_region(
    folder: Path, law: Law, region: str, period: str
) -> None:
    other = kept(folder, "other.json", faultless(law, region_code=region, period=period))
    done = check(kept(folder, "a.json", faultless(law)), "--earlier", other)
    assert (done.exit_code, "--earlier" in done.stdout) == (2, True)


def test_an_earlier_report_that_cannot_be_read_is_unusable(folder: Path, law: Law) -> None:
    done = check(kept(folder, "a.json", faultless(law)), "--earlier", kept(folder, "b.json", "[]"))
    assert done.exit_code == 2
