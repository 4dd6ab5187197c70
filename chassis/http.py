"""What every HTTP door has: callers, size limits, safe headers."""

from base64 import b64decode
from dataclasses import asdict
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBase, HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as Connection

from chassis.access import EVERY_REGION, SANDBOX_PREFIX, KeyRow
from chassis.audit import TRACE, Witness, refusal_of
from chassis.clock import Clock, monotonic_s
from chassis.events import TRACEPARENT
from chassis.gate import HEADERS, Gate
from chassis.logs import logger
from chassis.metrics import HttpMetrics
from chassis.problems import MEDIA_TYPE, Problem, note_mistake, slug_of
from chassis.tracing import SpanKind, Tracing, current, fail, trace_id_of
from contracts.scopes import SCOPES, Scope

BODY_BYTES_MAX: Final = 512 * 1024
BODY_LIMIT: Final = "x-body-bytes-max"
"""The member of a route's OpenAPI description that names another limit."""
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
_NOT_TRACED: Final = frozenset({"/live", "/ready", "/metrics"})
log = logger(__name__)

_CHALLENGE: Final = 'Bearer realm="SPM Awards"'
PAGE_CHALLENGE: Final = 'Basic realm="SPM Awards", charset="UTF-8"'


class _Token(SecurityBase):
    """Says in the OpenAPI document how a key is sent, and reads it."""

    def __init__(self, scheme_name: str, model: HTTPBase, *kinds: str) -> None:
        self.scheme_name = scheme_name
        self.model = model
        self._kinds = kinds

    async def __call__(self, request: Request) -> str | None:
        return self.sent_in(request)

    def sent_in(self, request: Request) -> str | None:
        kind, _, credentials = request.headers.get("authorization", "").partition(" ")
        if kind.lower() not in self._kinds or not credentials:
            return None
        return credentials.strip() if kind.lower() == "bearer" else _password_of(credentials)


_HELD: Final = "\n".join(f"- `{scope}`: {words}" for scope, words in SCOPES.items())
_bearer = _Token(
    "key",
    HTTPBearer(
        description="An API key, `spm_<id>_<secret>_<checksum>`, or an access token of the configured OAuth issuer "
        f"(RFC 9068), whose scope names a `region:<code>` too. Scopes:\n\n{_HELD}"
    ),
    "bearer",
)
_basic = _Token("keyAsPassword", HTTPBase(scheme="basic", description="A key as password, any name."), "basic")


class _Caller(SecurityBase):
    """The key and whose it is in one: each dependency costs a request as much as its parameters would."""

    scheme_name = _bearer.scheme_name
    model = _bearer.model

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def __call__(self, request: Request) -> KeyRow:
        gate: Gate = request.app.state.gate
        return await gate.caller(request, _bearer.sent_in(request), self._scope, challenge=_CHALLENGE)


def requires(scope: Scope) -> Any:
    """The caller, as a FastAPI dependency; refused when its key lacks the scope."""
    return Security(_Caller(scope), scopes=[scope])


def requires_on_page(scope: Scope) -> Any:
    """The same for pages: a browser asks for the key as a password (HTTP Basic); a bearer key is taken too."""

    async def caller(
        request: Request,
        password: Annotated[str | None, Depends(_basic)],
        token: Annotated[str | None, Depends(_bearer)],
    ) -> KeyRow:
        gate: Gate = request.app.state.gate
        return await gate.caller(request, password or token, scope, challenge=PAGE_CHALLENGE)

    return Security(caller, scopes=[scope])


def key_if_sent(scope: Scope) -> Any:
    """The key of a page to which its readers come in another way too; None where none was sent."""

    async def caller(
        request: Request,
        password: Annotated[str | None, Depends(_basic)],
        token: Annotated[str | None, Depends(_bearer)],
    ) -> KeyRow | None:
        if "authorization" not in request.headers:
            return None
        gate: Gate = request.app.state.gate
        return await gate.caller(request, password or token, scope, challenge=PAGE_CHALLENGE)

    return Security(caller, scopes=[scope])


def in_force(request: Request, caller: KeyRow) -> bool:
    """Whether the caller's key still holds; for answers that go on for long."""
    gate: Gate = request.app.state.gate
    return gate.in_force(caller)


class Caller(Protocol):
    """A key, or whoever else comes in."""

    def may_act_for(self, region: str) -> bool: ...

    @property
    def acts_for(self) -> str:
        """In words."""
        ...


def require_region(caller: Caller, region: str) -> None:
    """For what writes, and for what speaks of every region.

    Raises:
        Problem: 403, the key belongs to another region.
    """
    if not caller.may_act_for(region):
        named = "every region" if region == EVERY_REGION else region
        text = f"{caller.acts_for}, not for {named}."
        raise Problem(403, "outside-region", text, region=region)


