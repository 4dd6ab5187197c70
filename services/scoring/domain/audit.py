"""Whether a bundle holds what it says: intact, recomputed from its own figures, and laid beside the installed law."""

import json
import zlib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field

from contracts.award import AwardStep, AwardStepTakenV1
from regulation.award_rows import EDITION_ROWS, Edition
from regulation.awards import AwardEdition
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.reading import Rows
from regulation.rows import Checked, Region
from services.scoring.domain.bundle import result_of, rulesets
from services.scoring.domain.differences import Difference, differences
from services.scoring.domain.digests import canonical, digest_of
from services.scoring.domain.errors import OutOfOrder, Unscorable
from services.scoring.domain.law_rows import law_digest, rows_used, written
from services.scoring.domain.nomination import decided, nominated
from services.scoring.domain.replay import replay_faults
from services.scoring.domain.snapshot import Snapshot
from services.scoring.domain.steps import Progress

_READ: Final[tuple[type[Checked], ...]] = (Region, Edition, *EDITION_ROWS)
_KINDS: Final[Mapping[str, type[Checked]]] = {kind.table: kind for kind in _READ}
_COPY_BYTES_MAX: Final = 64 * 1024 * 1024
_CANNOT_BE_COMPUTED: Final = (ValueError, LookupError, ArithmeticError, RegulationError, OutOfOrder, Unscorable)


class Unusable(Exception):  # noqa: N818 - says what the file is
    """The document is no bundle; the text says why."""


