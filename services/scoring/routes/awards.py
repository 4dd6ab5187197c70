"""Nominate, decide, and look: the SPM Awards of one edition."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from chassis.access import KeyRow
from chassis.clock import Clock
from chassis.errors import Retryable
from chassis.events import Event
from chassis.http import requires
from chassis.kafka import Publisher
from chassis.problems import Fault, Problem
from contracts.award import AwardChangedV1, AwardState, Excluded, Nominee
from contracts.message import Bilingual, ShortWords, Words
from contracts.quarter import quarters_of
from regulation.award_rows import AwardCategory
from regulation.awards import AwardEdition
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.candidate import candidates
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.flight import unsettled
from services.scoring.domain.nomination import Author, decided, nominated, propose
from services.scoring.domain.ranking import rank
from services.scoring.store import Store

WRITE: Final = "awards:write"
READ: Final = "awards:read"


class Decision(BaseModel):
    """Who acts, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    author_role: ShortWords
    reason: Words | None = None


class NominationOrder(Decision):
    category: str | None = None
    """Every category of the edition when left out."""


class RankedRegion(Nominee):
    region_name: str


class ShownAward(BaseModel):
    category: str
    name: Bilingual
    state: AwardState | None
    """Null until nominated."""
    revision: int
    nominees: list[RankedRegion]
    winners: list[str]
    ranked: int
    excluded: list[Excluded]
    figures_digest: str | None


class ShownEdition(BaseModel):
    edition_year: int
    fiscal_year: int
    title: str
    awards: list[ShownAward]


class ShownRanking(BaseModel):
    """Provisional until nominated: a report that comes later changes it."""

    category: str
    ranked: list[RankedRegion]
    excluded: list[Excluded]


@dataclass(frozen=True, slots=True)
class Awards:
    """What the doors do: decide from the figures that count, keep, publish."""

    law: Law
    store: Store
    publisher: Publisher
    past_known: asyncio.Event
    """Set when the log was read up to where it ended at the start."""

    def edition(self, edition_year: int) -> AwardEdition:
        try:
            return self.law.award_edition(edition_year)
        except RegulationError as silent:
            raise Problem(404, "edition-unknown", str(silent)) from silent

    def category(self, edition: AwardEdition, category: str) -> AwardCategory:
        try:
            return edition.category(category)
        except RegulationError as silent:
            raise Problem(404, "category-unknown", str(silent)) from silent

    async def nominate(
        self, edition: AwardEdition, categories: Sequence[AwardCategory], author: Author
    ) -> dict[str, AwardChangedV1]:
        """Repeating it with the same figures changes nothing."""
        kept = await self._published(edition)
        if over := [row.id for row in categories if row.id in kept and kept[row.id].state is AwardState.DECIDED]:
            text = f"Edition {edition.edition_year} is decided for {', '.join(over)}; a decision is not nominated anew."
            raise Problem(409, "award-decided", text)
        figures = await self._settled_figures(edition)
        changed = []
        for category in categories:
            proposal, before = propose(self.law, edition, category, figures), kept.get(category.id)
            if before is None or not proposal.stands_in(before):
                revision = before.revision + 1 if before else 1
                changed.append(nominated(proposal, edition, category, revision=revision, author=author))
        return kept | await self._keep(changed)

    async def decide(self, edition: AwardEdition, author: Author) -> dict[str, AwardChangedV1]:
        """Repeating it changes nothing."""
        kept = await self._published(edition)
        if missing := [row.id for row in edition.categories if row.id not in kept]:
            text = f"Edition {edition.edition_year} is not nominated for {', '.join(missing)}; nominate it first."
            raise Problem(409, "award-not-nominated", text)
        open_ones = [row for row in edition.categories if kept[row.id].state is AwardState.NOMINATED]
        if not open_ones:
            return kept
        figures = await self._settled_figures(edition)
        proposals = {row.id: propose(self.law, edition, row, figures) for row in open_ones}
        if moved := [row.id for row in open_ones if not proposals[row.id].stands_in(kept[row.id])]:
            text = f"Figures or law changed since the nomination of {', '.join(moved)}; look at it and nominate again."
            raise Problem(409, "figures-changed", text)
        return kept | await self._keep([decided(kept[row.id], row, author) for row in open_ones])

    async def _published(self, edition: AwardEdition) -> dict[str, AwardChangedV1]:
        """The edition's awards by category; one that a failure left unpublished is published first.

        Raises:
            Retryable: what was decided before is not yet known.
        """
        if not self.past_known.is_set():
            raise Retryable("the log is still being read up to the point where it ended at the start")
        kept = await self.store.awards(edition.edition_year)
        await self._publish([one.award for one in kept if not one.published])
        return {one.award.category: one.award for one in kept}

    async def _keep(self, changed: Sequence[AwardChangedV1]) -> dict[str, AwardChangedV1]:
        await self.store.change_awards(changed)
        await self._publish(changed)
        return {award.category: award for award in changed}

    async def _publish(self, awards: Sequence[AwardChangedV1]) -> None:
        await self.publisher.publish(Event.of(award) for award in awards)
        await self.store.keep_published(awards)

    async def _settled_figures(self, edition: AwardEdition) -> list[QuarterFigures]:
        """Marks are read before the figures that they vouch for.

        Raises:
            Problem: 409, something is still in flight.
        """
        periods = _periods(edition)
        marks, calendar = await self.store.marks(periods), await self.store.periods(periods)
        figures = await self.store.figures_of(periods)
        found = unsettled(
            quarters_of(edition.fiscal_year),
            [region.code for region in self.law.regions.reporting()],
            periods=calendar,
            marks=marks,
            scored=[(one.region_code, one.period) for one in figures],
        )
        if found:
            text = f"Figures of fiscal year {edition.fiscal_year} may still change: " + " ".join(
                u.detail for u in found
            )
            faults = [Fault(code=u.code, pointer=f"/periods/{u.period}", detail=u.detail) for u in found]
            raise Problem(409, "figures-in-flight", text, errors=faults)
        return figures


