"""``spm check``: try reports before they are handed in, without a network, by the rules that validation judges by."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Column, Table

from chassis.bodies import parsed
from chassis.clock import SystemClock
from chassis.errors import Unprocessable
from chassis.events import Received
from chassis.problems import Fault, Problem
from cli.saying import harmless, say
from contracts.language import Language
from contracts.message import Bilingual
from contracts.submission import Submission
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import Finding, Severity, SubmissionJudgedV1, VerdictOutcome
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import load_law
from services.validation.domain.foresight import as_if_received
from services.validation.domain.head import Head
from services.validation.handlers import foreseen
from services.validation.store import Known

STANDARD_INPUT: Final = "-"
UNUSABLE: Final = "unusable"
_EXIT: Final = {
    VerdictOutcome.ACCEPTED.value: 0,
    VerdictOutcome.ACCEPTED_WITH_WARNINGS.value: 0,
    VerdictOutcome.RETURNED.value: 1,
    UNUSABLE: 2,
}
_CLIENT: Final = "spm-check"


_RESULTS: Final = {
    VerdictOutcome.ACCEPTED.value: Bilingual(id="diterima", en="accepted"),
    VerdictOutcome.ACCEPTED_WITH_WARNINGS.value: Bilingual(
        id="diterima, peringatan perlu penjelasan", en="accepted, warnings need a reason"
    ),
    VerdictOutcome.RETURNED.value: Bilingual(id="dikembalikan", en="returned"),
    UNUSABLE: Bilingual(id="tidak dapat dipakai", en="unusable"),
}
_SEVERITIES: Final = {
    Severity.ERROR: Bilingual(id="kesalahan", en="error"),
    Severity.WARNING: Bilingual(id="peringatan", en="warning"),
}
_HEADINGS: Final = (
    Bilingual(id="Letak", en="Where"),
    Bilingual(id="Ditemukan", en="Found"),
    Bilingual(id="Seharusnya", en="Expected"),
)
_REMEDY: Final = Bilingual(id="Perbaikan", en="Remedy")
_COUNTED: Final = Bilingual(id="temuan", en="findings")
_JUSTIFIED: Final = Bilingual(id="ada penjelasan", en="justified")
_EXPLAINED_BY: Final = Bilingual(
    id="Penjelasan suatu aturan: spm rules show <aturan>", en="What a rule means: spm rules show <rule>"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: with its verdict, or why there can be none."""

    file: str
    verdict: SubmissionJudgedV1 | None = None
    detail: str = ""
    faults: Sequence[Fault] = ()

    @property
    def result(self) -> str:
        return self.verdict.outcome.value if self.verdict else UNUSABLE

    def as_json(self) -> dict[str, Any]:
        if self.verdict is None:
            faults = [fault.model_dump() for fault in self.faults]
            return {"file": self.file, "result": self.result, "detail": self.detail, "errors": faults}
        told = {"region_code", "period", "findings", "content_digest", "ruleset_id", "ruleset_digest"}
        return {"file": self.file, "result": self.result, **self.verdict.model_dump(mode="json", include=told)}


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Reports as JSON; - is standard input.")],
    earlier: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="An earlier accepted report of the region; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
    lang: Annotated[Language, typer.Option(help="Of what is said to people.")] = Language.INDONESIAN,
) -> None:
    """Judge reports as validation would, before they are handed in; nothing leaves this machine.

    Exit code 0: accepted, with or without warnings. 1: returned. 2: unusable, no report or none that can be judged.
    Of several files the worst counts. Rules that look back are silent without --earlier.
    """
    law, now = load_law(), SystemClock().now()
    before = [_read(law, file) for file in earlier or ()]
    unusable = [each for each in before if isinstance(each, Checked)]
    reports = [each for each in before if isinstance(each, Submission)]
    checked = unusable or [checked_file(law, file, reports, now) for file in files]
    if as_json:
        print(json.dumps([each.as_json() for each in checked], indent=2, ensure_ascii=False))
    else:
        _show(checked, lang, Console(highlight=False))
    raise typer.Exit(max(_EXIT[each.result] for each in checked))


