"""An edition of the awards: who is nominated, who won, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi.responses import HTMLResponse

from contracts.award import AwardChangedV1, AwardState, Nominee
from regulation.award_rows import AwardCategory, AwardCriterion
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.rounding import EXACT
from services.scoring.pages import charts
from services.scoring.pages.frame import Frame, View
from services.scoring.pages.language import Tongue
from services.scoring.store import Store

_BAR: Final = 100.0


@dataclass(frozen=True, slots=True)
class ShownAward:
    category: AwardCategory
    award: AwardChangedV1 | None
    bars: Mapping[str, tuple[charts.Part, ...]]
    """Of each nominee's score, by region: what each criterion adds to it."""

    @property
    def announced(self) -> bool:
        return self.award is not None and self.award.state is AwardState.DECIDED

    def place_of(self, region_code: str) -> int | None:
        """Among the winners."""
        winners = self.award.winners if self.award else ()
        return winners.index(region_code) + 1 if region_code in winners else None


async def award_page(law: Law, store: Store, frame: Frame, *, view: View, edition: AwardEdition) -> HTMLResponse:
    kept = (await store.progress(edition.edition_year)).told
    criteria = {row.id: row for row in edition.criteria}
    return frame.page(
        "award",
        view,
        edition=edition,
        awards=[_shown(view.tongue, row, kept.get(row.id), criteria) for row in edition.categories],
        criteria=criteria,
        regions=law.regions,
        sources=law.sources,
    )


def _shown(
    tongue: Tongue, category: AwardCategory, award: AwardChangedV1 | None, criteria: Mapping[str, AwardCriterion]
) -> ShownAward:
    nominees: Sequence[Nominee] = award.nominees if award else ()
    return ShownAward(
        category=category,
        award=award,
        bars={one.region_code: _contributions(tongue, one, criteria) for one in nominees},
    )


def _contributions(tongue: Tongue, nominee: Nominee, criteria: Mapping[str, AwardCriterion]) -> tuple[charts.Part, ...]:
    return charts.beside_each_other(
        [
            (scored.criterion, tongue.name(criteria[scored.criterion]), points)
            for scored in nominee.criteria
            if (points := EXACT.multiply(EXACT.scaleb(scored.weight_pct, -2), scored.score_pct))
        ],
        width=_BAR,
    )
