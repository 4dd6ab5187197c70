"""``spm rules``: read the rules, and see what a proposed rule set would change."""

import asyncio
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chassis.clock import JAKARTA, SystemClock
from chassis.errors import BROKEN_WORLD, Misconfigured
from chassis.replay import count_all, read_all
from chassis.settings import Settings
from cli.demo.screen import WIDTH_MAX, Screen
from cli.installation import installation
from cli.preview import OUTCOMES, Impact, Walk
from contracts.language import Language
from contracts.quarter import Quarter
from contracts.topics import SUBMISSION_RECEIVED
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import load_law, load_proposal
from services.validation.domain.explanation import KINDS, SEVERITIES, ToldExample, ToldRule, explain
from services.validation.domain.rulebook import rulebook_of

app = typer.Typer(help="The rules by which reports are judged.", no_args_is_help=True)
ROWS_SHOWN_MAX: Final = 200
RULES_FOLDER: Final = "rules"
_MONTHS_A_QUARTER: Final = 3

Lang = Annotated[Language, typer.Option(help="Of what is said to people.")]


@app.command("list")
def list_(lang: Lang = Language.INDONESIAN) -> None:
    """Every rule that holds today."""
    ruleset = explain(load_law()).ruleset(SystemClock().now().astimezone(JAKARTA).date())
    table = Table("code", "", "", box=None)
    for clause in ruleset.rules if ruleset else ():
        table.add_row(clause.code, clause.severity, escape(lang.of(clause.name)))
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH_MAX)
    console.print(table)
    if ruleset:
        console.print(f"{ruleset.id} · {ruleset.digest}", soft_wrap=True)


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="Like served-within-target.")], lang: Lang = Language.INDONESIAN
) -> None:
    """What a rule demands, why, an example, and how to mend."""
    rules = explain(load_law()).rules
    if code not in rules:
        _fail(f"no rule has the code {code}. Known are: {', '.join(rules)}")
    for line in _told(rules[code], lang):
        typer.echo(line)


@app.command()
def preview(
    proposed: Annotated[
        Path, typer.Argument(help="A folder with rulesets.toml and rules/*.toml as in regulation/, or one such file.")
    ],
    period: Annotated[
        list[str] | None, typer.Option(help="Tell of this period alone, like 2023Q4; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Judge all kept reports under a proposed rule set as well, and list whose outcome would change by which rules.

    SPM_KAFKA names the installation; without it, it is the stack that `spm up` started here. Nothing is written.
    """
    try:
        law, periods = proposed_law(proposed), frozenset(Quarter.parse(each).text for each in period or ())
        impact = Impact(Walk(load_law()), Walk(law), periods)
        # What is counted goes to stderr, so that the answer can be piped.
        asyncio.run(walk(installation("kafka"), impact, Screen(Console(stderr=True, highlight=False))))
    except (RegulationError, ValueError, Misconfigured) as refusal:
        _fail(str(refusal))
    except BROKEN_WORLD as error:
        _fail(f"Kafka cannot be read ({type(error).__name__}: {error}). Run it again.")
    if as_json:
        print(json.dumps(impact.as_json(), indent=2, ensure_ascii=False))
    else:
        _show(impact, Console(highlight=False))


async def walk(settings: Settings, impact: Impact, screen: Screen) -> None:
    """Take everything that stands in the log now."""
    total, done = await count_all(settings, SUBMISSION_RECEIVED), 0
    with screen.step("records read and judged twice", total) as step:
        async for batch in read_all(settings, SUBMISSION_RECEIVED):
            for message in batch:
                impact.take(message)
                done += 1
                step.at(done)


def proposed_law(path: Path) -> Law:
    """The law in force with the files of a folder, or one file, in place of its own.

    Raises:
        RegulationError: not well written, or with a rule that cannot be tested.
    """
    if path.is_dir():
        law = load_proposal(path)
    else:
        with TemporaryDirectory() as folder:
            place = Path(folder) / (RULES_FOLDER if path.parent.name == RULES_FOLDER else "") / path.name
            place.parent.mkdir(exist_ok=True)
            try:
                shutil.copyfile(path, place)
            except OSError as error:
                raise RegulationError(f"{path} cannot be read ({error.strerror}).") from error
            law = load_proposal(Path(folder))
    for ruleset in explain(law).rulesets:
        day = ruleset.first_day
        rulebook_of(law, Quarter(day.year, (day.month - 1) // _MONTHS_A_QUARTER + 1).text)
    return law


def _told(rule: ToldRule, lang: Language) -> Iterable[str]:
    say = lang.say
    yield f"{rule.code}: {lang.of(rule.name)}"
    yield f"{lang.of(KINDS[rule.kind])} · {lang.of(SEVERITIES[rule.terms[0].severity])}"
    yield f"\n{lang.of(rule.what)}"
    yield f"\n{say('Mengapa', 'Why')}: {lang.of(rule.why)}"
    yield f"{say('Perbaikan', 'How to mend')}: {lang.of(rule.remedy)}"
    yield f"{say('Benar', 'Right')}: {_example(rule.right, lang)}"
    yield f"{say('Keliru', 'Wrong')}: {_example(rule.wrong, lang)}"
    for threshold in rule.terms[0].thresholds:
        yield f"{say('Ambang', 'Threshold')}: {threshold.id} {threshold.value} {threshold.unit}"
    yield f"{say('Dasar', 'Source')}: {rule.source.title}; {rule.source.article} ({rule.source.confidence})"


def _example(example: ToldExample, lang: Language) -> str:
    where = f" [{example.finding_at or '/'}]" if example.finding_at is not None else ""
    return f"{lang.of(example.sentence)}{where}"


def _show(impact: Impact, console: Console) -> None:
    console.width = max(console.width, WIDTH_MAX)
    regions = impact.present.law.regions
    for outcome in OUTCOMES:
        changes = impact.newly(outcome)
        if not changes:
            continue
        table = Table("region", "", "period", "revision", "now", "by", box=None)
        for change in changes[:ROWS_SHOWN_MAX]:
            region = regions.get(change.region_code)
            table.add_row(
                change.region_code,
                escape(region.name if region else ""),
                change.period,
                str(change.revision),
                change.before,
                ", ".join(change.by),
            )
        console.print(f"\n[bold]{len(changes)} would newly be {outcome}[/]")
        console.print(table)
        if len(changes) > ROWS_SHOWN_MAX:
            console.print(f"  and {len(changes) - ROWS_SHOWN_MAX} more; all are in --json")
    rules = Table("rule", "reports now", "then", "newly", "no longer", box=None)
    for code, counts in impact.rules().items():
        rules.add_row(code, *map(str, counts))
    console.print("\n[bold]Reports with a finding, by rule[/]")
    console.print(rules)
    console.print(f"\n{impact.reports} reports, {len(impact.changes)} with another outcome. Nothing was written.")


def _fail(sentence: str) -> None:
    typer.secho(f"spm: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
