"""Sign-in by a link that is mailed, and sign-out. Whether an address is registered is told to its mailbox alone."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

import httpx
from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.clock import Clock
from chassis.gate import site_of
from chassis.oauth import NotGenuineError
from chassis.oidc import SignInIssuer
from chassis.pages import Frame, View, from_own_site
from chassis.quota import Quota
from contracts.recipient import ADDRESS_CHARS_MAX
from services.notify.mailer.sign_in import LINK_MINUTES
from services.notify.routes.readers import SIGN_IN, Readers
from services.notify.sender.sign_ins import SignInSender
from services.notify.store.sessions import Asked, SessionStore

ASKED_A_MINUTE: Final = 10
"""By one caller."""
HOME: Final = "/inbox"
ISSUER: Final = f"{SIGN_IN}/issuer"
BACK: Final = f"{ISSUER}/back"
_PAGES_OF_OURS: Final = re.compile(r"/(inbox|situation|v1/certificates)(/[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,4}")

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")]
Typed = Annotated[str, Form(max_length=ADDRESS_CHARS_MAX)]


def page_of_ours(asked: str) -> str:
    """The page to go on with; nobody is led to another site."""
    return asked if _PAGES_OF_OURS.fullmatch(asked) else HOME


@dataclass(frozen=True, slots=True)
class SignInPages:
    frame: Frame
    sessions: SessionStore
    sender: SignInSender
    readers: Readers
    clock: Clock
    issuer: SignInIssuer | None
    """Where officials may sign in otherwise; None where none is configured."""

    def form(self, view: View, *, status: int = 200, said: str = "") -> HTMLResponse:
        told = {
            "next": page_of_ours(view.query.get("next", "")),
            "issuer": self.issuer and httpx.URL(self.issuer.issuer).host,
            "said": said,
        }
        return self.frame.page("sign_in", view, status=status, reader=None, **told)

    async def link(self, view: View, token: str) -> Response:
        """A button, because programs that look links over open them too, and a link is good once."""
        link = await self.sessions.link(token, self.clock.now())
        if link is None:
            return self.over(view)
        return self.frame.page("sign_in_link", view, reader=None, mailbox=link.mailbox)

    async def use(self, view: View, token: str) -> Response:
        link = await self.sessions.use_link(token, self.clock.now())
        if link is None:
            return self.over(view)
        answer = RedirectResponse(view.link(link.next), 303)
        await self.readers.begin(answer, link.mailbox)
        return answer

    async def sent_to_issuer(self, view: View, issuer: SignInIssuer) -> Response:
        begun = await issuer.begin()
        asked = Asked(begun.nonce, begun.verifier, page_of_ours(view.query.get("next", "")))
        await self.sessions.keep_request(begun.state, asked, self.clock.now())
        answer = RedirectResponse(begun.address, 303)
        self.readers.set_cookie(answer, "state", begun.state)
        return answer

    async def back_from_issuer(self, request: Request, view: View, issuer: SignInIssuer) -> Response:
        """The same register as for links: an address that is nobody's office opens nothing."""
        state, cookie = view.query.get("state", ""), self.readers.cookie_of(request, "state")
        asked = await self.sessions.use_request(state, self.clock.now()) if state and state == cookie else None
        if asked is None:
            return self.not_signed_in(view, "Permintaan masuk ini sudah lewat.", "This sign-in is over.")
        try:
            address = await issuer.address_of(view.query.get("code", ""), nonce=asked.nonce, verifier=asked.verifier)
        except NotGenuineError as fault:
            return self.not_signed_in(view, "Penerbit akun tidak membuktikan alamat surel Anda.", str(fault))
        mailbox = address.lower()
        if not await self.readers.offices.of(mailbox):
            return self.not_signed_in(
                view,
                "Alamat surel akun ini tidak terdaftar sebagai penerima pemberitahuan.",
                "The mail address of this account is not registered for notices.",
            )
        answer = RedirectResponse(view.link(asked.next), 303)
        self.readers.drop_cookie(answer, "state")
        await self.readers.begin(answer, mailbox)
        return answer

    def not_signed_in(self, view: View, indonesian: str, english: str) -> HTMLResponse:
        answer = self.form(View(SIGN_IN, {}, view.language), status=403, said=view.language.say(indonesian, english))
        self.readers.drop_cookie(answer, "state")
        return answer

    def over(self, view: View) -> HTMLResponse:
        said = view.language.say(
            "Tautan ini sudah dipakai atau sudah lewat waktunya. Mintalah tautan baru.",
            "This link was used, or its time is over. Ask for a new one.",
        )
        return self.form(view, status=410, said=said)


