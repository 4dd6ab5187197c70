"""What the operators' commands share: who orders, and how a broken world is told."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from chassis.errors import BROKEN_WORLD, Misconfigured
from chassis.operators import SERVICES
from chassis.settings import Settings
from cli.installation import Engine, installation
from cli.saying import harmless

T = TypeVar("T")

By = Annotated[
    str,
    typer.Option("--by", envvar="SPM_OPERATOR", metavar="OFFICE", help="Who orders it, by office: no person's name."),
]
Why = Annotated[str, typer.Option("--reason", help="Why; kept with it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


def _known(service: str) -> str:
    if service not in SERVICES:
        raise typer.BadParameter(f"found {service!r}, expected one of: {', '.join(SERVICES)}")
    return service


OneService = Annotated[str, typer.Argument(metavar="SERVICE", callback=_known, help=", ".join(SERVICES))]


def ask(question: Callable[[Settings], Coroutine[Any, Any, T]], *engines: Engine) -> T:
    """The answer of the installation that the environment names, else of the local stack."""
    try:
        return asyncio.run(question(installation(*engines)))
    except Misconfigured as fault:
        fail(str(fault))
    except BROKEN_WORLD as error:
        names = " or ".join({"kafka": "Kafka", "mongo": "MongoDB"}[engine] for engine in engines)
        fail(f"{names} cannot be used ({type(error).__name__}: {error}). Nothing is lost; run it again.")


def fail(sentence: str) -> NoReturn:
    typer.secho(f"spm: {harmless(sentence)}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
