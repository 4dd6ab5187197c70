"""``spm topics``: the topics of the contracts, made where they are missing."""

import asyncio

import typer

from chassis.errors import BROKEN_WORLD, Misconfigured
from chassis.kafka import ensure_topics
from cli.installation import installation
from contracts.topics import EVERY_TOPIC


def topics() -> None:
    """Make the topics that are missing, and their dead-letter twins. Safe to repeat; existing ones stay as they are.

    SPM_KAFKA names the installation, SPM_KAFKA_REPLICATION the copies of each topic: 3 in production.
    """
    try:
        made = asyncio.run(ensure_topics(installation("kafka")))
    except (Misconfigured, *BROKEN_WORLD) as fault:
        typer.secho(f"spm: {fault}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1) from None
    for name in made:
        typer.echo(f"made {name}")
    typer.echo(f"{len(EVERY_TOPIC)} topics are there, {len(made)} of them new.")
