"""What every HTTP door has: callers, size limits, safe headers."""

from base64 import b64decode
from binascii import Error as NotBase64
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBearer
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.access import KeyRing, KeyRow
from chassis.clock import Clock, monotonic_s
from chassis.metrics import HttpMetrics
from chassis.problems import MEDIA_TYPE, Problem, slug_of

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
_DOCS: Final = ("/docs", "/redoc")

_bearer = HTTPBearer(auto_error=False, description="An API key: spm_<id>_<secret>")
_basic = HTTPBasic(auto_error=False)


class Gate:
    """Finds out who calls and refuses whom the scope does not admit."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock

    def caller(self, token: str | None, scope: str, challenge: str) -> KeyRow:
        holder = self._ring.holder_of(token, self._clock.now()) if token else None
        if holder is None:
            detail = "The key is unknown or expired." if token else "No key was sent; send Authorization: Bearer spm_…"
            raise Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": challenge})
        if scope not in holder.scopes:
            held = ", ".join(sorted(holder.scopes)) or "none"
            raise Problem(403, "forbidden", f"This key's scopes are {held}; this needs {scope}.")
        return holder


def requires(scope: str) -> Any:
    """The caller, as a FastAPI dependency; refused when its key lacks the scope."""

    async def caller(
        request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> KeyRow:
        gate: Gate = request.app.state.gate
        return gate.caller(bearer.credentials if bearer else None, scope, "Bearer")

    return Depends(caller)


def requires_on_page(scope: str) -> Any:
    """The same for pages: a browser asks for the key as a password (HTTP Basic); a bearer key is taken too."""

    async def caller(request: Request) -> KeyRow:
        gate: Gate = request.app.state.gate
        return gate.caller(_token_of(request.headers), scope, 'Basic realm="SPM Awards", charset="UTF-8"')

    return Depends(caller)


def require_region(caller: KeyRow, region: str) -> None:
    """Raises:
    Problem: 403, the key belongs to another region.
    """
    if not caller.may_act_for(region):
        raise Problem(403, "outside-region", f"This key acts for region {caller.region}, not for {region}.")


def _token_of(headers: Headers) -> str | None:
    kind, _, credentials = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return credentials
    if kind.lower() == "basic":
        try:
            return b64decode(credentials, validate=True).decode().partition(":")[2]
        except (NotBase64, UnicodeDecodeError):
            return None
    return None


class SafeDoors:
    """Refuses bodies over the limit while they come in and sets the safe headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
                    if not (name == "Content-Security-Policy" and scope["path"].startswith(_DOCS)):
                        headers.setdefault(name, text)
                if headers.get("content-type") == MEDIA_TYPE:
                    headers["content-language"] = "en"
            await send(message)

        await self._app(scope, counted, safe)


class Measured:
    """Counts and times every request; one that ends in a mistake of ours counts as 5xx."""

    def __init__(self, app: ASGIApp, *, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = monotonic_s()
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route, method = _labels(scope)
            self._metrics.requests.labels(method, route, f"{status // 100}xx").inc()
            self._metrics.duration.labels(route).observe(monotonic_s() - started)
            if slug := slug_of(scope):
                self._metrics.problems.labels(slug).inc()


def too_large(bytes_max: int) -> Problem:
    return Problem(413, "body-too-large", f"The body is larger than {bytes_max} bytes.")


def _body_bytes_max(scope: Scope) -> int | None:
    """What the route says in its OpenAPI description; None where it bounds what it takes itself."""
    described = getattr(scope.get("route"), "openapi_extra", None) or {}
    limit: int | None = described.get(BODY_LIMIT, BODY_BYTES_MAX)
    return limit


def _labels(scope: Scope) -> tuple[str, str]:
    """Route and method. Those that no door takes are of the caller's making: as labels they could grow without end."""
    route = scope.get("route")
    if route is None or scope["method"] not in (getattr(route, "methods", None) or ()):
        return "none", "none"
    return route.path, scope["method"]
