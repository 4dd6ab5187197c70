"""The league table of a quarter, by level and province."""

from collections.abc import Sequence
from typing import Final, get_args

from fastapi.responses import HTMLResponse

from contracts.quarter import Quarter
from regulation.law import Law
from regulation.rows import RegionKind
from services.scoring.domain.league import Choice, Place, SortBy, arranged, league, named
from services.scoring.pages.frame import Frame, View
from services.scoring.pages.standing import Yardstick
from services.scoring.store import Store

KINDS: Final[tuple[RegionKind, ...]] = get_args(RegionKind)
_WORDS_CHARS_MAX: Final = 60
_TURNED: Final = "-"
"""Before the order's name: the other way round."""


async def tables_page(
    law: Law, store: Store, frame: Frame, *, view: View, quarter: Quarter, periods: Sequence[str]
) -> HTMLResponse:
    """Raises:
    RegulationError: the law is silent on the quarter's last day.
    """
    provinces = [region for region in law.regions.reporting() if region.kind == "provinsi"]
    kind = next((one for one in KINDS if one == view.query.get("level")), None)
    choice = Choice(kind, view.chosen("province", tuple(region.code for region in provinces)))
    compared = league(law, await store.figures_of([quarter.text]), choice)
    by, turned = _order(view)
    words = view.query.get("q", "").strip()[:_WORDS_CHARS_MAX]
    places = named(arranged(compared, by, turned=turned), words) if words else arranged(compared, by, turned=turned)
    return frame.page(
        "tables",
        view,
        quarter=quarter,
        periods=[Quarter.parse(period) for period in periods],
        yardstick=Yardstick.of(law, quarter, view.tongue),
        kinds=KINDS,
        provinces=sorted(provinces, key=lambda region: region.name),
        choice=choice,
        words=words,
        places=places,
        compared=len(compared),
        reported=_reported(compared),
        sorted_by=by,
        turned=turned,
        sorts=SortBy,
    )


def _reported(places: Sequence[Place]) -> int:
    return sum(place.figures is not None for place in places)


def _order(view: View) -> tuple[SortBy, bool]:
    asked = view.query.get("sort", "")
    by = next((one for one in SortBy if one == asked.removeprefix(_TURNED)), SortBy.INDEX)
    return by, asked == _TURNED + by
