"""What the audit says: well only where somebody was asked of every package."""

import json

import pytest

from deploy.audit import NOT_ASKED, verdict

CLEAN = {"name": "tersusun", "version": "1", "vulns": []}
KNOWN = {"name": "rapuh", "version": "1", "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["2"]}]}
SKIPPED = {"name": "asing", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "word"),
    [
        ([CLEAN], 0, "1 packages were asked of"),
        ([CLEAN, KNOWN], 1, "rapuh PYSEC-0000-1"),
        ([KNOWN, SKIPPED], 1, "1 known"),
        ([CLEAN, SKIPPED], NOT_ASKED, "asing"),
        ([], NOT_ASKED, "the lock is empty"),
    ],
)
def test_it_is_well_only_where_all_were_asked_of(packages: list[object], code: int, word: str) -> None:
    found, sentence = verdict(json.dumps({"dependencies": packages}), said="")
    assert (found, word in sentence) == (code, True)


@pytest.mark.parametrize("answer", ["", "oops", "[]", "{}"])
def test_no_answer_is_no_clean_bill(answer: str) -> None:
    code, sentence = verdict(answer, said="Traceback\nConnectionError: the service is away\n")
    assert code == NOT_ASKED
    assert "ConnectionError" in sentence
