"""Who was refused what, and why: one line in the log for each refusal, and a witness that may keep it."""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any, Final, Protocol
from urllib.parse import parse_qs

from starlette.datastructures import Headers

from chassis.access import KeyRow
from chassis.events import TRACEPARENT

CALLER: Final = "spm.caller"
REGION: Final = "spm.region"
TRACE: Final = "spm.trace"
_REGION: Final = re.compile(r"[1-9][0-9](\.[0-9]{2})?")
_PASSERS_BY: Final = frozenset({"not-found", "method-not-allowed"})

Scope = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """No body, no token, no address: whom it was is said by the client's and the key's id."""

    at: datetime
    status: int
    slug: str
    client_id: str | None
    """None where nobody was recognised."""
    key_id: str | None
    method: str
    route: str
    region: str | None
    """The region that was asked for, where the request names one."""
    trace_id: str


class Witness(Protocol):
    """Is told of what happens at the doors. It neither waits nor fails: it stands in the request's way."""

    def used(self, key: KeyRow, at: datetime) -> None: ...
    def refused(self, refusal: Refusal) -> None: ...


class NoWitness:
    def used(self, key: KeyRow, at: datetime) -> None:
        """The log of refusals is enough."""

    def refused(self, refusal: Refusal) -> None:
        """As above."""


def trace_of(scope: Scope) -> str:
    """The request's trace id: the sender's (W3C Trace Context) or one of its own."""
    if TRACE not in scope:
        match = TRACEPARENT.fullmatch(Headers(scope=scope).get("traceparent", ""))
        scope[TRACE] = match[1] if match else token_hex(16)
    trace: str = scope[TRACE]
    return trace


def refusal_of(scope: Scope, *, at: datetime, status: int, slug: str, route: str, method: str) -> Refusal | None:
    """None for what is no refusal: a failure of ours, or somebody unknown who looks for a page that is not there."""
    caller: KeyRow | None = scope.get(CALLER)
    if not 400 <= status < 500 or (caller is None and slug in _PASSERS_BY):  # noqa: PLR2004 - the class of refusals
        return None
    return Refusal(
        at=at,
        status=status,
        slug=slug,
        client_id=caller.client_id if caller else None,
        key_id=caller.key_id if caller else None,
        method=method,
        route=route,
        region=_region_of(scope),
        trace_id=trace_of(scope),
    )


def _region_of(scope: Scope) -> str | None:
    named = scope.get(REGION) or scope.get("path_params", {}).get("region")
    if named is None:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=100)
        named = query.get("region", [None])[0]
    return named if isinstance(named, str) and _REGION.fullmatch(named) else None