def checked_file(law: Law, file: str, earlier: Iterable[Submission], now: datetime) -> Checked:
    """What becomes of the report in a file after the earlier ones, each of which was accepted."""
    report = _read(law, file)
    if isinstance(report, Checked):
        return report
    try:
        return Checked(file, verdict=verdict_on(law, report, earlier, now))
    except (RegulationError, Unprocessable, ValueError) as refusal:
        return Checked(file, detail=str(refusal))


def verdict_on(law: Law, report: Submission, earlier: Iterable[Submission], now: datetime) -> SubmissionJudgedV1:
    """Raises:
    RegulationError: the law is silent on the period.
    Unprocessable: the verdict would not fit into its topic.
    ValueError: an earlier report is none.
    """
    received = as_if_received(law, report, client_id=_CLIENT, at=now)
    arriving = Received(received, received.event_id, SUBMISSION_RECEIVED.name, 0, 0, now)
    return foreseen(law, Known(verdicts={}, settlements={}, heads=_heads(report, earlier)), arriving)


def _heads(report: Submission, earlier: Iterable[Submission]) -> dict[str, Head]:
    """Where the region stands. Of two reports of one period the later in the list is in force, as in the log."""
    heads: dict[str, Head] = {}
    for before in earlier:
        if before.region_code != report.region_code or before.period >= report.period:
            raise ValueError(
                f"--earlier is {before.region_code} {before.period}, expected a report of {report.region_code}"
                f" from before {report.period}."
            )
        head = Head(before.region_code, before.period)
        head = heads.get(head.id, head)
        heads[head.id] = head.after(f"{head.id}/{head.revision + 1}", VerdictOutcome.ACCEPTED, before)
    return heads


def _read(law: Law, file: str) -> Submission | Checked:
    """The report in a file, or why there is none."""
    try:
        body = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
        report = parsed(body, Submission, "unprocessable-submission")
    except OSError as error:
        return Checked(file, detail=f"The file cannot be read ({error.strerror}).")
    except Problem as problem:
        return Checked(file, detail=problem.detail, faults=problem.errors)
    if report.region_code not in law.regions:
        unknown = Fault(code="unknown_region", pointer="/region_code", detail=f"Found {report.region_code!r}.")
        return Checked(file, detail="No region has this code.", faults=[unknown])
    return report


def _show(checked: Sequence[Checked], lang: Language, console: Console) -> None:
    for each in checked:
        colour = "red" if _EXIT[each.result] else "green"
        console.print(
            f"[bold]{escape(harmless(each.file))}[/]: [{colour}]{lang.of(_RESULTS[each.result])}[/]", soft_wrap=True
        )
        if each.verdict is None:
            say(console, f"  {each.detail}", *(f"  {fault.pointer or '/'}: {fault.detail}" for fault in each.faults))
        else:
            _show_verdict(each.verdict, lang, console)
    if any(each.verdict and each.verdict.findings for each in checked):
        say(console, lang.of(_EXPLAINED_BY))


def _show_verdict(verdict: SubmissionJudgedV1, lang: Language, console: Console) -> None:
    found = f"{len(verdict.findings)} {lang.of(_COUNTED)}"
    say(console, f"  {found} · {verdict.ruleset_id} · {verdict.ruleset_digest}")
    for (_, code), findings in groupby(verdict.findings, key=lambda finding: (finding.severity, finding.code)):
        first, *others = findings
        colour = "red" if first.severity is Severity.ERROR else "yellow"
        console.print(f"\n  [{colour}]{lang.of(_SEVERITIES[first.severity])}[/] [bold]{escape(code)}[/]")
        say(console, f"  {lang.of(first.summary)}", f"  {lang.of(_REMEDY)}: {lang.of(first.remedy)}")
        console.print(Padding(_places([first, *others], lang), (0, 0, 0, 4)))


def _places(findings: Iterable[Finding], lang: Language) -> Table:
    table = Table(*(Column(lang.of(heading), overflow="fold") for heading in _HEADINGS), box=None, pad_edge=False)
    for finding in findings:
        reason = f" ({lang.of(_JUSTIFIED)})" if finding.justification else ""
        cells = (finding.pointer or "/", f"{finding.found}{reason}", finding.expected)
        table.add_row(*(escape(harmless(cell)) for cell in cells))
    return table
