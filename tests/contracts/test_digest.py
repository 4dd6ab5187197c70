"""A digest, once told, stays what it was, however many fields come later."""

from hashlib import sha256

import pytest

from chassis.events import Event
from contracts.submission import NilReturn, Submission, SubmissionReceivedV1
from tests.contracts.examples import EXAMPLES
from tests.intake.reports import submission

REPORTS = [example.message.submission for example in EXAMPLES if isinstance(example.message, SubmissionReceivedV1)]
NIL = NilReturn(author_role="Sekda Kota Contoh", reason="Anggaran baru disahkan pada bulan April.")


def test_the_digest_of_a_report_is_the_one_told_when_the_first_version_ran() -> None:
    """The report said nothing of what came later: `nil_return`, `supersedes`."""
    assert submission().content_digest == "05557451c4d927a25f42535e022d637868868aa9e44bf9a5ad5b84d36f77ddd9"


@pytest.mark.parametrize("later", [{"nil_return": NIL}, {"supersedes": "laporan-1"}])
def test_what_a_later_field_says_is_part_of_the_content(later: dict[str, object]) -> None:
    changed = submission().model_copy(update=later)
    assert changed.content_digest != submission().content_digest
    assert Submission.model_validate_json(changed.written) == changed


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.content_digest[:8])
def test_the_digest_is_of_the_bytes_that_stand_in_the_log(report: Submission) -> None:
    fact = next(
        example.message
        for example in EXAMPLES
        if isinstance(example.message, SubmissionReceivedV1) and example.message.submission == report
    )
    assert Event.of(fact).value.endswith(b'"submission":' + report.written + b"}")
    assert report.content_digest == sha256(report.written).hexdigest()
