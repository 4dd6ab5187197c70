"""The door for whoever takes in returned mail: one report of a mail server a request."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from chassis.access import EVERY_REGION, KeyRow
from chassis.http import require_region, requires
from chassis.openapi import refusal
from chassis.problems import Problem
from services.notify.mailer.bounces import Bounce, read_bounce
from services.notify.register import Register
from services.notify.store.notices import NoticeStore

SCOPE: Final = "recipients:write"
_MAIL: Final = {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}}

Writer = Annotated[KeyRow, requires(SCOPE)]


class Conclusion(StrEnum):
    MARKED = "marked"
    """The address does not exist; it is marked, and the others of its region are told."""
    NOTHING_TO_MARK = "nothing_to_mark"
    """The notice went to an address of the installation's file, which no list holds."""
    MAY_PASS = "may_pass"  # noqa: S105 - no password
    """Delayed, mailbox full, refused by policy: the address stays as it is."""


class Taken(BaseModel):
    notice_id: Annotated[str, Field(description="The notice whose mail came back.")]
    conclusion: Conclusion


def router(notices: NoticeStore, register: Register) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/bounces",
        tags=["recipients"],
        responses=refusal("not-found", 404, "There is no notice 0a1b2c; see GET /v1/notices.")
        | refusal("no-bounce", 422, "The body is no report of a returned mail."),
    )

    @routes.post(
        "",
        summary="Hand in a returned mail (RFC 3464) as it came; an address that does not exist is marked",
        openapi_extra={"requestBody": {"required": True, "content": _MAIL}},
    )
    async def take(writer: Writer, request: Request) -> Taken:
        require_region(writer, EVERY_REGION)
        bounce = _read(await request.body())
        kept = await notices.by_id(bounce.notice_id)
        if kept is None:
            raise Problem(404, "not-found", f"There is no notice {bounce.notice_id}; see GET /v1/notices.")
        recipient_id = kept.notice.recipient.recipient_id
        if not bounce.no_such_address:
            return Taken(notice_id=bounce.notice_id, conclusion=Conclusion.MAY_PASS)
        if recipient_id is None:
            return Taken(notice_id=bounce.notice_id, conclusion=Conclusion.NOTHING_TO_MARK)
        await register.mark_unreachable(recipient_id, writer.client_id)
        return Taken(notice_id=bounce.notice_id, conclusion=Conclusion.MARKED)

    return routes


def _read(body: bytes) -> Bounce:
    try:
        return read_bounce(body)
    except ValueError as error:
        raise Problem(422, "no-bounce", f"This is no returned mail of ours: {error}.") from None
