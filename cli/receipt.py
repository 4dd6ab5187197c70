"""``spm receipt``: whether a receipt is genuine, found out without a network; and the keys that sign receipts."""

from pathlib import Path
from typing import Annotated, Final, NoReturn

import httpx
import typer

from chassis.bodies import parsed
from chassis.problems import Problem
from chassis.settings import read_settings
from cli.connection import Insecure, checked_url
from cli.saying import complain, tell
from contracts.language import Language
from contracts.submission import Submission
from deploy.local.credentials import receipt_keys_file, write_private
from regulation.loading import load_law
from services.intake.domain.proof import TEXT_CHARS_MAX, Genuine, NotGenuineError, verified_file
from services.intake.domain.receipt_keys import ReceiptKeys
from services.intake.domain.receipt_words import DOUBTS, GENUINE, NOT_GENUINE, PROVES, lines

JWKS: Final = "/.well-known/jwks.json"
KEYS_BYTES_MAX: Final = 64 * 1024
ANSWER_WITHIN_S: Final = 10.0
ALTERED: Final = 1
UNUSABLE: Final = 2

app = typer.Typer(help="Signed receipts: check one, make and change the keys.", no_args_is_help=True)

KeyFile = Annotated[Path, typer.Argument(metavar="FILE", help="What SPM_RECEIPT_KEYS of intake names.")]


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt, as intake gave it.", dir_okay=False)],
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The public keys: a JWK set that was kept.", dir_okay=False)
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="Fetch the public keys from intake at this address.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A report: is it the one that arrived?", dir_okay=False)
    ] = None,
    lang: Annotated[Language, typer.Option(help="Of what is said to people.")] = Language.INDONESIAN,
    insecure: Insecure = False,
) -> None:
    """Say whether a receipt is genuine and what it proves.

    Keys come from --keys, or --from, or SPM_RECEIPT_KEYS, or the stack on this machine; only --from uses a network.
    Exit code 0: genuine. 1: altered, or not signed with these keys. 2: the file or the keys cannot be read.
    """
    trusted = _trusted(keys, origin and checked_url(origin, insecure=insecure))
    try:
        genuine = verified_file(_content(file, TEXT_CHARS_MAX + 1), trusted)
    except NotGenuineError as fault:
        tell(f"{lang.of(NOT_GENUINE)} {lang.of(DOUBTS[fault.doubt])}", f"  {fault}")
        raise typer.Exit(ALTERED) from None
    regions = load_law().regions
    code = genuine.statement.region_code
    told = lines(genuine, lang, regions[code].name if code in regions else None)
    width = max(len(label) for label, _ in told)
    tell(lang.of(GENUINE), *(f"  {label:{width}}  {text}" for label, text in told), lang.of(PROVES))
    if report is not None:
        _compare(report, genuine, lang)


@app.command()
def keygen(file: KeyFile) -> None:
    """Make the key that signs receipts. Keep the file secret, and keep a copy: intake does not start without it."""
    if file.exists():
        _unusable(f"{file} exists. To sign with a new key and keep the old receipts good: spm receipt rotate {file}")
    made = ReceiptKeys.new()
    write_private(file, made.secret())
    tell(f"{file}: receipts are signed with key {made.ids[0]}. Start intake with SPM_RECEIPT_KEYS={file}")


@app.command()
def rotate(file: KeyFile) -> None:
    """Put a new key in front. The key before verifies its receipts on and signs no more: its secret is removed."""
    before = _keys_of(file)
    after = before.rotated()
    write_private(file, after.secret())
    tell(f"{file}: receipts are signed with key {after.ids[0]} once every intake is started again.")
    for key_id in after.ids[1:]:
        tell(f"  {key_id} verifies; when no receipt of it needs to hold, take its row out of the file.")
    for key_id in set(before.ids) - set(after.ids):
        tell(f"  {key_id} is gone: its receipts no longer verify.")


def _trusted(keys: Path | None, origin: str | None) -> ReceiptKeys:
    if keys is not None and origin is not None:
        raise typer.BadParameter("give --keys or --from, not both")
    if origin is not None:
        return _keys_from(origin)
    if keys is None:
        from deploy.local.stack import FOLDER  # noqa: PLC0415 - an installation elsewhere has no local engines

        keys = read_settings().receipt_keys or receipt_keys_file(FOLDER)
        if not keys.exists():
            _unusable("no public keys to check with: give --keys FILE (a kept JWK set) or --from URL (of intake)")
    return _keys_of(keys)


def _keys_of(file: Path) -> ReceiptKeys:
    try:
        return ReceiptKeys.parse(_content(file, KEYS_BYTES_MAX))
    except ValueError as error:
        _unusable(f"{file}: {error}")


def _keys_from(url: str) -> ReceiptKeys:
    try:
        answer = httpx.get(url + JWKS, timeout=ANSWER_WITHIN_S)
        answer.raise_for_status()
        return ReceiptKeys.parse(answer.content[:KEYS_BYTES_MAX])
    except (httpx.HTTPError, ValueError) as error:
        _unusable(f"{url}{JWKS}: {error}")


def _content(file: Path, bytes_max: int) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(bytes_max)
    except OSError as error:
        _unusable(f"{file} cannot be read ({error.strerror})")


def _compare(report: Path, genuine: Genuine, lang: Language) -> None:
    try:
        digest = parsed(report.read_bytes(), Submission, "unprocessable-submission").content_digest
    except OSError as error:
        _unusable(f"{report} cannot be read ({error.strerror})")
    except Problem as problem:
        _unusable(f"{report} is no report: {problem.detail}")
    if digest != genuine.statement.content_digest:
        tell(lang.say(f"{report} bukan laporan itu: sidiknya {digest}", f"{report} is another report: {digest}"))
        raise typer.Exit(ALTERED)
    tell(lang.say(f"{report} adalah laporan itu.", f"{report} is that report."))


def _unusable(text: str) -> NoReturn:
    complain(text)
    raise typer.Exit(UNUSABLE)
