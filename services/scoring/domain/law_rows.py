"""The rows of law that an edition's result rests on, as values that others can read and digest."""

from collections.abc import Iterable
from typing import Any

from regulation.awards import AwardEdition
from regulation.law import Law
from regulation.rows import Checked
from services.scoring.domain.digests import digest_of


def rows_used(law: Law, edition: AwardEdition) -> list[Checked]:
    """The edition's own rows, and every region's."""
    by_id = {row.row_id: row for row in law.rows.every()}
    return [*(by_id[row_id] for row_id in edition.row_ids), *(law.regions[code] for code in sorted(law.regions))]


def written(rows: Iterable[Checked]) -> list[dict[str, Any]]:
    """As JSON values with their ids, in the order of the law, which is the order of categories and criteria."""
    return [{"row_id": row.row_id, **row.model_dump(mode="json", by_alias=True)} for row in rows]


def law_digest(law: Law, edition: AwardEdition) -> str:
    return digest_of(written(rows_used(law, edition)))