def require_view(caller: Caller, region: str) -> None:
    """For what reads of one region: another one's is as if it were not there.

    Raises:
        Problem: 404.
    """
    if not caller.may_act_for(region):
        raise Problem(404, "not-found", f"There is nothing of region {region} here for this key.", region=region)


def region_in_view(caller: KeyRow, named: str | None) -> str | None:
    """The region that is meant: the named one, else the key's own; None for every region.

    Raises:
        Problem: 404, another region is named.
    """
    if named is not None:
        require_view(caller, named)
    return named or caller.home


def _password_of(credentials: str) -> str | None:
    try:
        return b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return None  # no base64, or no text behind it


class SandboxDoor:
    """Leads a key of the sandbox, told by how it begins, to doors of its own; their answers say so."""

    def __init__(self, app: ASGIApp, *, sandbox: ASGIApp) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_of_sandbox(Headers(scope=scope).get("authorization", "")):
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Spm-Sandbox"] = "true"
            await send(message)

        await self._sandbox(scope, receive, marked)


def _is_of_sandbox(authorization: str) -> bool:
    kind, _, credentials = authorization.partition(" ")
    token = _password_of(credentials) if kind.lower() == "basic" else credentials.strip()
    return token is not None and token.startswith(f"{SANDBOX_PREFIX}_")


class SafeDoors:
    """Refuses bodies over the limit while they come in and sets the safe headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            limit = _body_bytes_max(scope)
            if limit is not None and taken > limit:
                raise too_large(limit)
            return message

        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, text in _SAFE.items():
                    headers.setdefault(name, text)
                headers.update(scope.get(HEADERS, {}))
                if headers.get("content-type") == MEDIA_TYPE:
                    headers["content-language"] = "en"
            await send(message)

        await self._app(scope, counted, safe)


class Measured:
    """Counts and times every request, and tells of every refusal; one that ends in a mistake of ours counts as 5xx."""

    def __init__(
        self, app: ASGIApp, *, metrics: HttpMetrics, witness: Witness, clock: Clock, tracing: Tracing | None = None
    ) -> None:
        self._app = app
        self._tracing = tracing
        self._metrics = metrics
        self._witness = witness
        self._clock = clock

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, noted = monotonic_s(), _Noting(send)
        try:
            await self._app(scope, receive, noted)
        except Exception:
            note_mistake(scope)
            raise
        finally:
            status = noted.status
            route, method = _labels(scope)
            self._metrics.requests.labels(method, route, f"{status // 100}xx").inc()
            exemplar = None if self._tracing is None else self._tracing.exemplar()
            self._metrics.duration.labels(route).observe(monotonic_s() - started, exemplar)
            if slug := slug_of(scope):
                self._metrics.problems.labels(slug).inc()
                self._tell(scope, status, slug, route, method)

    def _tell(self, scope: Connection, status: int, slug: str, route: str, method: str) -> None:
        refusal = refusal_of(scope, at=self._clock.now(), status=status, slug=slug, route=route, method=method)
        if refusal is not None:
            log.info("request.refused", **asdict(refusal) | {"at": refusal.at.isoformat()})
            self._witness.refused(refusal)


class _Noting:
    """Sends, and remembers with which status; 500 where nothing was answered."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


class Traced:
    """A span for each request, in the sender's trace where it names one. Path, query and address are no part of it."""

    def __init__(self, app: ASGIApp, *, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _NOT_TRACED:
            await self._app(scope, receive, send)
            return
        noted = _Noting(send)
        told = Headers(scope=scope).get("traceparent", "")
        parent = told if TRACEPARENT.fullmatch(told) else None
        with current(self._tracing.begin("HTTP", kind=SpanKind.SERVER, parent=parent)) as span:
            scope[TRACE] = trace_id_of(span)
            try:
                await self._app(scope, receive, noted)
            finally:
                status, (route, method) = noted.status, _labels(scope)
                if method == "none":
                    method = "_OTHER"  # as OpenTelemetry has it for what is of the caller's making
                else:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
                span.set_attributes({"http.request.method": method, "http.response.status_code": status})
                if slug := slug_of(scope):
                    span.set_attribute("spm.problem", slug)
                if status >= 500:  # noqa: PLR2004 - the class of failures
                    fail(span, str(status))


def too_large(bytes_max: int) -> Problem:
    return Problem(413, "body-too-large", f"The body is larger than {bytes_max} bytes.")


def _body_bytes_max(scope: Connection) -> int | None:
    """What the route says in its OpenAPI description; None where it bounds what it takes itself."""
    described = getattr(scope.get("route"), "openapi_extra", None) or {}
    limit: int | None = described.get(BODY_LIMIT, BODY_BYTES_MAX)
    return limit


def _labels(scope: Connection) -> tuple[str, str]:
    """Route and method. Those that no door takes are of the caller's making: as labels they could grow without end."""
    route = scope.get("route")
    if route is None or scope["method"] not in (getattr(route, "methods", None) or ()):
        return "none", "none"
    return route.path, scope["method"]
