"""One region on one screen: what is due, what is lacking, where it stands, what it is nominated for, what is open."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.http import require_region
from chassis.pages import View, from_own_site
from chassis.problems import Problem
from contracts.message import Bilingual, RegionCode
from contracts.quarter import Quarter, quarters_of
from regulation.errors import RegulationError
from regulation.law import Law
from services.notify.domain import wording
from services.notify.domain.matters import region_name
from services.notify.domain.reasons import leaves_out
from services.notify.domain.rounding import Rounding
from services.notify.domain.situation import (
    AwardStanding,
    Duty,
    Standing,
    latest_scored,
    quarter_lines,
    quarters_due,
    weak_sectors,
)
from services.notify.pages.inbox import Inbox
from services.notify.routes.readers import Reader, Readers
from services.notify.store.matters import Wanted

OPEN_SHOWN: Final = 10
ASKED: Final = "asked"
"""A query with this name says that the question was taken."""
DUTIES: Final = {
    Duty.NOT_YET_OPEN: ("", Bilingual(id="Belum dibuka", en="Not open yet")),
    Duty.AWAITED: ("warning", Bilingual(id="Ditunggu", en="Awaited")),
    Duty.OVERDUE: ("error", Bilingual(id="Belum diterima, sudah lewat", en="Not received, overdue")),
    Duty.RETURNED: ("error", Bilingual(id="Dikembalikan, perbaiki", en="Returned, to be corrected")),
    Duty.ACCEPTED: ("good", Bilingual(id="Diterima", en="Accepted")),
}


@dataclass(frozen=True, slots=True)
class _Weak:
    name: str
    index: str
    missing: str
    share: int
    """Of the path, in percent; how long the bar is."""


@dataclass(frozen=True, slots=True)
class _Figures:
    """A scorecard as it is shown."""

    period: str
    index: str
    expected: str
    completeness: str
    band: str | None
    """None while the year runs: figures are cumulative."""
    behind: bool
    weak: tuple[_Weak, ...]


@dataclass(frozen=True, slots=True)
class _Prize:
    edition_year: int
    category: str
    rank: int
    nominees: int
    ranked: str
    score: str
    won_place: int | None


def situation_page(inbox: Inbox, readers: Readers) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["inbox"])

    @router.get("/situation/{region}", summary="How a region stands, on one screen")
    async def situation(request: Request, reader: Annotated[Reader, readers.required], region: RegionCode) -> Response:
        return await shown(inbox, View.of(request), reader, region)

    @router.post(
        "/situation/{region}/award-reasons",
        summary="Ask why the region was not nominated; its offices are told the answer, once",
        dependencies=[from_own_site],
    )
    async def ask(
        request: Request,
        reader: Annotated[Reader, readers.required],
        region: RegionCode,
        edition_year: Annotated[int, Form(ge=2022, le=2100)],
    ) -> Response:
        require_region(reader, region)
        found = await inbox.questions.ask(edition_year, region, asked_by=_asker(reader, region))
        if not found:
            text = f"Edition {edition_year} has no nomination yet that leaves region {region} out."
            raise Problem(404, "not-found", text)
        return RedirectResponse(View.of(request).link(f"/situation/{region}", **{ASKED: str(edition_year)}), 303)

    return router


def _asker(reader: Reader, region: str) -> str:
    """As the log names who asked: a key's client, or the office; no address."""
    return reader.key.client_id if reader.key else f"office-{reader.roles_in(region)[0].name.lower()}"


async def shown(inbox: Inbox, view: View, reader: Reader, region: str) -> HTMLResponse:
    if not reader.may_act_for(region) or region not in inbox.law.regions:
        return inbox.nothing(view, reader, region)
    standings = await inbox.situations.of_region(region)
    now, law = inbox.clock.now(), inbox.law
    due = quarter_lines(region, quarters_due(standings, now), standings, law, now)
    latest = latest_scored(standings)
    year = quarters_of(Quarter.parse(latest.period).fiscal_year) if latest else ()
    awards = await inbox.situations.awards_of(region)
    nominations = await inbox.certificates.latest_nominations()
    still_open = await inbox.matters.page(region, Wanted(open=True), limit=OPEN_SHOWN)
    return inbox.frame.page(
        "situation",
        view,
        reader=reader,
        region=region,
        region_name=region_name(region, law),
        now=now,
        due=due,
        duties=DUTIES,
        figures=_figures(latest, law, view) if latest else None,
        course=[(quarter, _index(standings.get(quarter.text), law, view)) for quarter in year],
        prizes=[prize for award in awards if (prize := _prize(award, region, law, view))],
        left_out=nominations.edition_year if nominations and leaves_out(nominations, region) else None,
        asked=view.query.get(ASKED),
        open=await inbox.rows(region, still_open, reader.roles_in(region)),
        open_in_all=(await inbox.matters.count_open([region]))[region],
        kinds=wording.KINDS,
    )


def _figures(standing: Standing, law: Law, view: View) -> _Figures | None:
    card, quarter = standing.card, Quarter.parse(standing.period)
    if card is None:
        return None
    rounded, lang = Rounding(law, quarter), view.language

    def figure(pct: Decimal) -> str:
        return lang.figure(wording.number_en(rounded.to_nearest(pct)))

    weak = []
    for sector in weak_sectors(card):
        index_pct = sector.index_pct or Decimal(0)
        row = law.sectors[sector.sector]
        share = int(index_pct * 100 / card.expected_pct)
        gap = lang.figure(wording.number_en(rounded.up(card.expected_pct - index_pct)))
        weak.append(_Weak(lang.say(row.name_id, row.name_en), figure(index_pct), gap, share))
    last = quarter == quarters_of(quarter.fiscal_year)[-1]
    bands = {band.id: lang.say(band.name_id, band.name_en) for band in law.bands(quarter.last_day)}
    return _Figures(
        period=lang.period(quarter),
        index=figure(card.index_pct),
        expected=figure(card.expected_pct),
        completeness=figure(card.completeness_pct),
        band=bands.get(card.band, card.band) if last else None,
        behind=card.index_pct < card.expected_pct,
        weak=tuple(weak),
    )


def _index(standing: Standing | None, law: Law, view: View) -> tuple[str, str] | None:
    """Index and path of a quarter; None where nothing was scored."""
    if standing is None or standing.card is None:
        return None
    rounded, lang = Rounding(law, Quarter.parse(standing.period)), view.language
    index, path = (rounded.to_nearest(pct) for pct in (standing.card.index_pct, standing.card.expected_pct))
    return lang.figure(wording.number_en(index)), lang.figure(wording.number_en(path))


def _prize(award: AwardStanding, region: str, law: Law, view: View) -> _Prize | None:
    placed, lang = award.place_of(region), view.language
    if placed is None:
        return None
    try:
        row = law.award_edition(award.edition_year).category(award.category)
        category = lang.say(row.name_id, row.name_en)
    except RegulationError:
        category = award.category  # an edition whose rows were taken away; its facts stand in the log all the same
    score = Rounding(law, quarters_of(award.edition_year - 1)[-1]).to_nearest(placed.score)
    return _Prize(
        edition_year=award.edition_year,
        category=category,
        rank=placed.rank,
        nominees=len(award.nominees),
        ranked=lang.figure(wording.number_en(award.ranked)),
        score=lang.figure(wording.number_en(score)),
        won_place=award.won_place(region),
    )