def award_routes(awards: Awards, clock: Clock) -> APIRouter:
    router = APIRouter(prefix="/v1/awards/{edition_year}", tags=["awards"])
    law, store = awards.law, awards.store

    def author(caller: KeyRow, decision: Decision) -> Author:
        return Author(caller.client_id, decision.author_role, decision.reason, clock.now())

    @router.post("/nominate", summary="Nominate the best of every category, once nothing is in flight")
    async def nominate(
        edition_year: int, order: NominationOrder, caller: Annotated[KeyRow, requires(WRITE)]
    ) -> ShownEdition:
        edition = awards.edition(edition_year)
        categories = [awards.category(edition, order.category)] if order.category else edition.categories
        return _shown(law, edition, await awards.nominate(edition, categories, author(caller, order)))

    @router.post("/decide", summary="Let the best of the nominees win")
    async def decide(edition_year: int, order: Decision, caller: Annotated[KeyRow, requires(WRITE)]) -> ShownEdition:
        edition = awards.edition(edition_year)
        return _shown(law, edition, await awards.decide(edition, author(caller, order)))

    @router.get("", summary="What became of each category", dependencies=[requires(READ)])
    async def edition(edition_year: int) -> ShownEdition:
        given = awards.edition(edition_year)
        kept = {one.award.category: one.award for one in await store.awards(edition_year)}
        return _shown(law, given, kept)

    @router.get("/ranking", summary="How the regions stand now; provisional", dependencies=[requires(READ)])
    async def ranking(edition_year: int, category: str) -> ShownRanking:
        edition = awards.edition(edition_year)
        row = awards.category(edition, category)
        compared = candidates(law, row, edition.fiscal_year, await store.figures_of(_periods(edition)))
        standing = rank(compared, edition)
        return ShownRanking(category=row.id, ranked=_with_names(law, standing.ranked), excluded=list(standing.excluded))

    return router


def _periods(edition: AwardEdition) -> list[str]:
    return [quarter.text for quarter in quarters_of(edition.fiscal_year)]


def _shown(law: Law, edition: AwardEdition, kept: dict[str, AwardChangedV1]) -> ShownEdition:
    return ShownEdition(
        edition_year=edition.edition_year,
        fiscal_year=edition.fiscal_year,
        title=edition.title,
        awards=[_shown_award(law, row, kept.get(row.id)) for row in edition.categories],
    )


def _shown_award(law: Law, category: AwardCategory, award: AwardChangedV1 | None) -> ShownAward:
    return ShownAward(
        category=category.id,
        name=Bilingual(id=category.name_id, en=category.name_en),
        state=award.state if award else None,
        revision=award.revision if award else 0,
        nominees=_with_names(law, award.nominees) if award else [],
        winners=list(award.winners) if award else [],
        ranked=award.ranked if award else 0,
        excluded=list(award.excluded) if award else [],
        figures_digest=award.figures_digest if award else None,
    )


def _with_names(law: Law, nominees: Sequence[Nominee]) -> list[RankedRegion]:
    return [RankedRegion(**dict(one), region_name=law.regions[one.region_code].name) for one in nominees]
