"""``spm rights``: the principals of an installation and what each may do, as commands of Kafka and MongoDB."""

import json
import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

import typer

from chassis.rights import PRINCIPALS, Grant, kafka_grants, mongo_roles, principal_of
from chassis.settings import Settings, read_settings

app = typer.Typer(help="Who may do what at Kafka and MongoDB.", no_args_is_help=True)

_ACLS: Final = 'kafka-acls.sh --bootstrap-server "$KAFKA" --command-config "$ADMIN" --add'


@app.command()
def kafka() -> None:
    """Print the commands that give each service its access control entries.

    Set KAFKA to a bootstrap server and ADMIN to the properties file of an administrator; make the users before.
    """
    for line in kafka_commands(read_settings()):
        typer.echo(line)


@app.command()
def mongo() -> None:
    """Print the script for mongosh that makes each service's user; it asks for each password."""
    for line in mongo_commands(read_settings()):
        typer.echo(line)


def kafka_commands(settings: Settings) -> Iterator[str]:
    """One command for each principal, operation and kind of resource."""
    for service in PRINCIPALS:
        yield f"# {service}"
        grants = sorted(kafka_grants(service, settings), key=_together)
        for (resource, operation, prefixed), entries in groupby(grants, key=_together):
            yield " ".join(
                [
                    _ACLS,
                    *("--allow-principal", shlex.quote(f"User:{principal_of(service, settings)}")),
                    *("--operation", operation),
                    *(["--resource-pattern-type", "prefixed"] if prefixed else []),
                    *_named(resource, entries),
                ]
            )


def _together(grant: Grant) -> tuple[str, str, bool]:
    return grant.resource, grant.operation, grant.prefixed


def _named(resource: str, grants: Iterable[Grant]) -> list[str]:
    if resource == "cluster":
        return ["--cluster"]  # there is one
    return [f"--{resource} {shlex.quote(grant.name)}" for grant in grants]


def mongo_commands(settings: Settings) -> Iterator[str]:
    yield 'db = db.getSiblingDB("admin");'
    for service in PRINCIPALS:
        roles = [{"role": role.role, "db": role.database} for role in mongo_roles(service, settings)]
        if not roles:
            continue  # it never comes to MongoDB
        user = json.dumps(principal_of(service, settings))
        yield f"db.createUser({{user: {user}, pwd: passwordPrompt(), roles: {json.dumps(roles)}}});"
