"""The end of a digest, for whoever holds its mail: by a button, or by one request of the mail program (RFC 8058)."""

from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from chassis.errors import Conflict
from chassis.pages import Frame, View
from services.notify.domain import wording
from services.notify.domain.recipients import ON_REQUEST
from services.notify.mailer.unsubscribing import UNSUBSCRIBE, Unsubscribing
from services.notify.register import Register

BY_LINK: Final = "unsubscribe-link"
"""Who ended it, as the log says it."""
_ATTEMPTS_MAX: Final = 3
_MISSING: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "The link is none of ours."}}

Token = Annotated[str, Path(max_length=200, pattern=r"^[A-Za-z0-9._-]+$")]


def unsubscribe_pages(frame: Frame, links: Unsubscribing, register: Register) -> APIRouter:
    router = APIRouter(prefix=UNSUBSCRIBE, default_response_class=HTMLResponse, tags=["unsubscribe"])

    def shown(request: Request, token: str, *, ended: bool) -> HTMLResponse:
        view = View.of(request)
        if links.recipient_of(token) is None:
            return frame.missing(
                view,
                "Tautan berhenti berlangganan ini tidak dikenal. Salin seluruhnya dari surat.",
                "This link to unsubscribe is not known. Copy all of it from the letter.",
                reader=None,
            )
        kinds = [wording.KINDS[kind] for kind in sorted(ON_REQUEST)]
        return frame.page("unsubscribe", view, reader=None, ended=ended, kinds=kinds)

    @router.get("/{token}", summary="What the link in a digest opens: a button", responses=_MISSING)
    async def asked(request: Request, token: Token) -> HTMLResponse:
        """A button, because programs that look mail over open its links, too."""
        return shown(request, token, ended=False)

    @router.post("/{token}", summary="Mail the digest no longer; the same answer every time", responses=_MISSING)
    async def ended(request: Request, token: Token) -> HTMLResponse:
        """Of any site: the link itself is the proof, and a mail program says not where it stands."""
        recipient_id = links.recipient_of(token)
        if recipient_id is not None:
            await end_subscriptions(register, recipient_id)
        return shown(request, token, ended=True)

    return router


async def end_subscriptions(register: Register, recipient_id: str) -> None:
    """Nothing where there are none.

    Raises:
        Conflict: others changed the recipient again and again in the meantime.
    """
    for _ in range(_ATTEMPTS_MAX - 1):
        with suppress(Conflict):
            return await register.unsubscribe(recipient_id, BY_LINK)
    return await register.unsubscribe(recipient_id, BY_LINK)