class _Bundle(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["spm-award-bundle/1"]
    """As ``bundle.FORMAT``."""
    edition_year: int
    fiscal_year: int
    law: list[dict[str, Any]]
    rulesets: dict[str, dict[str, str]]
    figures: list[Any]
    steps: list[Any]
    result: dict[str, Any]


class _Sealed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    bundle: dict[str, Any]
    digest: str
    copied: Annotated[str, Field(alias="copy")]
    copy_digest: str


@dataclass(frozen=True, slots=True)
class Audit:
    digest: str
    """Over the bundle as it was found: the same for everybody who holds the same bundle."""
    differences: tuple[Difference, ...]
    """Empty when the bundle verifies."""
    edition_year: int | None = None
    """None, as the others, when it does not."""
    fiscal_year: int | None = None
    winners: Mapping[str, tuple[str, ...]] | None = None
    """By category, best first."""


def audit(document: bytes, installed: Law | None = None) -> Audit:
    """Each look is taken only when the one before found nothing, so that the first cause is told.

    Raises:
        Unusable: the document is no bundle at all.
    """
    sealed = _read(document)
    digest = digest_of(sealed.bundle)
    if found := tuple(_of_seal(sealed, digest)):
        return Audit(digest, found)
    try:
        bundle = _Bundle.model_validate(sealed.bundle)
        found = tuple(_of_recomputation(bundle))
        if not found and installed is not None:
            found = tuple(_of_installed_law(bundle, installed))
    except _CANNOT_BE_COMPUTED as error:
        found = (Difference("/bundle", f"{type(error).__name__}: {error}", "a bundle that can be computed"),)
    if not found and canonical(sealed.model_dump(by_alias=True)) != document.rstrip(b"\n"):
        found = (Difference("", "other blanks, order or spelling", "canonical JSON: sorted keys, no blanks"),)
    if found:
        return Audit(digest, found)
    winners = {category: tuple(one["winners"]) for category, one in bundle.result["categories"].items()}
    return Audit(digest, (), bundle.edition_year, bundle.fiscal_year, winners)


def _read(document: bytes) -> _Sealed:
    try:
        read = json.loads(document.decode(), parse_constant=_no_number)
        canonical(read)
        return _Sealed.model_validate(read)
    except (ValueError, RecursionError) as error:
        text = f"No bundle of an edition ({type(error).__name__}); expected is the answer of /v1/awards/…/bundle."
        raise Unusable(text) from error


def _no_number(found: str) -> NoReturn:
    raise ValueError(f"{found} is no number")


def _of_seal(sealed: _Sealed, digest: str) -> Iterator[Difference]:
    """Of bundle, digest and copy, two that agree show what was changed in the third."""
    copied = _unpacked(sealed.copied)
    of_copy = digest_of(copied)
    if digest_of(sealed.copied) != sealed.copy_digest:
        yield Difference("/copy", f"digest {digest_of(sealed.copied)}", f"digest {sealed.copy_digest}")
    elif of_copy != digest:
        yield from differences(sealed.bundle, copied, "/bundle")
    if sealed.digest not in {digest, of_copy}:
        yield Difference("/digest", sealed.digest, digest)
    elif digest != sealed.digest and digest_of(sealed.copied) != sealed.copy_digest:
        yield Difference("/bundle", f"digest {digest}", f"digest {sealed.digest}")


def _unpacked(copied: str) -> Any:
    """None when it cannot be read."""
    try:
        packed = b64decode(copied, validate=True)
        return json.loads(zlib.decompressobj().decompress(packed, _COPY_BYTES_MAX))
    except (NotBase64, zlib.error, ValueError, RecursionError):
        return None


def _of_recomputation(bundle: _Bundle) -> Iterator[Difference]:
    law = _law_of(bundle)
    edition = law.award_edition(bundle.edition_year)
    snapshot = Snapshot.of(Snapshot.read(bundle.figures).figures)
    progress = Progress(tuple(AwardStepTakenV1.model_validate_json(canonical(step)) for step in bundle.steps))
    looks: tuple[Callable[[], Iterator[Difference]], ...] = (
        lambda: _of_form(bundle, law, edition, snapshot, progress),
        lambda: replay_faults(progress, edition, "/bundle/steps"),
        lambda: _of_steps(law, edition, progress, snapshot),
        lambda: differences(bundle.result, result_of(law, edition, progress, snapshot), "/bundle/result"),
    )
    for look in looks:
        found = list(look())
        yield from found
        if found:
            return


def _of_form(
    bundle: _Bundle, law: Law, edition: AwardEdition, snapshot: Snapshot, progress: Progress
) -> Iterator[Difference]:
    """Whether everything is written as we write it, in its order and with nothing beside it."""
    yield from differences(bundle.fiscal_year, edition.fiscal_year, "/bundle/fiscal_year")
    yield from differences(bundle.law, written(rows_used(law, edition)), "/bundle/law")
    yield from differences(bundle.figures, snapshot.written, "/bundle/figures")
    yield from differences(bundle.steps, [step.model_dump(mode="json") for step in progress.steps], "/bundle/steps")


def _of_steps(law: Law, edition: AwardEdition, progress: Progress, snapshot: Snapshot) -> Iterator[Difference]:
    """The nomination, decision and announcement that stand, each against what follows from what is before it."""
    nominees = nominated(law, edition, snapshot.figures)
    rests_on = {"law_digest": law_digest(law, edition), "law_rows": edition.row_ids}
    frozen = {"snapshot_digest": snapshot.digest}
    follows: dict[AwardStep, dict[str, Any]] = {
        AwardStep.CLOSED: frozen,
        AwardStep.NOMINATED: {**frozen, **rests_on, "submissions": snapshot.submissions, "awards": nominees},
    }
    if progress.found(AwardStep.DECIDED):
        winners = decided(nominees, edition, progress.panel_scores())
        follows[AwardStep.DECIDED] = {**frozen, **rests_on, "awards": winners}
        follows[AwardStep.ANNOUNCED] = {**rests_on, "awards": winners}
    for step in progress.standing:
        expected = step.model_copy(update=follows.get(step.step, {}))
        pointer = f"/bundle/steps/{step.number - 1}"
        yield from differences(step.model_dump(mode="json"), expected.model_dump(mode="json"), pointer)


def _law_of(bundle: _Bundle) -> Law:
    """The law that the bundle brings along."""
    rows: dict[type[Checked], list[Checked]] = {kind: [] for kind in _KINDS.values()}
    for written_row in bundle.law:
        row_id, row = str(written_row.get("row_id")), {k: v for k, v in written_row.items() if k != "row_id"}
        table = max((table for table in _KINDS if row_id.startswith(f"{table}/")), key=len, default=None)
        if table is None:
            raise RegulationError(f"{row_id} is no row that an edition rests on.")
        rows[_KINDS[table]].append(_KINDS[table].model_validate(row, strict=False))
    return Law(Rows({kind: tuple(of_kind) for kind, of_kind in rows.items()}))


def _of_installed_law(bundle: _Bundle, installed: Law) -> Iterator[Difference]:
    """Rows that the installed law has too must say the same there."""
    known = {row.row_id: row for row in installed.rows.every()}
    for place, row in enumerate(bundle.law):
        if row["row_id"] in known:
            (expected,) = written([known[row["row_id"]]])
            yield from differences(row, expected, f"/bundle/law/{place}")
    if any(row.row_id == f"{Edition.table}/{bundle.edition_year}" for row in installed.rows.of(Edition)):
        in_force = rulesets(installed, installed.award_edition(bundle.edition_year))
        yield from differences(bundle.rulesets, in_force, "/bundle/rulesets")
