"""Which reports are found in files of every kind."""

import gzip
import json
from pathlib import Path

import pytest
import zstandard

from cli.documents import FILE_BYTES_MAX, LINE_BYTES_MAX, Document, Kind, Unreadable, documents_of
from tests.intake.reports import submission

ONE, TWO = (submission(served=number).model_dump_json() for number in (1, 2))
PRETTY = json.dumps(json.loads(ONE), indent=2)


def found(tmp_path: Path, content: bytes | str) -> list[Document | Unreadable]:
    file = tmp_path / "berkas"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(documents_of(str(file)))


def bodies(tmp_path: Path, content: bytes | str) -> list[str]:
    return [each.body.decode() if isinstance(each, Document) else each.detail for each in found(tmp_path, content)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (ONE, [ONE]),
        (PRETTY, [PRETTY]),
        ("\ufeff" + ONE, [ONE]),
        (f"{ONE}\n{TWO}\n", [ONE, TWO]),
        (f"{ONE}\r\n\r\n{TWO}", [ONE, TWO]),
        (f"[{ONE},{TWO}]", [ONE, TWO]),
        (f" [\n {PRETTY} ,\n{TWO}\n]\n", [PRETTY, TWO]),
        ("[]", []),
        (gzip.compress(f"{ONE}\n{TWO}".encode()), [ONE, TWO]),
        (zstandard.compress(ONE.encode()), [ONE]),
        (zstandard.compress(f"{ONE}\n".encode()) + zstandard.compress(TWO.encode()), [ONE, TWO]),
    ],
)
def test_each_report_is_taken_out_as_it_is_written(tmp_path: Path, content: bytes | str, expected: list[str]) -> None:
    assert bodies(tmp_path, content) == expected


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (ONE, Kind.REPORT),
        ('{"dataSet": "SPM", "dataValues": []}', Kind.DATA_VALUES),
        (b"PK\x03\x04\nrest", Kind.WORKBOOK),
    ],
)
def test_the_content_says_what_a_document_is(tmp_path: Path, content: bytes | str, kind: Kind) -> None:
    (document,) = found(tmp_path, content)
    assert isinstance(document, Document)
    assert document.kind is kind
    assert document.body == (content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        "no json",
        "[1, 2",
        "[" * 100_000,
        gzip.compress(ONE.encode())[:-9],
        zstandard.compress(ONE.encode() * 9)[:-9],
        b"[" + b" " * FILE_BYTES_MAX + b"]",
    ],
    ids=range(8),
)
def test_what_cannot_be_read_is_told_of_and_nothing_is_raised(tmp_path: Path, content: bytes | str) -> None:
    (unreadable,) = found(tmp_path, content)
    assert isinstance(unreadable, Unreadable)
    assert unreadable.detail


def test_a_bad_line_is_told_of_by_its_number_and_the_others_are_read(tmp_path: Path) -> None:
    long = '{"a":"' + "x" * LINE_BYTES_MAX + '"}'
    told = found(tmp_path, f"{ONE}\nno json\n{long}\n7\n{TWO}")
    assert [isinstance(each, Document) for each in told] == [True, False, False, False, True]
    assert [each.origin.rpartition(":")[2] for each in told] == ["1", "2", "3", "4", "5"]


def test_a_report_that_is_written_otherwise_is_the_same_report(tmp_path: Path) -> None:
    digests = {
        each.digest for content in (ONE, PRETTY) for each in found(tmp_path, content) if isinstance(each, Document)
    }
    assert digests == {submission(served=1).content_digest}
