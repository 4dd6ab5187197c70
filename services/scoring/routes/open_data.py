"""The figures of the pages for programs, without a key: CSV and JSON with the same rows."""

import csv
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from io import StringIO
from types import MappingProxyType
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse, StreamingResponse

from chassis.problems import Problem
from contracts.award import AwardStep
from contracts.message import PeriodText, RegionCode
from contracts.quarter import Quarter
from regulation.awards import AwardEdition
from regulation.errors import RegulationError
from regulation.law import Law
from services.scoring.domain.bundle import bundle_of
from services.scoring.domain.edition_view import view_of
from services.scoring.domain.law_rows import law_digest
from services.scoring.domain.league import Choice, league
from services.scoring.domain.open_data import (
    Cell,
    Heading,
    Row,
    award_rows,
    awards_heading,
    part_rows,
    parts_heading,
    region_rows,
    regions_heading,
    scorecard_rows,
    scorecards_heading,
    without_reasons,
)
from services.scoring.domain.snapshot import Snapshot
from services.scoring.routes.questions import explained
from services.scoring.routes.scorecards import Scorecards
from services.scoring.store import Store

Form = Annotated[Literal["csv", "json"], Path(description="How the rows are written.")]
Rows = AsyncIterator[Iterable[Row]]
"""Some at a time, so that a whole nation is never held as text."""

SCORECARDS_AT_ONCE: Final = 50
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_HEADERS: Final = MappingProxyType({"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"})
_ANSWERS: Final[dict[int | str, dict[str, object]]] = {200: {"content": {"text/csv": {}, "application/json": {}}}}


def open_data_routes(law: Law, store: Store) -> APIRouter:
    router = APIRouter(prefix="/open-data", tags=["open data"])
    router.include_router(_of_regions(law, store))
    router.include_router(_of_awards(law, store))
    return router


def _of_regions(law: Law, store: Store) -> APIRouter:
    kept_scorecards = Scorecards(store)
    router = APIRouter(default_response_class=StreamingResponse)

    @router.get("/scorecards/{period}.{form}", summary="Every region's scorecard of a quarter", responses=_ANSWERS)
    async def scorecards(period: PeriodText, form: Form) -> StreamingResponse:
        quarter = _known(law, period)
        places = league(law, await store.figures_of([period]), Choice())
        heading = scorecards_heading(law, quarter)
        return _answer(heading, _at_once(scorecard_rows(law, quarter, places)), form, f"scorecards-{period}")

    @router.get("/services/{period}.{form}", summary="Every region's sectors and services", responses=_ANSWERS)
    async def services(period: PeriodText, form: Form) -> StreamingResponse:
        heading = parts_heading(law, f"services {period}", [_known(law, period)])
        figures = sorted(await store.figures_of([period]), key=lambda one: one.region_code)
        rows = _parts(store, [one.submission_id for one in figures])
        return _answer(heading, rows, form, f"services-{period}")

    @router.get("/regions.{form}", summary="Every region", responses=_ANSWERS)
    async def regions(form: Form) -> StreamingResponse:
        return _answer(regions_heading(law), _at_once(region_rows(law)), form, "regions")

    @router.get("/regions/{region}.{form}", summary="All scorecards of one region", responses=_ANSWERS)
    async def region(region: RegionCode, form: Form) -> StreamingResponse:
        if region not in law.regions:
            raise Problem(404, "not-found", f"There is no region {region}; see /open-data/regions.csv.")
        figures = await store.figures_of_region(region)
        heading = parts_heading(law, f"region {region}", [Quarter.parse(one.period) for one in figures])
        return _answer(heading, _parts(store, [one.submission_id for one in figures]), form, f"region-{region}")

    @router.get("/regions/{region}/{period}/explanation.json", summary="Why a region's index is what it is, as trees")
    async def explanation(region: RegionCode, period: PeriodText) -> JSONResponse:
        kept, _ = await kept_scorecards.one(region, period, None)
        shown = explained(law, kept, without_reasons(await kept_scorecards.report(kept)))
        return JSONResponse(shown.model_dump(mode="json"), headers=dict(_HEADERS))

    return router


