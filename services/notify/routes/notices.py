"""Notices as JSON."""

from datetime import datetime
from typing import Annotated, Final, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel

from chassis.access import EVERY_REGION, KeyRow
from chassis.http import region_in_view, require_region, requires
from chassis.openapi import refusal
from contracts.message import RegionCode
from contracts.notice import NoticeKind, NoticeState
from services.notify.domain.cursor import Cursor, cursor_after, place_of
from services.notify.store.notices import KeptNotice, NoticeStore

SCOPE: Final = "notices:read"
ROWS_MAX: Final = 1_000

Reader = Annotated[KeyRow, requires(SCOPE)]


class NoticeRow(BaseModel):
    """A notice without the address that it goes to."""

    notice_id: str
    kind: NoticeKind
    region_code: str
    region_name: str
    fiscal_year: int
    period: str | None
    role: str
    state: NoticeState
    attempts: int
    fact_at: datetime
    settled_at: datetime | None
    fact_id: str
    submission_id: str | None

    @classmethod
    def of(cls, kept: KeptNotice) -> Self:
        matter = kept.notice.matter
        return cls(
            notice_id=kept.notice.id,
            kind=matter.kind,
            region_code=matter.region_code,
            region_name=matter.region_name,
            fiscal_year=matter.fiscal_year,
            period=matter.period,
            role=kept.notice.recipient.role,
            state=kept.state,
            attempts=kept.attempts,
            fact_at=matter.fact_at,
            settled_at=kept.settled_at,
            fact_id=matter.fact_id,
            submission_id=matter.submission_id,
        )


class NoticePage(BaseModel):
    notices: list[NoticeRow]
    next_cursor: str | None


class Count(BaseModel):
    kind: NoticeKind
    state: NoticeState
    notices: int


class Summary(BaseModel):
    fiscal_year: int
    counts: list[Count]


def router(store: NoticeStore) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/notices",
        tags=["notices"],
        responses=refusal("not-found", 404, "There is no region 64.72 for this key."),
    )

    @routes.get("", summary="Notices, newest fact first; of the key's own region where none is named")
    async def notices(
        reader: Reader,
        region: RegionCode | None = None,
        kind: NoticeKind | None = None,
        state: NoticeState | None = None,
        cursor: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 100,
    ) -> NoticePage:
        region = region_in_view(reader, region)
        found = await store.newest(region=region, kind=kind, state=state, after=place_of(cursor), limit=limit)
        more = cursor_after(found[-1].notice) if len(found) == limit else None
        return NoticePage(notices=[NoticeRow.of(kept) for kept in found], next_cursor=more)

    @routes.get("/summary", summary="How many notices of a year are of which kind and state")
    async def summary(reader: Reader, fiscal_year: Annotated[int, Query(ge=2_000, le=2_100)]) -> Summary:
        require_region(reader, EVERY_REGION)
        counts = await store.summary(fiscal_year)
        return Summary(
            fiscal_year=fiscal_year,
            counts=[Count(kind=kind, state=state, notices=number) for kind, state, number in counts],
        )

    return routes
