"""The door at which operators see that every report is accounted for."""

from typing import Annotated

from fastapi import APIRouter, Query

from chassis.access import EVERY_REGION, KeyRow
from chassis.http import require_region, requires
from contracts.quarter import quarters_of
from services.intake.domain.ledger import Ledger
from services.intake.routes.openapi import problems
from services.intake.routes.reading import quarter
from services.intake.routes.stories import READ
from services.intake.store.submissions import Store


def router(store: Store) -> APIRouter:
    routes = APIRouter(tags=["operation"])

    @routes.get(
        "/v1/ledger",
        summary="Whether every report of a year is accounted for",
        responses=problems(
            "unauthenticated", "forbidden", "outside-region", "unprocessable-request", "unknown-period", "unavailable"
        ),
    )
    async def ledger(
        caller: Annotated[KeyRow, requires(READ)],
        fiscal_year: Annotated[int, Query(ge=2000, le=2099)],
        period: Annotated[str | None, Query(description="One quarter of the year alone.")] = None,
    ) -> Ledger:
        require_region(caller, EVERY_REGION)
        one = quarter(period) if period else None
        return await store.ledger([each.text for each in quarters_of(fiscal_year) if one in {None, each}])

    return routes
