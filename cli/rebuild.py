"""``spm rebuild``: forget everything that follows from the log, so that the next start derives it again."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Final

import typer

from chassis.clock import monotonic_s
from chassis.errors import BROKEN_WORLD, Misconfigured
from chassis.groups import group_of, members_of, rewind
from chassis.mongo import Mongo
from chassis.operators import SERVICES, Order
from chassis.settings import Settings
from cli.beside import BESIDE, DifferentError, rebuild_beside
from cli.installation import installation
from contracts.topics import TOPICS

LET_GO_WITHIN_S: Final = 20.0
"""Longer than the session of a reader that was stopped."""
_LOOK_EVERY_S: Final = 1.0

Say = Callable[[str], None]


class StillRunningError(Exception):
    """A service reads the log while its memory is to be dropped."""


def rebuild(
    service: Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="validation, scoring or notify.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Of one service: put the rebuilt one in place though it differs.")
    ] = False,
    by: Annotated[
        str, typer.Option("--by", envvar="SPM_OPERATOR", metavar="OFFICE", help="Who orders it.")
    ] = "operator",
) -> None:
    """Make a service's database again from the log, while it goes on; without a name, drop all four.

    Of one service: a second set of collections is filled, compared with the live one while the service rests for some
    seconds, and put in its place. Without --yes it is compared and dropped. It takes the settings of the service.

    Of all: stop the services first; they read the whole log again at the next start. SPM_KAFKA and SPM_MONGO name the
    installation; without them, it is the stack that `spm up` started here. Reports, verdicts, scores and awards come
    back from the log the same to the byte, and no mail is sent again.
    """
    if service is not None:
        _beside(service, Order(by, "rebuild beside the running service"), switch=yes, replace=replace)
        return
    try:
        settings = installation("kafka", "mongo")
        if not yes:
            databases = ", ".join(settings.mongo_prefix + service for service in SERVICES)
            typer.echo(f"Would drop {databases} and read the log of {settings.kafka} again. Do it with: --yes")
            raise typer.Exit(1)
        asyncio.run(forget(settings, typer.echo))
    except (StillRunningError, Misconfigured) as refusal:
        _fail(str(refusal))
    except BROKEN_WORLD as error:
        _fail(f"Kafka or MongoDB cannot be used ({type(error).__name__}: {error}). Nothing is lost; run it again.")
    typer.echo("Done. Start the services; they derive everything from the log. On this machine: spm up")


def _beside(service: str, order: Order, *, switch: bool, replace: bool) -> None:
    if service not in BESIDE:
        raise typer.BadParameter(f"found {service!r}, expected one of: {', '.join(BESIDE)}")
    try:
        settings = installation("kafka", "mongo", service=service)
        asyncio.run(rebuild_beside(settings, service, order, typer.echo, replace=replace, switch=switch))
    except (DifferentError, Misconfigured) as refusal:
        _fail(str(refusal))
    except BROKEN_WORLD as error:
        _fail(f"Kafka or MongoDB cannot be used ({type(error).__name__}: {error}). Run it again.")
    if not switch:
        typer.echo("Nothing was changed. Put the rebuilt one in place with: --yes")


async def forget(settings: Settings, say: Say, *, within_s: float = LET_GO_WITHIN_S) -> None:
    """Rewind the four groups, then drop the four databases. Safe to repeat at any point.

    In this order: a rewound group that finds its database still there only repeats what it did.

    Raises:
        StillRunningError: a group has members; nothing was changed.
    """
    for service in SERVICES:
        await _until_alone(settings, service, say, within_s)
    for service in SERVICES:
        topics = [topic for topic in TOPICS if service in topic.read_by]
        await rewind(settings, topics, group_of(service, settings))
        say(f"{service} will read {len(topics)} topics from their beginning")
    mongo = Mongo(settings)
    try:
        for service in SERVICES:
            await mongo.drop(service)
            say(f"dropped the database {settings.mongo_prefix}{service}")
    finally:
        await mongo.close()


async def _until_alone(settings: Settings, service: str, say: Say, within_s: float) -> None:
    group = group_of(service, settings)
    end_s = monotonic_s() + within_s
    told = False
    while members := await members_of(settings, group):
        if monotonic_s() > end_s:
            raise StillRunningError(
                f"{service} still runs: {members} of its readers hold the group {group}. Nothing was changed."
                " Stop every replica of the four services first; on this machine: spm down --services"
            )
        if not told:
            told = True
            say(f"waiting until Kafka has let the readers of {service} go")
        await asyncio.sleep(_LOOK_EVERY_S)


def _fail(sentence: str) -> None:
    typer.secho(f"spm: {sentence}", fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
