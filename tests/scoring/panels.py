"""An edition with a panel: no edition of the law has one, for no source tells of one."""

from decimal import Decimal

from regulation.award_rows import Panel
from regulation.awards import AwardEdition
from regulation.law import Law
from regulation.reading import Rows


def with_panel(edition: AwardEdition, *, seats: tuple[str, ...], weight_pct: int) -> AwardEdition:
    panel = edition.panel.model_copy(update={"seats": seats, "weight_pct": Decimal(weight_pct)})
    return AwardEdition(**(vars(edition) | {"panel": panel}))


def law_with_panel(law: Law, *, seats: tuple[str, ...], weight_pct: int) -> Law:
    """The law, but for the panels of its editions."""
    update = {"seats": seats, "weight_pct": Decimal(weight_pct)}
    panels = tuple(row.model_copy(update=update) for row in law.rows.of(Panel))
    return Law(Rows({**law.rows.by_kind, Panel: panels}))
