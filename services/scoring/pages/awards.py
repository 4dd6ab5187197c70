"""An edition of the awards: who is nominated, who won, why, and by which steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi.responses import HTMLResponse

from contracts.award import AwardStep
from contracts.message import Bilingual
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.edition_view import RankedRegion, ShownAward, view_of
from services.scoring.domain.rounding import EXACT
from services.scoring.pages import charts
from services.scoring.pages.frame import Frame, View
from services.scoring.pages.language import Tongue
from services.scoring.store import Store

_BAR: Final = 100.0
STEPS: Final[Mapping[AwardStep, Bilingual]] = {
    AwardStep.CLOSED: Bilingual(id="Penilaian ditutup", en="Closed"),
    AwardStep.NOMINATED: Bilingual(id="Nomine ditetapkan", en="Nominated"),
    AwardStep.SCORED: Bilingual(id="Nilai panel dimasukkan", en="Panel scores entered"),
    AwardStep.CONFIRMED: Bilingual(id="Nilai panel ditegaskan", en="Panel scores confirmed"),
    AwardStep.DECIDED: Bilingual(id="Pemenang ditetapkan", en="Decided"),
    AwardStep.ANNOUNCED: Bilingual(id="Diumumkan", en="Announced"),
    AwardStep.CORRECTED: Bilingual(id="Langkah dibatalkan", en="Step undone"),
}


@dataclass(frozen=True, slots=True)
class _Category:
    award: ShownAward
    bars: Mapping[str, tuple[charts.Part, ...]]
    """Of each nominee's score, by region: what each criterion adds to it."""

    @property
    def winners(self) -> list[RankedRegion]:
        by_code = {one.region_code: one for one in self.award.nominees}
        return [by_code[code] for code in self.award.winners]

    def place_of(self, region_code: str) -> int | None:
        """Among the winners."""
        winners = self.award.winners
        return winners.index(region_code) + 1 if region_code in winners else None


async def award_page(law: Law, store: Store, frame: Frame, *, view: View, edition: AwardEdition) -> HTMLResponse:
    shown = view_of(law, edition, await store.progress(edition.edition_year))
    return frame.page(
        "award",
        view,
        edition=shown,
        categories=[_Category(award, _bars(view.tongue, award)) for award in shown.awards],
        announced=shown.stage is AwardStep.ANNOUNCED,
        panel=edition.panel,
        step_names=STEPS,
    )


def _bars(tongue: Tongue, award: ShownAward) -> dict[str, tuple[charts.Part, ...]]:
    names = {one.criterion: tongue.both(one.name) for one in award.criteria}
    return {one.region_code: _contributions(one, names) for one in award.nominees}


def _contributions(nominee: RankedRegion, names: Mapping[str, str]) -> tuple[charts.Part, ...]:
    points = [(one, EXACT.multiply(EXACT.scaleb(one.weight_pct, -2), one.score_pct)) for one in nominee.criteria]
    return charts.beside_each_other(
        [(one.criterion, names[one.criterion], added) for one, added in points if added], width=_BAR
    )
