"""The doors of the reporting calendar: the secretariat opens, extends, closes and re-opens periods."""

from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from chassis.access import EVERY_REGION, KeyRow
from chassis.bodies import read_body
from chassis.clock import JAKARTA, Clock
from chassis.events import JSON
from chassis.http import require_region, requires
from chassis.openapi import body_of
from chassis.problems import Fault, Problem
from contracts.period import PeriodChangedV1
from contracts.quarter import Quarter
from regulation.errors import RegulationError
from regulation.law import Law, ReportingWindow
from services.intake.domain.period import PeriodOrder, nonsense_of, ordered
from services.intake.routes.announcement import Announcement
from services.intake.routes.openapi import OF_A_BODY, PERIOD_ORDER, problems
from services.intake.routes.reading import quarter
from services.intake.routes.stories import READ
from services.intake.store.submissions import Store

WRITE: Final = "periods:write"

_REFUSED: Final = problems(
    *OF_A_BODY,
    "malformed-json",
    "unauthenticated",
    "forbidden",
    "outside-region",
    "stale-revision",
    "unprocessable-period",
    "unknown-period",
    "unavailable",
)


def reading(store: Store) -> APIRouter:
    routes = APIRouter(tags=["periods"])

    @routes.get(
        "/v1/periods",
        summary="The periods that were ever opened, latest first",
        responses=problems("unauthenticated", "forbidden", "unavailable"),
    )
    async def periods(_: Annotated[KeyRow, requires(READ)]) -> list[PeriodChangedV1]:
        return await store.periods()

    @routes.get(
        "/v1/periods/{period:path}",
        summary="One period as it stands",
        responses=problems("unauthenticated", "forbidden", "not-found", "unknown-period", "unavailable"),
    )
    async def period(period: str, _: Annotated[KeyRow, requires(READ)]) -> PeriodChangedV1:
        found = await store.period(quarter(period).text)
        if found is None:
            raise Problem(404, "not-found", f"{quarter(period).text} was never opened.")
        return found

    return routes


def writing(store: Store, announcement: Announcement, law: Law, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["periods"])

    @routes.put(
        "/v1/periods/{period:path}",
        summary="Open, extend, close or re-open a period",
        response_model=PeriodChangedV1,
        responses=_REFUSED | {201: {"model": PeriodChangedV1, "description": "The period is new."}},
        openapi_extra=body_of(PeriodOrder, PERIOD_ORDER),
    )
    async def change(period: str, request: Request, caller: Annotated[KeyRow, requires(WRITE)]) -> Response:
        require_region(caller, EVERY_REGION)
        window = _window(law, quarter(period))
        order = await read_body(request, PeriodOrder, "unprocessable-period")
        # What an earlier order left unsaid goes into the log before what this one says; and what has passed by now has
        # passed under the revision before.
        await announcement.make_up()
        now = clock.now()
        await announcement.mark_deadlines(now)
        current = await store.period(window.period)
        _require_revision(order, current)
        latest = ordered(order, current, window, client_id=caller.client_id, now=now)
        if latest is not current:
            if nonsense := nonsense_of(latest, JAKARTA):
                faults = [Fault(code=each.code, pointer=each.pointer, detail=each.detail) for each in nonsense]
                raise Problem(422, "unprocessable-period", "Nothing was changed.", errors=faults)
            await store.change_period(latest)
            await announcement.announce(latest)
        status = 201 if current is None else 200
        return Response(latest.model_dump_json(), status_code=status, media_type=JSON)

    return routes


def _window(law: Law, wanted: Quarter) -> ReportingWindow:
    try:
        return law.calendar(wanted.text)
    except RegulationError as error:
        raise Problem(422, "unknown-period", f"{error}") from None


def _require_revision(order: PeriodOrder, current: PeriodChangedV1 | None) -> None:
    revision = current.revision if current else 0
    if order.if_revision not in {None, revision}:
        text = f"The period is at revision {revision}, not {order.if_revision}; read it and decide again."
        raise Problem(412, "stale-revision", text)
