"""The doors at which keys are issued, rotated and revoked. The log tells every service of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from chassis.access import EVERY_REGION, KeyRow, issue_key
from chassis.bodies import read_body
from chassis.clock import Clock
from chassis.events import JSON, Event
from chassis.http import require_region, require_view, requires
from chassis.kafka import Publishes
from chassis.openapi import body_of
from chassis.problems import Fault, Problem
from contracts.key import ClientKeyChangedV1, KeyRegion, KeyState
from regulation.law import Law
from services.intake.domain import key as keys
from services.intake.domain.key import IssuedKey, KeyOrder, RotationOrder, ShownKey
from services.intake.routes.openapi import KEY_ORDER, OF_A_BODY, problems
from services.intake.routes.paging import cursor_of, next_link, place_of
from services.intake.store.keys import Keys

WRITE: Final = "keys:write"
PAGE_MAX: Final = 1_000

_ANY: Final = ("unauthenticated", "forbidden", "unavailable")
_ASKED: Final = (*_ANY, "not-found", "unprocessable-request")
_ORDERED: Final = (
    *_ANY,
    *OF_A_BODY,
    "malformed-json",
    "outside-region",
    "unprocessable-key",
)
_KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
_Manager = Annotated[KeyRow, requires(WRITE)]


class KeyDesk:
    """Changes keys: kept first, published, then noted as announced."""

    def __init__(self, store: Keys, publisher: Publishes, clock: Clock, *, life: timedelta) -> None:
        """``life``: of the longest."""
        self._life = life
        self._store = store
        self._publisher = publisher
        self._clock = clock

    async def make_up(self) -> None:
        """Announce what was kept when the process or Kafka went away."""
        for change in await self._store.unannounced():
            await self._announce(change)

    async def issue(self, order: KeyOrder, by: str) -> IssuedKey:
        now = self._clock.now()
        end = self._end_of(order.expires_at, None, now)
        token, row = issue_key(order.client_id, order.scopes, order.region, sandbox=order.sandbox)
        change = keys.issued(order, key_id=row.key_id, token_sha256=row.sha256, expires_at=end, by=by, now=now)
        await self._take(change)
        return _with_token(change, token)

    async def rotate(self, key: ClientKeyChangedV1, order: RotationOrder, by: str) -> IssuedKey:
        """The old key gets its end first: if the rest fails, the same order may be sent again."""
        now = self._clock.now()
        if keys.over(key, now):
            raise Problem(409, "key-over", f"The key {key.key_id} is {key.state}, or expired; issue a new one.")
        end = self._end_of(order.expires_at, key.expires_at, now)
        token, row = issue_key(key.client_id, key.scopes, key.region, sandbox=key.sandbox)
        new = keys.replacement(key, key_id=row.key_id, token_sha256=row.sha256, expires_at=end, by=by, now=now)
        await self._take(keys.replaced(key, grace_hours=order.grace_hours, by=by, now=now))
        await self._take(new)
        return _with_token(new, token)

    async def revoke(self, key: ClientKeyChangedV1, by: str) -> ClientKeyChangedV1:
        if key.state is KeyState.REVOKED:
            await self.make_up()
            return key
        change = keys.revoked(key, by=by, now=self._clock.now())
        await self._take(change)
        return change

    def _end_of(self, asked: datetime | None, before: datetime | None, now: datetime) -> datetime:
        try:
            return keys.end_of(asked, before, now=now, life=self._life)
        except ValueError as error:
            fault = Fault(code="not-an-end", pointer="/expires_at", detail=str(error))
            raise Problem(422, "unprocessable-key", "Nothing was issued.", errors=[fault]) from None

    async def _take(self, change: ClientKeyChangedV1) -> None:
        await self._store.change(change)
        await self._announce(change)

    async def _announce(self, change: ClientKeyChangedV1) -> None:
        """What was overtaken while it was published is followed by the current one, which so stands last in the log."""
        latest: ClientKeyChangedV1 | None = change
        while latest is not None:
            await self._publisher.publish([Event.of(latest)])
            if await self._store.announced(latest):
                return
            latest = await self._store.key(latest.key_id)


def reading(store: Keys, law: Law) -> APIRouter:
    routes = APIRouter(prefix="/v1/keys", tags=["keys"])
    known = [region.code for region in law.regions.reporting()]

    @routes.get("", summary="Keys, newest first", responses=problems(*_ASKED, "bad-cursor"))
    async def page(
        response: Response,
        caller: _Manager,
        region: Annotated[KeyRegion | None, Query(description="Of this region alone, as it was issued.")] = None,
        cursor: Annotated[str | None, Query(description="From the Link of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 100,
    ) -> list[ShownKey]:
        if region is not None:
            require_view(caller, region)
        regions = [region] if region is not None else _within(caller, known)
        found = await store.page(regions, place_of(cursor), limit + 1)
        if len(found) > limit:
            last = found[limit - 1]
            there = cursor_of(last.issued_at, last.key_id)
            response.headers["Link"] = next_link("/v1/keys", region=region, limit=limit, cursor=there)
        uses = await store.last_uses([key.key_id for key in found[:limit]])
        return [ShownKey.of(key, uses.get(key.key_id)) for key in found[:limit]]

    @routes.get("/{key_id}", summary="One key", responses=problems(*_ASKED))
    async def one(key_id: _KeyId, caller: _Manager) -> ShownKey:
        key = await store.key(key_id)
        if key is None or not caller.may_act_for(key.region):
            raise _unknown(key_id)
        return ShownKey.of(key, (await store.last_uses([key_id])).get(key_id))

    return routes


def writing(desk: KeyDesk, store: Keys, *, per_minute: int) -> APIRouter:
    """``per_minute``: the installation's limit, which holds for keys without one of their own."""
    routes = APIRouter(prefix="/v1/keys", tags=["keys"])

    @routes.post(
        "",
        status_code=201,
        summary="Issue a key; its token is shown this once",
        response_model=IssuedKey,
        responses=problems(*_ORDERED),
        openapi_extra=body_of(KeyOrder, KEY_ORDER),
    )
    async def issue(request: Request, caller: _Manager) -> Response:
        order = await read_body(request, KeyOrder, "unprocessable-key")
        _require_authority(caller, order, per_minute)
        return _json(await desk.issue(order, caller.client_id), 201)

    # Before the door of one key, which would take what stands before the colon for its id.
    @routes.post(
        "/{key_id}:rotate",
        status_code=201,
        summary="Issue a key in place of another, which ends after a while",
        response_model=IssuedKey,
        responses=problems(*_ORDERED, "not-found", "key-over"),
        openapi_extra=body_of(RotationOrder, {"grace_hours": keys.GRACE_HOURS}),
    )
    async def rotate(key_id: _KeyId, request: Request, caller: _Manager) -> Response:
        order = await read_body(request, RotationOrder, "unprocessable-key")
        key = await _to_change(store, key_id, caller)
        _require_authority(caller, key, per_minute)
        return _json(await desk.rotate(key, order, caller.client_id), 201)

    # Not DELETE: a key that is revoked can still be read.
    @routes.post("/{key_id}:revoke", summary="Revoke a key", responses=problems(*_ASKED, "outside-region"))
    async def revoke(key_id: _KeyId, caller: _Manager) -> ShownKey:
        return ShownKey.of(await desk.revoke(await _to_change(store, key_id, caller), caller.client_id))

    return routes


