"""``spm submit``: hand in the reports of files, safely to be killed and started again."""

import asyncio
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.connection import Insecure, Token, Url, checked_url
from cli.documents import Unreadable, documents_of
from cli.saying import say
from cli.sending import Sent, send
from cli.spool import Entry, Spool, SpoolInUseError
from client import Refused, Retry, SpmClient
from contracts.language import Language

TAKEN, REFUSED, WRONG_USE, STILL_WAITING = 0, 1, 2, 3
SANDBOX_PREFIX: Final = "spmtest_"
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
_REMEDIES: Final = {
    "period-not-open": (
        "Tunggu pembukaan masa laporan, atau hubungi Sekretariat SPM.",
        "Wait until entry opens, or ask the SPM secretariat.",
    ),
    "outside-region": ("Pakai kunci daerah itu sendiri.", "Use that region's own key."),
    "newer-report": (
        "Baca laporan yang berlaku, gabungkan, lalu sebut id-nya dalam «supersedes».",
        "Read the report that is current, merge, and name its id in «supersedes».",
    ),
    "idempotency-key-reused": ("Kirim dengan nama lain: --as NAMA.", "Send it under another name: --as NAME."),
}
_REMEDY: Final = (
    "Perbaiki di tempat yang disebut, lalu kirim berkas itu lagi.",
    "Mend what is named and submit the file again.",
)


@dataclass
class Taking:
    """What was found in the files."""

    origins: dict[str, str] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    before: int = 0
    """Reports whose receipt is kept already."""


def submit(
    url: Url,
    token: Token,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE...",
            help="JSON, NDJSON, arrays, DHIS2 dataValueSets, .xlsx; also .gz and .zst; - is standard input."
            " None: what still waits.",
        ),
    ] = None,
    spool: Annotated[Path | None, typer.Option(help="Where reports wait; default: in the user's folder.")] = None,
    anew: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", help="Names this handing in: under another name, a report is new."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Reports under way at a time.")] = 8,
    wait: Annotated[float, typer.Option(min=0, max=86_400, help="Seconds to try while nobody answers.")] = 60.0,
    scenario: Annotated[str | None, typer.Option(help="For keys of the sandbox: the outcome to force.")] = None,
    lang: Annotated[Language, typer.Option(help="Of what is said to people.")] = Language.INDONESIAN,
    insecure: Insecure = False,
) -> None:
    """Hand in reports. May be stopped at any time: started again, it goes on and sends nothing twice.

    Exit code 0: all are taken. 1: some were refused. 2: wrong use. 3: nobody answered; the rest waits in the spool.
    """
    address = checked_url(url, insecure=insecure)
    if anew is not None and not _NAME.fullmatch(anew):
        raise typer.BadParameter(f"--as is {anew!r}, expected up to 40 letters, digits and hyphens")
    place = Spool(spool or default_spool(address, token))
    try:
        with place.opened():
            taking = take_in(place, files or (), anew)
            entries = place.waiting()
            spm = SpmClient(address, token, retry=Retry(within_s=wait), insecure=insecure)
            sent = asyncio.run(_send(spm, place, entries, jobs=jobs, scenario=scenario))
            left = len(place.waiting())
    except (OSError, SpoolInUseError) as error:
        say(Console(stderr=True), f"spm submit: {error}")
        raise typer.Exit(WRONG_USE) from None
    _show(Console(highlight=False), place, taking, sent, left, lang)
    raise typer.Exit(_exit_code(taking, sent))


def default_spool(address: str, token: str) -> Path:
    """One for each address, and another one for its sandbox: a receipt of there is none here."""
    parsed = httpx.URL(address)
    name = parsed.host if parsed.port is None else f"{parsed.host}-{parsed.port}"
    return Path(typer.get_app_dir("spm")) / "spool" / (f"{name}-sandbox" if token.startswith(SANDBOX_PREFIX) else name)


def take_in(spool: Spool, files: Sequence[str], anew: str | None) -> Taking:
    """Let every report of the files wait.

    Raises:
        OSError: a file cannot be read, or the spool not written.
    """
    taking = Taking()
    for file in files:
        for document in documents_of(file):
            if isinstance(document, Unreadable):
                taking.unreadable.append(document)
                continue
            key = key_of(document.digest, anew)
            taking.origins[key] = document.origin
            taking.before += spool.put(document, key) is None
    return taking


def key_of(digest: str, anew: str | None) -> str:
    """The content names a report, so that the key is the same whenever and from wherever the report is sent."""
    return digest if anew is None else f"{digest}.{anew}"


async def _send(client: SpmClient, spool: Spool, entries: list[Entry], *, jobs: int, scenario: str | None) -> Sent:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with client as spm:
        with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
            bar = progress.add_task("", total=len(entries))
            return await send(spm, spool, entries, jobs=jobs, told=lambda: progress.advance(bar), scenario=scenario)


def _exit_code(taking: Taking, sent: Sent) -> int:
    if isinstance(sent.trouble, Refused):
        return WRONG_USE
    if sent.trouble is not None:
        return STILL_WAITING
    return REFUSED if sent.refused or taking.unreadable else TAKEN


def _show(console: Console, spool: Spool, taking: Taking, sent: Sent, left: int, lang: Language) -> None:
    for unreadable in taking.unreadable:
        say(console, f"{unreadable.origin}: {lang.say('tidak terbaca', 'unreadable')}", f"    {unreadable.detail}")
    for entry, refusal in sent.refused:
        say(console, f"{taking.origins.get(entry.key, str(entry.file))}: {lang.say('ditolak', 'refused')}")
        say(console, f"    {refusal.status} {refusal.slug}: {refusal.detail}")
        say(console, *(f"    {fault.pointer or '/'}  {fault.detail}" for fault in refusal.errors))
        say(console, f"    → {lang.say(*_REMEDIES.get(refusal.slug, _REMEDY))}")
    if sent.trouble is not None:
        say(console, f"{lang.say('Berhenti', 'Stopped')}: {sent.trouble}")
    new, again = sent.taken - sent.replayed, sent.replayed + taking.before
    say(
        console,
        lang.say(
            f"{new} diterima, {again} sudah pernah, {len(sent.refused)} ditolak, {left} menunggu.",
            f"{new} taken, {again} known before, {len(sent.refused)} refused, {left} waiting.",
        ),
        f"{lang.say('Tanda terima', 'Receipts')}: {spool.receipts}",
    )
