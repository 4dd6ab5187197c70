"""How many of the reports that are owed came, and how many in time."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response

from chassis.access import EVERY_REGION, KeyRow
from chassis.http import require_region, requires
from chassis.problems import Problem, ProblemBody
from contracts.message import Frozen, PeriodText
from regulation.errors import RegulationError
from regulation.law import Law
from services.validation.domain.rates import By, ReportingRate, reporting_rates
from services.validation.routes.verdicts import SUBMISSIONS_READ
from services.validation.store import Store

CSV: Final = "text/csv"
_COLUMNS: Final = (
    *("period", "group", "name_id", "name_en", "expected", "reported", "on_time", "nil_returns"),
    *("returned", "missing", "reported_pct", "on_time_pct"),
)

Reader = Annotated[KeyRow, requires(SUBMISSIONS_READ)]


class ReportingRates(Frozen):
    period: PeriodText
    by: By | None
    rates: tuple[ReportingRate, ...]


def router(store: Store, law: Law) -> APIRouter:
    routes = APIRouter(
        prefix="/v1", tags=["rates"], responses={status: {"model": ProblemBody} for status in (401, 403, 422, 503)}
    )

    async def rates_of(caller: KeyRow, period: str, by: By | None) -> ReportingRates:
        require_region(caller, EVERY_REGION)
        try:
            rates = reporting_rates(law, period, await store.judged_reports(period), by)
        except RegulationError as silence:
            raise Problem(422, "unknown-period", f"No rates of {period}: {silence}") from None
        return ReportingRates(period=period, by=by, rates=rates)

    @routes.get(
        "/reporting-rates",
        summary="Expected, actual and punctual reports of a period; for keys of every region",
        response_model=ReportingRates,
        responses={200: {"content": {CSV: {}}}},
    )
    async def rates(
        caller: Reader, period: PeriodText, by: By | None = None, accept: Annotated[str, Header()] = "*/*"
    ) -> Response | ReportingRates:
        found = await rates_of(caller, period, by)
        return _as_csv(found) if CSV in accept else found

    @routes.get("/reporting-rates.csv", summary="The same as a table", response_class=Response)
    async def table(caller: Reader, period: PeriodText, by: By | None = None) -> Response:
        return _as_csv(await rates_of(caller, period, by))

    return routes


def _as_csv(found: ReportingRates) -> Response:
    text = StringIO()
    lines = csv.writer(text)
    lines.writerow(_COLUMNS)
    lines.writerows(_line(found.period, rate) for rate in found.rates)
    return Response(text.getvalue(), media_type=f"{CSV}; charset=utf-8; header=present")


def _line(period: str, rate: ReportingRate) -> Iterable[object]:
    counts = rate.expected, rate.reported, rate.on_time, rate.nil_returns, rate.returned, rate.missing
    return period, rate.group or "", rate.name.id, rate.name.en, *counts, rate.reported_pct, rate.on_time_pct