def _require_authority(caller: KeyRow, asked: KeyOrder | ClientKeyChangedV1, per_minute: int) -> None:
    """Nobody hands on more than they hold. Who may do everything everywhere may issue for everybody.

    Raises:
        Problem: 403.
    """
    require_region(caller, asked.region)
    if caller.region == EVERY_REGION:
        return
    if beyond := sorted(set(asked.scopes) - caller.scopes):
        raise Problem(
            403, "forbidden", f"A region's key issues only scopes that it holds; it lacks {', '.join(beyond)}."
        )
    if asked.client_id != caller.client_id:
        # Another client's name would reach that client's receipts and quota.
        text = f"A region's key issues keys for its own client alone, {caller.client_id}; found {asked.client_id}."
        raise Problem(403, "forbidden", text)
    wanted, own = asked.requests_per_minute or per_minute, caller.requests_per_minute or per_minute
    if wanted > own:
        text = f"A region's key issues keys for as many requests a minute as its own, {own}; found {wanted}."
        raise Problem(403, "forbidden", text)


async def _to_change(store: Keys, key_id: str, caller: KeyRow) -> ClientKeyChangedV1:
    key = await store.key(key_id)
    if key is None:
        raise _unknown(key_id)
    require_region(caller, key.region)
    return key


def _within(caller: KeyRow, known: Sequence[str]) -> list[str] | None:
    """The regions, as keys name them, that the caller reaches; None for every one."""
    if caller.region == EVERY_REGION:
        return None
    return [caller.region, *(code for code in known if code != caller.region and caller.may_act_for(code))]


def _unknown(key_id: str) -> Problem:
    return Problem(404, "not-found", f"No key {key_id} was issued here; keys of SPM_API_KEYS stand in that file alone.")


def _with_token(change: ClientKeyChangedV1, token: str) -> IssuedKey:
    return IssuedKey(**dict(ShownKey.of(change)), token=token)


def _json(body: BaseModel, status: int) -> Response:
    return Response(body.model_dump_json(), status_code=status, media_type=JSON)
