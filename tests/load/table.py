"""The figures of a load, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.harness import SERVICES
from tests.load.evening import FLOOD, Evening, percentile_s
from tests.load.sizing import HEAD, needs
from tests.load.system import ENGINES, WORK, Watched

PROCESSES: Final = (*SERVICES, *ENGINES)
EVENING: Final = (
    *(
        "in the log",
        "load",
        "reports",
        "answers",
        "done/s",
        "answer p50 ms",
        "p99 ms",
        "202 to verdict p50 ms",
        "p99 ms",
    ),
    *("furthest behind", "load average before"),
)
COST_RATIO_MAX: Final = 1.10
MEMORY_RATIO_MAX: Final = 1.10
BEGIN: Final = "<!-- load: begin -->"
END: Final = "<!-- load: end -->"


@dataclass(frozen=True)
class Stored:
    """What was measured when so many reports stood in the log."""

    reports: int
    filled: int
    """How many of them came through the services since the last time; the others are copies."""
    filling: Watched
    disk_mb: dict[str, float]
    """What the reports take."""
    evenings: dict[str, Evening] = field(default_factory=dict)
    """By name."""

    @property
    def report_mb(self) -> float:
        """Of one report, in the log and in every database."""
        return sum(self.disk_mb.values()) / self.reports


def written(rows: Sequence[Stored], hardware: str, command: str) -> str:
    """Every table, with the command that made them and what is held."""
    parts = [
        f"Made by `{command}` on {hardware}. Synthetic reports.",
        *[bound.text for bound in bounds(rows)],
        "**A deadline's evening, by reports in the log before it**",
        _table(
            EVENING,
            [_evening(row, name, done) for row in rows for name, done in row.evenings.items()],
        ),
        "**CPU of a report, ms**",
        _table(
            ("in the log", "load", *PROCESSES, "all", "a piece of the yardstick"),
            [_cpu(row.reports, name, done.seen, done.handed_in) for row in rows for name, done in row.evenings.items()],
        ),
        "**What MongoDB did for a report**",
        _table(
            ("in the log", "load", *WORK),
            [_work(row.reports, name, done) for row in rows for name, done in row.evenings.items()],
        ),
        "**Filling the log through the services**",
        _table(
            ("in the log", "reports/s", *PROCESSES, "all", "a piece of the yardstick"),
            [_filling(row) for row in rows if row.filled],
        ),
        "**Memory, MB resident: start, middle, end of each load**",
        _table(
            ("in the log", "load", *PROCESSES),
            [
                _memory(row.reports, name, seen)
                for row in rows
                for name, seen in [("filling", row.filling), *((n, e.seen) for n, e in row.evenings.items())]
                if seen.resident_mb
            ],
        ),
        "**Disk of the reports, compressed by Kafka (gzip) and MongoDB (as it does by default)**",
        _table(
            ("in the log", *(f"{engine} MB" for engine in ENGINES), "kB a report"),
            [_disk(row) for row in rows],
        ),
        *_needed(rows[-1]),
    ]
    return "\n\n".join(parts) + "\n"


def _evening(row: Stored, name: str, done: Evening) -> list[str]:
    answers = ", ".join(f"{count} of {status}" for status, count in sorted(done.answers.items()))
    answered, judged = done.answered_in_s, done.judged_in_s
    times = [f"{1_000 * percentile_s(each, percent):.0f}" for each in (answered, judged) for percent in (50, 99)]
    behind = max(done.seen.behind, default=0)
    cells = [f"{row.reports:,}", name, f"{done.handed_in:,}", answers, f"{done.per_second:.1f}", *times]
    return [*cells, f"{behind:,}", f"{done.busy:.1f}"]


def _cpu(reports: int, name: str, seen: Watched, handed_in: int) -> list[str]:
    each = [1_000 * seen.cpu_s[process] / handed_in for process in PROCESSES]
    return [f"{reports:,}", name, *(f"{ms:.1f}" for ms in (*each, sum(each))), f"{seen.yardstick_ms:.2f}"]


def _work(reports: int, name: str, done: Evening) -> list[str]:
    return [f"{reports:,}", name, *(f"{done.seen.work[what] / done.handed_in:.1f}" for what in WORK)]


def _filling(row: Stored) -> list[str]:
    head, _, *cells = _cpu(row.reports, "", row.filling, row.filled)
    return [head, f"{row.filled / row.filling.seconds:.0f}", *cells]


def _memory(reports: int, name: str, seen: Watched) -> list[str]:
    looks = [seen.resident_mb[at] for at in (0, len(seen.resident_mb) // 2, -1)]
    return [f"{reports:,}", name, *(" ".join(f"{look[process]:.0f}" for look in looks) for process in PROCESSES)]


def _disk(row: Stored) -> list[str]:
    return [f"{row.reports:,}", *(f"{row.disk_mb[engine]:.0f}" for engine in ENGINES), f"{1_024 * row.report_mb:.1f}"]


def _needed(row: Stored) -> list[str]:
    head = f"**What is needed, by the flood at {row.reports:,} reports in the log**"
    return [head, _table(HEAD, [need.cells() for need in needs(row.evenings[FLOOD], row.report_mb)])]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruler = ["---" if name == "load" else "---:" for name in head]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ruler, *rows))


@dataclass(frozen=True)
class Bound:
    """One that a greater size must keep against the smallest."""

    what: str
    found: float
    most: float

    @property
    def holds(self) -> bool:
        return self.found <= self.most

    @property
    def text(self) -> str:
        return f"{'PASSED' if self.holds else 'FAILED'}: {self.what}: {self.found:.3f}, at most {self.most:.2f}"


def bounds(rows: Sequence[Stored]) -> list[Bound]:
    """Of each size but the smallest: a report's cost and the most that a service held, over those at the smallest.

    The cost twice, the second time in pieces of the yardstick: a machine that became faster meanwhile hides no growth.
    """
    held = []
    for row in rows[1:]:
        sizes = f"at {row.reports:,} over that at {rows[0].reports:,}"
        here, there = row.evenings[FLOOD], rows[0].evenings[FLOOD]
        cost = here.cost_ms / there.cost_ms
        slower = here.seen.yardstick_ms / there.seen.yardstick_ms
        held.append(Bound(f"CPU of a report in the flood {sizes}", cost, COST_RATIO_MAX))
        held.append(Bound(f"the same by the yardstick, which took {slower:.3f}", cost / slower, COST_RATIO_MAX))
        most, least = _most_mb(row), _most_mb(rows[0])
        grown = {name: most[name] / least[name] for name in SERVICES}
        name = max(grown, key=grown.__getitem__)
        held.append(Bound(f"memory of {name}, which grew most of the services, {sizes}", grown[name], MEMORY_RATIO_MAX))
    return held


def _most_mb(row: Stored) -> dict[str, float]:
    looks = [look for done in row.evenings.values() for look in done.seen.resident_mb]
    return {name: max(look[name] for look in looks) for name in SERVICES}


def put_into(file: Path, tables: str) -> None:
    before, after = around_marks(file)
    file.write_text(f"{before}{BEGIN}\n\n{tables}\n{END}{after}", encoding="utf-8")


def around_marks(file: Path) -> tuple[str, str]:
    """What stands before and behind the tables.

    Raises:
        ValueError: the file has no marks.
    """
    before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{file} lacks the lines {BEGIN} and {END}, between which the tables go")
    return before, after
