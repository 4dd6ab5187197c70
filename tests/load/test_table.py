"""The tables of a load, from figures that are known."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.load.evening import FLOOD, Evening, percentile_s
from tests.load.system import WORK, Watched
from tests.load.table import BEGIN, END, PROCESSES, Stored, bounds, put_into, written


def seen(seconds: float, cpu_s: float, piece_ms: float = 10.0) -> Watched:
    looks = [dict.fromkeys(PROCESSES, resident) for resident in (100.0, 150.0, 200.0)]
    return Watched(
        looks, [3, 40, 0], dict.fromkeys(PROCESSES, cpu_s), dict.fromkeys(WORK, 250), seconds, [piece_ms] * 3
    )


@pytest.fixture
def row() -> Stored:
    done = Evening(100, busy=1.5, answered_in_s=[0.01] * 100, judged_in_s=[0.2] * 50, seen=seen(10.0, 0.4))
    done.answers.update({"202": 50, "503": 50})
    disk_mb = {"kafka": 30.0, "mongodb": 70.0}
    evenings = {"20x": done, "flood": done}
    return Stored(10_000, filled=8_000, filling=seen(80.0, 16.0), disk_mb=disk_mb, evenings=evenings)


def test_each_table_tells_its_figures_by_size(row: Stored) -> None:
    lines = written([row], "a machine", "a command").splitlines()
    assert "| 10,000 | 20x | 100 | 50 of 202, 50 of 503 | 5.0 | 10 | 10 | 200 | 200 | 40 | 1.5 |" in lines
    assert "| 10,000 | 20x | 4.0 | 4.0 | 4.0 | 4.0 | 4.0 | 4.0 | 24.0 | 10.00 |" in lines, (
        "milliseconds of CPU of one report"
    )
    assert "| 10,000 | 20x | 2.5 | 2.5 | 2.5 | 2.5 |" in lines, "what MongoDB did for one report"
    assert "| 10,000 | 100 | 2.0 | 2.0 | 2.0 | 2.0 | 2.0 | 2.0 | 12.0 | 10.00 |" in lines, (
        "reports a second while filling"
    )
    assert sum(line.startswith("| 10,000 | filling | 100 150 200 |") for line in lines) == 1
    assert "| 10,000 | 30 | 70 | 10.2 |" in lines


def grown(row: Stored, *, cpu_s: float, resident: float, piece_ms: float = 10.0) -> Stored:
    """The same at a hundred times the size."""
    after = seen(10.0, cpu_s, piece_ms)
    after.resident_mb[-1]["scoring"] = resident
    return replace(row, reports=1_000_000, evenings={FLOOD: replace(row.evenings[FLOOD], seen=after)})


@pytest.mark.parametrize(
    ("cpu_s", "resident", "told"),
    [
        (0.44, 220.0, ["PASSED", "PASSED", "PASSED"]),
        (0.441, 220.0, ["FAILED", "FAILED", "PASSED"]),
        (0.2, 220.5, ["PASSED", "PASSED", "FAILED"]),
        (0.2, 100.0, ["PASSED", "PASSED", "PASSED"]),
    ],
)
def test_cost_and_memory_may_grow_by_a_tenth_and_no_more(
    row: Stored, cpu_s: float, resident: float, told: list[str]
) -> None:
    held = bounds([row, grown(row, cpu_s=cpu_s, resident=resident)])
    assert [one.text.partition(":")[0] for one in held] == told
    assert [one.holds for one in held] == [word == "PASSED" for word in told]


@pytest.mark.parametrize(("piece_ms", "told"), [(9.2, "PASSED"), (9.0, "FAILED")])
def test_a_machine_that_became_faster_hides_no_growth(row: Stored, piece_ms: float, told: str) -> None:
    cost, by_yardstick, _ = bounds([row, grown(row, cpu_s=0.4, resident=200.0, piece_ms=piece_ms)])
    assert (cost.holds, by_yardstick.text.partition(":")[0]) == (True, told)


def test_of_one_size_alone_nothing_is_held(row: Stored) -> None:
    assert bounds([row]) == []


def test_what_a_hundred_nations_need_follows_from_the_cost_of_a_report(row: Stored) -> None:
    lines = written([row], "a machine", "a command").splitlines()
    # 91 reports a second, 4 ms each, at 60 %: 0.6 of a processor; 20 times as many: 12.1
    assert "| 100 | 1x | 91.0 | 2 | 2 | 2 | 2 | 0.6 | 0.6 | 12 | 1.6 | 6.4 |" in lines
    assert "| 100 | 20x | 1820.0 | 13 | 13 | 13 | 13 | 12.1 | 12.1 | 13 | 10.2 | 6.4 |" in lines


def test_tables_go_between_the_marks_and_replace_what_stood_there(tmp_path: Path) -> None:
    file = tmp_path / "capacity.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    put_into(file, "new\n")
    put_into(file, "newer\n")
    assert file.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\nnewer\n\n{END}\nafter\n"


def test_a_file_without_marks_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "capacity.md"
    file.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the lines"):
        put_into(file, "new")
    assert file.read_text(encoding="utf-8") == "no marks"


def test_percentiles_lie_within_what_was_measured() -> None:
    times = [0.1] * 99 + [9.0]
    assert percentile_s(times, 50) == 0.1
    assert 0.1 < percentile_s(times, 99) < 9.0