def _of_awards(law: Law, store: Store) -> APIRouter:
    router = APIRouter(default_response_class=StreamingResponse)
    written: dict[int, tuple[int, bytes]] = {}
    """The last bundle of each edition, by the number of its steps: to write one takes a second."""

    @router.get("/awards/{edition_year}.{form}", summary="Nominees, winners and who was excluded", responses=_ANSWERS)
    async def awards(edition_year: int, form: Form) -> StreamingResponse:
        edition = _edition(law, edition_year)
        shown = view_of(law, edition, await store.progress(edition_year))
        heading = awards_heading(shown, law_digest(law, edition))
        return _answer(heading, _at_once(award_rows(shown)), form, f"awards-{edition_year}")

    @router.get("/awards/{edition_year}/bundle.json", summary="Everything needed to recompute an announced edition")
    async def bundle(edition_year: int) -> Response:
        edition = _edition(law, edition_year)
        progress = await store.progress(edition_year)
        nomination = progress.found(AwardStep.NOMINATED)
        if nomination is None or progress.found(AwardStep.ANNOUNCED) is None:
            raise Problem(404, "not-found", f"{edition.title} is not announced yet; there is no public bundle before.")
        if written.get(edition_year, (0, b""))[0] != len(progress.steps):
            frozen = Snapshot.of(await store.counted(nomination.submissions))
            written[edition_year] = len(progress.steps), bundle_of(law, edition, progress, frozen)
        return Response(written[edition_year][1], media_type="application/json", headers=_HEADERS)

    return router


def _edition(law: Law, edition_year: int) -> AwardEdition:
    try:
        return law.award_edition(edition_year)
    except RegulationError as silent:
        raise Problem(404, "edition-unknown", str(silent)) from silent


def _known(law: Law, period: str) -> Quarter:
    """Raises:
    Problem: 404, the law is silent on the quarter.
    """
    quarter = Quarter.parse(period)
    try:
        law.expected_path(quarter.number, quarter.last_day)
    except RegulationError as silent:
        raise Problem(404, "not-found", str(silent)) from silent
    return quarter


async def _at_once(rows: Iterable[Row]) -> Rows:
    yield rows


async def _parts(store: Store, submission_ids: Sequence[str]) -> Rows:
    for begin in range(0, len(submission_ids), SCORECARDS_AT_ONCE):
        some = submission_ids[begin : begin + SCORECARDS_AT_ONCE]
        found = await store.scorecards_of(some)
        yield [row for submission_id in some for row in part_rows(found[submission_id])]


def _answer(heading: Heading, rows: Rows, form: Literal["csv", "json"], name: str) -> StreamingResponse:
    write, media_type = _WRITERS[form]
    disposition = {"Content-Disposition": f'attachment; filename="spm-{name}.{form}"'}
    return StreamingResponse(write(heading, rows), media_type=media_type, headers={**_HEADERS, **disposition})


async def as_csv(heading: Heading, rows: Rows) -> AsyncIterator[str]:
    """RFC 4180, with one line before the columns that tells what the set is."""
    told = asdict(heading)
    columns = told.pop("columns")
    yield _lines([["# " + "; ".join(f"{name}: {text}" for name, text in told.items())], columns])
    async for some in rows:
        yield _lines([_safe(cell) for cell in row] for row in some)


async def as_json(heading: Heading, rows: Rows) -> AsyncIterator[str]:
    """One object with ``heading`` and ``rows``; exact decimals are text."""
    yield f'{{"heading":{json.dumps(asdict(heading), ensure_ascii=False)},"rows":['
    first = True
    async for some in rows:
        written = [json.dumps(_named(heading, row), ensure_ascii=False) for row in some]
        if written:
            yield ("" if first else ",\n") + ",\n".join(written)
            first = False
    yield "]}\n"


_WRITERS: Final[Mapping[str, tuple[Callable[[Heading, Rows], AsyncIterator[str]], str]]] = MappingProxyType(
    {"csv": (as_csv, "text/csv; charset=utf-8"), "json": (as_json, "application/json")}
)


def _lines(rows: Iterable[Iterable[str]]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _safe(cell: Cell) -> str:
    """As text that no spreadsheet takes for a formula: what begins like one is led by an apostrophe."""
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return f"{cell:f}"
        case int():
            return str(cell)
        case _:
            return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _named(heading: Heading, row: Row) -> dict[str, object]:
    return {
        name: f"{cell:f}" if isinstance(cell, Decimal) else cell
        for name, cell in zip(heading.columns, row, strict=True)
    }