def sign_in_pages(pages: SignInPages) -> list[APIRouter]:
    return [_asking(pages), _ending(pages), *([_by_issuer(pages, pages.issuer)] if pages.issuer else [])]


def _asking(pages: SignInPages) -> APIRouter:
    router = APIRouter(prefix=SIGN_IN, default_response_class=HTMLResponse, tags=["sign-in"])
    quota = Quota(ASKED_A_MINUTE)

    @router.get("", summary="Ask for a link to sign in")
    async def form(request: Request) -> HTMLResponse:
        return pages.form(View.of(request))

    @router.post("", summary="Mail the link, if the address is registered", dependencies=[from_own_site])
    async def ask(request: Request, address: Typed, next_page: Annotated[str, Form(alias="next")] = "") -> HTMLResponse:
        view, standing = View.of(request), quota.take(site_of(request))
        if not standing.admitted:
            said = view.language.say(
                f"Terlalu banyak permintaan dari jaringan ini. Coba lagi setelah {standing.more_in_s} detik.",
                f"Too many requests from this network. Try again in {standing.more_in_s} seconds.",
            )
            answer = pages.form(view, status=429, said=said)
            answer.headers["Retry-After"] = str(standing.more_in_s)
            return answer
        pages.sender.ask(address.strip(), page_of_ours(next_page))
        return pages.frame.page("sign_in_sent", view, reader=None, minutes=LINK_MINUTES)

    return router


def _ending(pages: SignInPages) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["sign-in"])
    gone: dict[int | str, dict[str, Any]] = {410: {"description": "The link was used, or its time is over."}}

    @router.get(f"{SIGN_IN}/link/{{token}}", summary="What a mailed link opens: a button", responses=gone)
    async def link(request: Request, token: Token) -> Response:
        return await pages.link(View.of(request), token)

    @router.post(
        f"{SIGN_IN}/link/{{token}}", summary="Use the link up and sign in", responses=gone, dependencies=[from_own_site]
    )
    async def use(request: Request, token: Token) -> Response:
        return await pages.use(View.of(request), token)

    @router.post("/sign-out", summary="End the session", dependencies=[from_own_site])
    async def sign_out(request: Request) -> Response:
        answer = RedirectResponse(View.of(request).link(SIGN_IN), 303)
        await pages.readers.end(request, answer)
        return answer

    return router


def _by_issuer(pages: SignInPages, issuer: SignInIssuer) -> APIRouter:
    router = APIRouter(prefix=ISSUER, default_response_class=HTMLResponse, tags=["sign-in"])
    quota = Quota(ASKED_A_MINUTE)

    @router.get("", summary="Go to the issuer where officials have their accounts")
    async def sent(request: Request) -> Response:
        view = View.of(request)
        if not quota.take(site_of(request)).admitted:
            said = view.language.say(
                "Terlalu banyak permintaan dari jaringan ini.", "Too many requests came from here."
            )
            return pages.form(view, status=429, said=said)
        return await pages.sent_to_issuer(view, issuer)

    @router.get(
        "/back", summary="Come back from it, signed in or not", responses={403: {"description": "Not signed in."}}
    )
    async def back(request: Request) -> Response:
        return await pages.back_from_issuer(request, View.of(request), issuer)

    return router
