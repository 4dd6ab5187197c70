"""``spm award``: awards that anyone can recompute, without a service and without a network."""

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.saying import complain, tell
from regulation.law import Law
from regulation.loading import load_law
from services.scoring.domain.audit import Audit, Unusable, audit

SHOWN_MAX: Final = 50
BUNDLE_BYTES_MAX: Final = 64 * 1024 * 1024
UNUSABLE: Final = 2

app = typer.Typer(help="The SPM Awards.", no_args_is_help=True)


@app.callback()
def award() -> None:
    """The SPM Awards."""


@app.command()
def verify(
    bundle: Annotated[
        Path, typer.Argument(help="What /v1/awards/{edition}/bundle answered.", exists=True, dir_okay=False)
    ],
    digest: Annotated[
        str | None, typer.Option(help="The digest that was made public: the bundle must have it.")
    ] = None,
) -> None:
    """Recompute a whole edition from its bundle alone, and compare the law in it with the law installed here.

    Exit 0 when everything agrees, 1 when something differs, 2 when the file is no bundle.
    """
    if bundle.stat().st_size > BUNDLE_BYTES_MAX:
        _unusable(f"{bundle} is larger than {BUNDLE_BYTES_MAX:,} bytes.")
    law = load_law()
    try:
        found = audit(bundle.read_bytes(), law)
    except Unusable as fault:
        _unusable(f"{bundle}: {fault}")
    told = _told(found)
    if digest is not None and digest != found.digest:
        told.append(f"the digest: found {found.digest}, expected {digest}")
    tell(f"digest {found.digest}")
    if told:
        _differs(told)
    _agrees(found, law)


def _told(found: Audit) -> list[str]:
    return [f"{one.pointer or '/'}: found {one.found}, expected {one.expected}" for one in found.differences]


def _differs(told: list[str]) -> None:
    tell(f"This bundle does not verify; differences: {len(told):,}")
    for sentence in told[:SHOWN_MAX]:
        tell(f"  {sentence}")
    if len(told) > SHOWN_MAX:
        tell(f"  and {len(told) - SHOWN_MAX:,} more")
    raise typer.Exit(1)


def _agrees(found: Audit, law: Law) -> None:
    tell(f"Edition {found.edition_year}, fiscal year {found.fiscal_year}: recomputed, everything agrees.")
    for category, winners in (found.winners or {}).items():
        names = ", ".join(f"{code} {law.regions[code].name}" if code in law.regions else code for code in winners)
        tell(f"  {category}: {names or 'no winner yet'}")


def _unusable(text: str) -> None:
    complain(text)
    raise typer.Exit(UNUSABLE)
