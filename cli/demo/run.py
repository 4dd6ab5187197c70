"""``spm demo``: the main job from end to end, on this machine."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from chassis.settings import read_settings
from cli.demo.balance import differences, expected_notices
from cli.demo.doors import DemoError, open_doors
from cli.demo.flow import Flow
from cli.demo.generator import FISCAL_YEAR, plan_year
from cli.demo.nation import NATION_LEAST
from cli.demo.plan import Plan
from cli.demo.screen import Screen, make_console
from cli.demo.shown import show, show_balance, show_where_to_look
from cli.stack import plain_errors
from deploy.local.settings import LocalSettings
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import load_law

DEFAULT_SEED = 2023


def demo(
    seed: Annotated[int, typer.Option(help="Another seed invents another year.")] = DEFAULT_SEED,
    regions: Annotated[
        int | None, typer.Option(min=NATION_LEAST, max=546, help="A smaller nation, for a quick try.")
    ] = None,
    fiscal_year: Annotated[int, typer.Option(help="A year that an edition of the awards judges.")] = FISCAL_YEAR,
    down: Annotated[bool, typer.Option("--down/--keep-going", help="Stop the stack at the end.")] = False,
) -> None:
    """Send a nation's invented year of reports, judge, score, award and notify, and compare with the plan."""
    from deploy.local import stack  # noqa: PLC0415 - an installation without the local engines has every other command

    screen = Screen(make_console())
    with plain_errors():
        stack.up(stack.FOLDER, LocalSettings(), screen.say)
    law = load_law()
    try:
        plan = plan_year(law, seed=seed, regions=regions, fiscal_year=fiscal_year)
        balanced = asyncio.run(_run(plan, law, screen))
    except (DemoError, RegulationError) as error:
        typer.secho(f"spm: {error}", fg=typer.colors.RED, err=True)
        balanced = False
    if down:
        with plain_errors():
            stack.down(stack.FOLDER, screen.say)
    if not balanced:
        raise typer.Exit(1)


async def _run(plan: Plan, law: Law, screen: Screen) -> bool:
    """Whether everything balanced."""
    placed = _placed()
    settings = read_settings().model_copy(update={"kafka": placed.kafka})
    async with open_doors(placed.addresses, placed.tokens) as doors:
        flow = Flow(plan, doors, settings, screen)
        found = await flow.run()
    notices = expected_notices(plan, found, law)
    show(flow, found, law, notices)
    unbalanced = differences(plan, found, law, notices)
    show_balance(screen, unbalanced)
    show_where_to_look(screen, placed.addresses, mail=placed.mail, credentials=placed.credentials)
    return not unbalanced


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the running stack is."""

    addresses: Mapping[str, str]
    tokens: Mapping[str, str]
    kafka: str
    mail: str
    credentials: Path


def _placed() -> _Placed:
    from deploy.local import credentials, stack  # noqa: PLC0415 - see above
    from deploy.local.plan import SERVICES, mail_folder  # noqa: PLC0415 - see above

    placed = stack.addresses(stack.FOLDER, LocalSettings())
    mail = mail_folder(stack.FOLDER)
    keys = credentials.credentials_file(stack.FOLDER)
    return _Placed(
        addresses={name: placed[name] for name in SERVICES},
        tokens=json.loads(keys.read_bytes()),
        kafka=placed["kafka"],
        mail=str(mail) if mail.exists() else stack.without_password(placed["mail"]),
        credentials=keys,
    )
