"""Steps as a person sees them: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from chassis.clock import monotonic_s

WIDTH_MAX: Final = 100
_LINE_EVERY_S: Final = 5.0


def make_console() -> Console:
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH_MAX) if console.is_terminal else WIDTH_MAX
    return console


@dataclass
class Step:
    """One step under way."""

    title: str
    total: int
    _console: Console
    _bar: tuple[Progress, TaskID] | None
    _began_s: float = field(default_factory=monotonic_s)
    _told_s: float = field(default_factory=monotonic_s)

    @property
    def elapsed_s(self) -> float:
        return monotonic_s() - self._began_s

    def at(self, done: int) -> None:
        rate = done / max(self.elapsed_s, 0.001)
        if self._bar:
            progress, task = self._bar
            progress.update(task, completed=done, rate=f"{rate:,.0f}/s")
        elif monotonic_s() - self._told_s >= _LINE_EVERY_S:
            self._told_s = monotonic_s()
            left = timedelta(seconds=round((self.total - done) / rate)) if rate else "unknown"
            self._console.print(f"  {self.title}: {done:,} of {self.total:,}, {rate:,.0f}/s, {left} left")


@dataclass
class Screen:
    console: Console
    took_s: dict[str, float] = field(default_factory=dict)
    """Seconds by step, in the order of the steps."""
    counted: dict[str, int] = field(default_factory=dict)
    """How much each step did."""

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Step]:
        if self.console.is_terminal:
            with self._progress() as progress:
                task = progress.add_task(title, total=total, rate="")
                step = Step(title, total, self.console, (progress, task))
                yield step
                progress.update(task, completed=total)
        else:
            step = Step(title, total, self.console, None)
            yield step
        self.took_s[title], self.counted[title] = step.elapsed_s, total
        self.say(f"  {title}: {total:,} in {step.elapsed_s:,.1f} s")

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
