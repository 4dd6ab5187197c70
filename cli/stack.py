"""The local stack: ``spm up``, ``spm down``, ``spm status``."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table

from deploy.local.errors import StackError
from deploy.local.settings import LocalSettings

# An installation without the local engines has every other command; so these are loaded when they are asked for.
if TYPE_CHECKING:
    from deploy.local.stack import Row

app = typer.Typer()


@app.command()
def up() -> None:
    """Start the whole system on this machine and wait until it is ready.

    SPM_KAFKA, SPM_MONGO and SPM_SMTP name engines that run elsewhere. SPM_PORT_KAFKA, _MONGO, _SMTP, _INTAKE,
    _VALIDATION, _SCORING, _NOTIFY, _DESK and _PROMETHEUS demand a port. Where the machine has Prometheus, or
    SPM_PROMETHEUS names its program, it watches the services.
    """
    with plain_errors():
        from deploy.local import stack  # noqa: PLC0415 - see above

        stack.up(stack.FOLDER, LocalSettings(), typer.echo)


@app.command()
def down(
    services: Annotated[bool, typer.Option("--services", help="Stop the services alone, not the engines.")] = False,
) -> None:
    """Stop what `spm up` started. What was kept stays."""
    with plain_errors():
        from deploy.local import stack  # noqa: PLC0415 - see above

        (stack.services_down if services else stack.down)(stack.FOLDER, typer.echo)


@app.command()
def status() -> None:
    """Show each part of the local stack; exit code 1 when one is not ready."""
    with plain_errors():
        from deploy.local import stack  # noqa: PLC0415 - see above

        rows = stack.status(stack.FOLDER, LocalSettings())
    if not rows:
        typer.echo("The stack was never started here. Start it with: spm up")
        raise typer.Exit(1)
    Console().print(_table(rows))
    raise typer.Exit(0 if all(row.ready for row in rows) else 1)


def _table(rows: "list[Row]") -> Table:
    table = Table("part", "state", "pid", "uptime", "ready", Column("address", overflow="fold"), box=None)
    for row in rows:
        uptime = row.state.uptime_s if row.state else None
        table.add_row(
            row.name,
            row.state.word.lower() if row.state else "-",
            str(row.state.pid or "") if row.state else "",
            "" if uptime is None else str(timedelta(seconds=uptime)),
            "yes" if row.ready else "no",
            row.address,
        )
    return table


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a person can mend ends in a plain sentence and exit code 1."""
    try:
        yield
    except ModuleNotFoundError as error:
        _fail(f"the local stack needs the Python package {error.name}. Install it: pip install -e '.[local]'")
    except ValidationError as error:
        for fault in error.errors():
            name = "SPM_" + "_".join(map(str, fault["loc"])).upper()
            _fail(f"{name}: {fault['msg']}, found {fault['input']!r}")
    except StackError as error:
        _fail(str(error))


def _fail(sentence: str) -> None:
    typer.secho(f"spm: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
