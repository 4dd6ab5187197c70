"""``spm dead-letters``: records that a service put aside: look, replay, discard."""

from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, TypeVar

import typer

from chassis.clock import SystemClock
from chassis.dead_letters import Letter
from chassis.mending import AT_ONCE_MAX, Case, Choice, Settled, cases, discard, replay
from chassis.operators import Order
from chassis.settings import Settings
from cli.letters import headers, state, text, value
from cli.operators import By, DryRun, Why, ask, fail
from cli.saying import harmless

T = TypeVar("T")
SHOWN_CHARS_MAX: Final = 20_000
_COLUMNS: Final = ("id", "age", "put aside at", "stage", "reason", "key", "state")

app = typer.Typer(help="Records that a service put aside.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="service/topic/partition/offset, as listed.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="As listed; without any, say --all.")]
Service = Annotated[str | None, typer.Option(help="Put aside by this service.")]
Topic = Annotated[str | None, typer.Option(help="Of this topic.")]
Reason = Annotated[str | None, typer.Option("--because", help="With this reason, like schema or mistake.")]
OlderThan = Annotated[float | None, typer.Option("--older-than", metavar="HOURS", help="Put aside so long ago.")]
All = Annotated[bool, typer.Option("--all", help="Every open one that the filters leave.")]


@app.command("list")
def list_(
    service: Service = None,
    topic: Topic = None,
    because: Reason = None,
    older_than: OlderThan = None,
    everything: Annotated[bool, typer.Option("--settled", help="Those that are settled too.")] = False,
) -> None:
    """List what is open, the oldest first, a line each, tabs between."""
    now = SystemClock().now()
    found = _choice(service, topic, because, older_than, settled_too=everything).among(_ask(cases).values(), now)
    print("\t".join(_COLUMNS))
    for case in found:
        letter = case.letter
        age = str(timedelta(seconds=int((now - letter.put_aside_at).total_seconds())))
        when = letter.put_aside_at.isoformat(timespec="seconds")
        row = (letter.id, age, when, letter.stage, letter.reason, text(letter.key), state(case))
        print("\t".join(map(harmless, row)))


@app.command()
def show(id_: Id) -> None:
    """Show one: where it stood, why it was put aside, its headers and what it holds."""
    case = _chosen([id_], whole=True)[0]
    letter = case.letter
    lines = [
        f"{letter.id}: {state(case)}",
        f"put aside {letter.put_aside_at.isoformat()} at {letter.stage}, {letter.reason}",
        letter.fault,
        *(f"from {cause}" for cause in letter.causes),
        f"key: {text(letter.key)}",
        *(f"{name}: {told}" for name, told in headers(letter)),
    ]
    if case.settled:
        lines.insert(1, f"{case.settled.settled_by} at {case.settled.settled_at.isoformat()}: {case.settled.reason}")
    for line in lines:
        print(harmless(line))
    shown, more = value(letter, SHOWN_CHARS_MAX)
    print(shown)
    if more:
        print(f"… and {more:,} characters more")


@app.command("replay")
def replay_(
    by: By,
    reason: Why,
    ids: Ids = None,
    everything: All = False,
    service: Service = None,
    topic: Topic = None,
    because: Reason = None,
    older_than: OlderThan = None,
    dry_run: DryRun = False,
) -> None:
    """Hand records again to the service that put them aside, after the fault was mended. Safe to repeat.

    Each is written to the byte to the end of the partition where it stood. One that this version cannot read either is
    refused, and so is one in whose place a later one stands: discard that.
    """
    letters = _letters(ids, _choice(service, topic, because, older_than) if everything else None, whole=True)
    order = Order(by, reason)
    settled = _ask(lambda settings: replay(settings, letters, order, SystemClock(), dry_run=dry_run))
    _tell(settled, "would be replayed" if dry_run else "replayed")


@app.command("discard")
def discard_(
    by: By,
    reason: Why,
    ids: Ids = None,
    everything: All = False,
    service: Service = None,
    topic: Topic = None,
    because: Reason = None,
    older_than: OlderThan = None,
    dry_run: DryRun = False,
) -> None:
    """Settle records that nobody needs. They stay in their topic, and no service handles them, at a rebuild neither."""
    letters = _letters(ids, _choice(service, topic, because, older_than) if everything else None, whole=False)
    order = Order(by, reason)
    if not dry_run:
        _ask(lambda settings: discard(settings, letters, order, SystemClock()))
    _tell([Settled(letter) for letter in letters], "would be discarded" if dry_run else "discarded")


def _letters(ids: list[str] | None, choice: Choice | None, *, whole: bool) -> list[Letter]:
    """Those named, settled or not; or every open one of the choice, at most so many at once."""
    if bool(ids) == (choice is not None):
        fail(
            "Name the letters by their ids, or say --all, with --service, --topic, --because or --older-than to choose"
            " among them."
        )
    if choice is None:
        return [case.letter for case in _chosen(ids or [], whole=whole)]
    meant = [case.letter.id for case in choice.among(_ask(cases).values(), SystemClock().now())]
    if len(meant) > AT_ONCE_MAX:
        typer.echo(f"{len(meant):,} are open; the oldest {AT_ONCE_MAX} are taken. Run it again for the rest.")
    return [case.letter for case in _chosen(meant[:AT_ONCE_MAX], whole=whole)]


def _chosen(ids: Sequence[str], *, whole: bool) -> list[Case]:
    found = _ask(lambda settings: cases(settings, whole=ids if whole else ()))
    if unknown := [id_ for id_ in ids if id_ not in found]:
        fail(f"No service has put aside {', '.join(unknown)}; look with: spm dead-letters list --settled")
    return [found[id_] for id_ in dict.fromkeys(ids)]


def _choice(
    service: str | None, topic: str | None, because: str | None, hours: float | None, *, settled_too: bool = False
) -> Choice:
    return Choice(service, topic, because, None if hours is None else timedelta(hours=hours), settled_too)


def _tell(settled: Sequence[Settled], done: str) -> None:
    """Exit code 1 where something was refused."""
    for one in settled:
        again = "" if one.offset is None else f", stands again at offset {one.offset}"
        print(
            harmless(f"{one.letter.id}: refused, {one.refused}" if one.refused else f"{one.letter.id}: {done}{again}")
        )
    refused = sum(one.refused is not None for one in settled)
    print(f"{len(settled) - refused} {done}, {refused} refused")
    if refused:
        raise typer.Exit(1)


def _ask(question: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    return ask(question, "kafka")
