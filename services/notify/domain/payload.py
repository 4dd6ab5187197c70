"""What a webhook is told: thin, so that the receiver asks for the rest where it needs it."""

import json
from datetime import datetime
from typing import Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from contracts.notice import NoticeKind
from services.notify.domain.notice import Notice

VERSION: Final = "payload-v1"
"""Stands with each delivery instead of the version of a letter's words."""
BYTES_MAX: Final = 20_000
TEST_TYPE: Final = "test.v1"


class NoticeTold(BaseModel):
    """Where the matter is found; no figure and no person of it."""

    model_config = ConfigDict(frozen=True)

    notice_id: str
    kind: NoticeKind
    region_code: str = Field(examples=["64.71"])
    region_name: str = Field(examples=["Kota Contoh"])
    fiscal_year: int
    period: str | None = Field(examples=["2023Q4"])
    submission_id: str | None
    fact_id: str = Field(description="The event that the notice tells of.")
    link: str = Field(description="The notice in the region's inbox.")


class Delivery(BaseModel):
    """The body of a delivery (Standard Webhooks). ``webhook-id`` is the notice's id, the same at every attempt."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["submission-returned.v1"])
    timestamp: AwareDatetime = Field(description="When the fact happened.")
    data: NoticeTold


def type_of(kind: NoticeKind) -> str:
    return f"{kind.replace('_', '-')}.v1"


def delivery_of(notice: Notice, public_url: str) -> Delivery:
    matter = notice.matter
    told = NoticeTold(
        notice_id=notice.id,
        kind=matter.kind,
        region_code=matter.region_code,
        region_name=matter.region_name,
        fiscal_year=matter.fiscal_year,
        period=matter.period,
        submission_id=matter.submission_id,
        fact_id=matter.fact_id,
        link=f"{public_url.rstrip('/')}/inbox/{matter.region_code}/{notice.id}",
    )
    return Delivery(type=type_of(matter.kind), timestamp=matter.fact_at, data=told)


def body_of(notice: Notice, public_url: str) -> bytes:
    """The same bytes at every attempt.

    Raises:
        ValueError: larger than a thin body may be.
    """
    body = delivery_of(notice, public_url).model_dump_json().encode()
    if len(body) > BYTES_MAX:
        raise ValueError(f"the body of notice {notice.id} has {len(body)} bytes, a webhook is told at most {BYTES_MAX}")
    return body


def test_body(recipient_id: str, at: datetime) -> bytes:
    told: dict[str, Any] = {"type": TEST_TYPE, "timestamp": at.isoformat(), "data": {"webhook_id": recipient_id}}
    return json.dumps(told).encode()
