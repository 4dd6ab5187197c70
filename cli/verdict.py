"""``spm verdict``: what became of reports, by their ids or by the files that were handed in."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from cli.connection import Insecure, Token, Url, checked_url
from cli.documents import Document, documents_of
from cli.saying import say
from cli.spool import Spool
from cli.submit import REFUSED, STILL_WAITING, TAKEN, WRONG_USE, default_spool, key_of
from client import Receipt, Refused, Retry, SpmClient, SpmError, Story, Unavailable
from contracts.language import Language

_RETURNED: Final = "returned"


def verdict(
    url: Url,
    token: Token,
    reports: Annotated[list[str], typer.Argument(metavar="ID|FILE...", help="Ids, or files given to spm submit.")],
    spool: Annotated[Path | None, typer.Option(help="Where spm submit keeps the receipts.")] = None,
    anew: Annotated[str | None, typer.Option("--as", metavar="NAME", help="As it was given to spm submit.")] = None,
    wait: Annotated[float, typer.Option(min=0, max=86_400, help="Seconds to wait for a verdict.")] = 0.0,
    lang: Annotated[Language, typer.Option(help="Of what is said to people.")] = Language.INDONESIAN,
    insecure: Insecure = False,
) -> None:
    """Tell the verdict on reports with every finding.

    Exit code 0: all are accepted. 1: some were returned. 2: wrong use. 3: some are not judged yet, or nobody answered.
    """
    address = checked_url(url, insecure=insecure)
    console = Console(highlight=False)
    try:
        ids = ids_of(Spool(spool or default_spool(address, token)), reports, anew)
        spm = SpmClient(address, token, retry=Retry(within_s=max(wait, 10)), insecure=insecure)
        code = asyncio.run(_tell(console, spm, ids, wait_s=wait, lang=lang))
    except (OSError, ValueError, Refused) as error:
        say(Console(stderr=True), f"spm verdict: {error}")
        raise typer.Exit(WRONG_USE) from None
    except SpmError as error:
        say(Console(stderr=True), f"spm verdict: {error}")
        raise typer.Exit(STILL_WAITING) from None
    raise typer.Exit(code)


def ids_of(spool: Spool, reports: Sequence[str], anew: str | None) -> list[str]:
    """Raises:
    ValueError: a report of a file was not taken yet.
    """
    ids = []
    for report in reports:
        if not Path(report).is_file():
            ids.append(report)
            continue
        for document in documents_of(report):
            if not isinstance(document, Document):
                raise ValueError(f"{document.origin}: {document.detail}")  # noqa: TRY004 - no type is wrong, a line is
            receipt = spool.receipt(key_of(document.digest, anew))
            if not receipt.exists():
                raise ValueError(f"{document.origin} has no receipt in {spool.folder}; hand it in first: spm submit")
            ids.append(Receipt.model_validate_json(receipt.read_bytes()).submission_id)
    return ids


async def _tell(console: Console, client: SpmClient, ids: Sequence[str], *, wait_s: float, lang: Language) -> int:
    code = TAKEN
    async with client as spm:
        async for story in _stories(spm, ids, wait_s):
            _show(console, story, lang)
            code = max(code, STILL_WAITING if story.outcome is None else REFUSED * (story.outcome == _RETURNED))
    return code


async def _stories(spm: SpmClient, ids: Sequence[str], wait_s: float) -> AsyncIterator[Story]:
    for submission_id in ids:
        try:
            yield await spm.verdict(submission_id, within_s=wait_s)
        except Unavailable:
            yield await spm.story(submission_id)


def _show(console: Console, story: Story, lang: Language) -> None:
    outcome = story.outcome or lang.say("belum dinilai", "not judged yet")
    lines = [f"{story.submission_id}  {story.region_code} {story.period}  {outcome}"]
    for finding in story.findings:
        lines.append(f"    {finding.severity} {finding.code}  {finding.pointer}  {finding.found}")
        lines.append(f"        → {lang.of(finding.remedy)}")
    say(console, *lines)
