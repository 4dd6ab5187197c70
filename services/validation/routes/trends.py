"""How findings come and go, per rule and region over time."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from typing import Annotated, Final, Self

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import Field

from chassis.access import KeyRow
from chassis.http import region_in_view, requires
from chassis.problems import Problem, ProblemBody
from contracts.message import Frozen, PeriodText, RegionCode
from contracts.peers import RegionLevel
from contracts.quarter import Quarter
from regulation.errors import RegulationError
from regulation.law import Law
from services.validation.domain.trends import Trend, episodes, fired, trends_by
from services.validation.routes.verdicts import SUBMISSIONS_READ
from services.validation.store import Store

CSV: Final = "text/csv"
PERIODS_MAX: Final = 8
ROWS_MAX: Final = 1_000

Reader = Annotated[KeyRow, requires(SUBMISSIONS_READ)]


class By(StrEnum):
    """What a row is of, besides its rule."""

    PERIOD = "period"
    REGION = "region"


@dataclass(frozen=True)
class Wanted:
    period: Annotated[
        list[PeriodText],
        Query(
            default_factory=list,
            max_length=PERIODS_MAX,
            description=f"May be repeated; by default the {PERIODS_MAX} latest of which reports were judged.",
        ),
    ]
    rule: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9-]{1,62}$")] = None
    region: RegionCode | None = None
    level: RegionLevel | None = None
    by: By | None = None

    def region_codes(self, law: Law, caller: KeyRow) -> list[str] | None:
        """None for every region; a region's own key sees that region alone.

        Raises:
            Problem: 404, another region is asked for.
        """
        region = region_in_view(caller, self.region)
        if region is None and self.level is None:
            return None
        known = law.regions.reporting()
        return [each.code for each in known if region in {None, each.code} and self.level in {None, each.kind}]


class Row(Frozen):
    code: str
    period: Annotated[str | None, Field(description="Null where rows are not by period.")] = None
    region_code: Annotated[str | None, Field(description="Null where rows are not by region.")] = None
    opened: Annotated[int, Field(description="How often the rule came to be broken, without a reason, by a region.")]
    resolved: Annotated[int, Field(description="How often a later report that was not returned had mended it.")]
    open: int
    median_s_to_mend: Annotated[int | None, Field(description="Between the arrivals of the two reports.")]

    @classmethod
    def of(cls, key: dict[str, str], trend: Trend) -> Self:
        time = trend.median_time
        return cls(
            **key,
            opened=trend.opened,
            resolved=trend.resolved,
            open=trend.opened - trend.resolved,
            median_s_to_mend=None if time is None else int(time.total_seconds()),
        )


class FindingTrends(Frozen):
    periods: tuple[str, ...]
    reports: Annotated[int, Field(description="Judged reports that were looked at.")]
    rows: Annotated[tuple[Row, ...], Field(description=f"Most often open first, at most {ROWS_MAX}.")]
    rows_in_all: int
    never: Annotated[tuple[str, ...], Field(description="Rules in force that no report broke.")]
    always: Annotated[tuple[str, ...], Field(description="Rules in force that every report broke.")]


def router(store: Store, law: Law) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/trends", tags=["trends"], responses={code: {"model": ProblemBody} for code in (401, 403, 422, 503)}
    )

    async def trends_of(caller: KeyRow, wanted: Wanted) -> FindingTrends:
        region_codes = wanted.region_codes(law, caller)
        periods = sorted(set(wanted.period or await store.latest_periods(PERIODS_MAX)))
        verdicts = await store.judged_codes(periods, region_codes)
        rare = fired(verdicts, [code for code in _in_force(law, periods) if wanted.rule in {None, code}])
        found = (episode for episode in episodes(verdicts) if wanted.rule in {None, episode.code})
        parts = {None: ("code",), By.PERIOD: ("code", "period"), By.REGION: ("code", "region_code")}[wanted.by]
        grouped = trends_by(found, *parts).items()
        rows = [Row.of(dict(zip(parts, key, strict=True)), trend) for key, trend in grouped]
        rows.sort(key=lambda row: (-row.open, -row.opened))
        return FindingTrends(
            periods=tuple(periods),
            reports=len(verdicts),
            rows=tuple(rows[:ROWS_MAX]),
            rows_in_all=len(rows),
            never=rare.never,
            always=rare.always,
        )

    @routes.get(
        "/findings",
        summary="Findings opened and resolved, per rule and by period or region; how long mending took",
        response_model=FindingTrends,
        responses={200: {"content": {CSV: {}}}},
    )
    async def findings(
        caller: Reader, wanted: Annotated[Wanted, Depends()], accept: Annotated[str, Header()] = "*/*"
    ) -> Response | FindingTrends:
        found = await trends_of(caller, wanted)
        return _as_csv(found.rows) if CSV in accept else found

    @routes.get("/findings.csv", summary="The same as a table", response_class=Response)
    async def table(caller: Reader, wanted: Annotated[Wanted, Depends()]) -> Response:
        return _as_csv((await trends_of(caller, wanted)).rows)

    return routes


def _in_force(law: Law, periods: Iterable[str]) -> list[str]:
    try:
        rulesets = [law.ruleset(Quarter.parse(period).last_day) for period in periods]
    except RegulationError as silence:
        raise Problem(422, "unknown-period", f"{silence}") from None
    return list(dict.fromkeys(code for ruleset in rulesets for code in ruleset.rules))


def _as_csv(rows: Sequence[Row]) -> Response:
    text = StringIO()
    lines = csv.writer(text)
    lines.writerow(Row.model_fields)
    lines.writerows(row.model_dump().values() for row in rows)
    return Response(text.getvalue(), media_type=f"{CSV}; charset=utf-8; header=present")
