"""Where a list of notices goes on: behind one notice, in the order of newest fact first."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from services.notify.domain.notice import Notice

_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

Cursor = Annotated[
    str | None,
    Field(pattern=r"^[0-9]{1,14}_[0-9a-f-]{36}$", description="As the answer before gave it; absent for the newest."),
]
Place = tuple[datetime, str]
"""Instant of the fact and id of the notice."""


def cursor_after(notice: Notice) -> str:
    return cursor_at(notice.matter.fact_at, notice.id)


def cursor_at(instant: datetime, key: str) -> str:
    return f"{(instant - _START) // _MILLISECOND}_{key}"


def place_of(cursor: Cursor) -> Place | None:
    if cursor is None:
        return None
    millis, _, notice_id = cursor.partition("_")
    return _START + int(millis) * _MILLISECOND, notice_id
