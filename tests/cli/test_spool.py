"""Reports wait, leave with a receipt or a refusal, and survive a kill between any two steps."""

from pathlib import Path

import pytest

from cli.documents import Document, Kind
from cli.spool import Entry, Spool, SpoolInUseError

REPORT = Document(Kind.REPORT, b'{"a": 1}', "berkas.json:1")


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def put(spool: Spool, key: str = "k1", document: Document = REPORT) -> Entry:
    entry = spool.put(document, key)
    assert entry is not None
    return entry


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_report_waits_until_its_receipt_is_kept(spool: Spool) -> None:
    with spool.opened():
        entry = put(spool)
        assert spool.waiting() == [entry]
        assert entry.file.read_bytes() == REPORT.body
        spool.taken(entry, b"receipt")
        assert spool.waiting() == []
        assert spool.receipt("k1").read_bytes() == b"receipt"
        assert spool.put(REPORT, "k1") is None


def test_a_refused_report_is_kept_with_what_was_said_and_may_wait_again(spool: Spool) -> None:
    with spool.opened():
        spool.refused(put(spool), b"problem")
        assert names(spool.refusals) == {"k1.json", "k1.problem"}
        assert spool.waiting() == []
        assert put(spool) in spool.waiting()
        assert names(spool.refusals) == set()


def test_a_kill_between_receipt_and_clearing_away_sends_nothing_again(spool: Spool) -> None:
    with spool.opened():
        entry = put(spool)
        spool.taken(entry, b"receipt")
        entry.file.write_bytes(REPORT.body)  # as if it had not been cleared away
        assert spool.waiting() == []
        assert not entry.file.exists()


def test_what_a_kill_left_half_written_is_no_report(spool: Spool) -> None:
    with spool.opened():
        entry = put(spool)
        half = entry.file.with_name(".begun-k2.json")
        half.write_bytes(b'{"a"')
    with spool.opened():
        assert spool.waiting() == [entry]
        assert not half.exists()


def test_what_waits_keeps_its_kind_and_a_key_with_a_name(spool: Spool) -> None:
    with spool.opened():
        put(spool, "abc.koreksi-1", Document(Kind.WORKBOOK, b"PK", "x.xlsx"))
        (entry,) = spool.waiting()
        assert (entry.key, entry.kind) == ("abc.koreksi-1", Kind.WORKBOOK)


def test_two_commands_do_not_work_with_one_spool(spool: Spool) -> None:
    with spool.opened(), pytest.raises(SpoolInUseError), Spool(spool.folder).opened():
        pass
    with spool.opened():
        pass


def test_nobody_else_on_the_machine_reads_what_waits(spool: Spool) -> None:
    with spool.opened():
        assert spool.receipts.stat().st_mode & 0o077 == 0
