"""Who of a region is told, and where."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final, Self

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chassis.access import KeyRow
from chassis.clock import Clock
from chassis.http import region_in_view, require_region, requires
from chassis.openapi import refusal
from chassis.problems import Fault, Problem
from contracts.message import RegionCode
from contracts.notice import NoticeKind
from contracts.recipient import MUTES_MAX, Channel, Mute, RecipientChangedV1, Role, Span, Subscription
from regulation.law import Law
from services.notify.domain.recipients import ON_REQUEST, OPTIONAL, Spans, from_then_on
from services.notify.domain.roster import (
    COLUMNS,
    RECIPIENTS_A_REGION_MAX,
    Known,
    NewRecipient,
    RosterFault,
    contradictions,
    place_of,
    read_roster,
)
from services.notify.register import Register

ROWS_MAX: Final = 1_000
FAULTS_MAX: Final = 1_000
OFFICES: Final = (Channel.EMAIL, Channel.INBOX)
_ID_BYTES: Final = 8
_CSV: Final = {"text/csv": {"schema": {"type": "string"}, "example": ",".join(COLUMNS)}}

Reader = Annotated[KeyRow, requires("recipients:read")]
Writer = Annotated[KeyRow, requires("recipients:write")]
RecipientId = Annotated[str, Path(pattern=r"^[rw]-[0-9a-f]{16}$", examples=["r-4f0c8a1e5b7d42f3"])]


class RecipientRow(BaseModel):
    recipient_id: str
    region: str
    role: Role
    sector: str | None
    channel: Channel
    address: str | None
    muted: list[NoticeKind]
    subscribed: list[NoticeKind]
    active_from: datetime
    unreachable_since: datetime | None
    """Since then the address is known not to exist, and nothing is sent to it."""

    @classmethod
    def of(cls, row: RecipientChangedV1) -> Self:
        return cls(
            recipient_id=row.recipient_id,
            region=row.region_code,
            role=row.role,
            sector=row.sector,
            channel=row.channel,
            address=row.address,
            muted=_running(row.mutes),
            subscribed=_running(row.subscriptions),
            active_from=row.active_from,
            unreachable_since=row.unreachable_since,
        )


class RecipientPage(BaseModel):
    recipients: list[RecipientRow]
    next_after: str | None = Field(description="Send as `after` for the next page; null on the last.")


class Mutes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kinds: Annotated[frozenset[NoticeKind], Field(description=f"Of {', '.join(sorted(OPTIONAL))}.")]


class Subscriptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kinds: Annotated[frozenset[NoticeKind], Field(description=f"Of {', '.join(sorted(ON_REQUEST))}.")]


class Imported(BaseModel):
    added: int
    known: int
    """Lines that say what was known already."""
    dry_run: bool


class Roster:
    """Registers offices; the page and the doors use it alike."""

    def __init__(self, register: Register, law: Law, clock: Clock) -> None:
        self._register = register
        self._known = Known(frozenset(region.code for region in law.regions.reporting()), frozenset(law.sectors))
        self._clock = clock

    async def listed(self, region: str | None, *, after: str | None = None, limit: int = 0) -> list[RecipientChangedV1]:
        regions = None if region is None else (region,)
        return await self._register.store.in_force(OFFICES, regions=regions, after=after, limit=limit)

    async def add(self, caller: KeyRow, new: NewRecipient) -> RecipientChangedV1:
        require_region(caller, new.region)
        _refuse(contradictions(new, self._known))
        missing = await self._missing([new])
        if not missing:
            text = f"{new.role} of {new.region} has this {new.channel} already; see GET /v1/recipients."
            raise Problem(409, "recipient-known", text)
        [row] = self._rows(missing, caller)
        await self._register.add([row])
        return row

    async def take_in(self, caller: KeyRow, text: str, *, dry_run: bool) -> Imported:
        """Add what a file names and is not there yet; all of it or, with one fault, nothing."""
        found, faults = read_roster(text, self._known)
        for region in sorted({new.region for new in found}):
            require_region(caller, region)
        _refuse(faults)
        missing = await self._missing(found)
        if not dry_run:
            await self._register.add(self._rows(missing, caller))
        return Imported(added=len(missing), known=len(found) - len(missing), dry_run=dry_run)

    async def found(self, caller: KeyRow, recipient_id: str) -> RecipientChangedV1:
        row = (await self._register.store.by_ids([recipient_id])).get(recipient_id)
        there = row is not None and row.active_until is None and row.channel in OFFICES
        if row is None or not there or not caller.may_act_for(row.region_code):
            raise Problem(404, "not-found", f"There is no recipient {recipient_id}; see GET /v1/recipients.")
        return row

    async def remove(self, caller: KeyRow, recipient_id: str) -> None:
        await self._register.remove(await self.found(caller, recipient_id), caller.client_id)

    async def mute(self, caller: KeyRow, recipient_id: str, kinds: frozenset[NoticeKind]) -> RecipientChangedV1:
        row = await self.found(caller, recipient_id)
        if statutory := sorted(kinds - OPTIONAL):
            text = f"{', '.join(statutory)} cannot be muted; only {', '.join(sorted(OPTIONAL))} can."
            raise Problem(422, "statutory-notice", text)
        mutes = _bounded(from_then_on(row.mutes, kinds, self._clock.now(), Mute))
        return await self._register.change(row, caller.client_id, mutes=mutes)

    async def subscribe(self, caller: KeyRow, recipient_id: str, kinds: frozenset[NoticeKind]) -> RecipientChangedV1:
        row = await self.found(caller, recipient_id)
        if unasked := sorted(kinds - ON_REQUEST):
            text = f"{', '.join(unasked)} comes unasked; only {', '.join(sorted(ON_REQUEST))} is on request."
            raise Problem(422, "unprocessable-recipients", text)
        if kinds and row.channel is not Channel.EMAIL:
            text = f"{recipient_id} is an {row.channel}; what is on request is mailed. Register the office's mailbox."
            raise Problem(422, "unprocessable-recipients", text)
        asked = _bounded(from_then_on(row.subscriptions, kinds, self._clock.now(), Subscription))
        return await self._register.change(row, caller.client_id, subscriptions=asked)

    async def mark_unreachable(self, caller: KeyRow, recipient_id: str) -> RecipientChangedV1:
        await self._register.mark_unreachable((await self.found(caller, recipient_id)).recipient_id, caller.client_id)
        return await self.found(caller, recipient_id)

    async def _missing(self, wanted: list[NewRecipient]) -> list[NewRecipient]:
        there = await self._register.store.in_force(OFFICES, regions={new.region for new in wanted})
        known = {place_of(row) for row in there if row.unreachable_since is None}
        missing = [new for new in wanted if new.place not in known]
        for region in sorted({new.region for new in missing}):
            count = sum(row.region_code == region for row in there) + sum(new.region == region for new in missing)
            if count > RECIPIENTS_A_REGION_MAX:
                text = f"Region {region} would have {count} recipients, at most {RECIPIENTS_A_REGION_MAX} are kept."
                raise Problem(409, "recipients-full", text)
        return missing

    def _rows(self, new: Iterable[NewRecipient], caller: KeyRow) -> list[RecipientChangedV1]:
        now = self._clock.now()
        return [one.registered(f"r-{secrets.token_hex(_ID_BYTES)}", now, caller.client_id) for one in new]


_NOT_FOUND: Final = refusal("not-found", 404, "No recipient has the id 0a1b2c.")
_KNOWN: Final = refusal("recipient-known", 409, "This office has this address already.")
_NOT_IMPORTED: Final = refusal("recipients-full", 409, "64.71 has 100 recipients; remove one first.") | refusal(
    "unsupported-media-type", 415, "The body is taken as text/csv, in UTF-8."
)


def router(roster: Roster) -> APIRouter:
    routes = APIRouter(prefix="/v1/recipients", tags=["recipients"], responses=_NOT_FOUND)

    @routes.get("", summary="Who is told, in the order of their ids; of the key's own region where none is named")
    async def recipients(
        reader: Reader,
        region: RegionCode | None = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 100,
    ) -> RecipientPage:
        rows = await roster.listed(region_in_view(reader, region), after=after, limit=limit)
        more = rows[-1].recipient_id if len(rows) == limit else None
        return RecipientPage(recipients=[RecipientRow.of(row) for row in rows], next_after=more)

    @routes.post("", summary="Register an office of a region", status_code=201, responses=_KNOWN)
    async def add(writer: Writer, new: NewRecipient, response: Response) -> RecipientRow:
        row = await roster.add(writer, new)
        response.headers["Location"] = f"/v1/recipients/{row.recipient_id}"
        return RecipientRow.of(row)

    @routes.post(
        ":import",
        summary="Register all offices of a CSV file that are not there yet; with one fault, none",
        responses=_NOT_IMPORTED,
        openapi_extra={"requestBody": {"required": True, "content": _CSV}},
    )
    async def take_in(writer: Writer, request: Request, *, dry_run: bool = False) -> Imported:
        return await roster.take_in(writer, as_text(await request.body()), dry_run=dry_run)

    @routes.get("/{recipient_id}", summary="One recipient")
    async def one(reader: Reader, recipient_id: RecipientId) -> RecipientRow:
        return RecipientRow.of(await roster.found(reader, recipient_id))

    @routes.delete("/{recipient_id}", summary="Tell it no longer, and forget its address", status_code=204)
    async def remove(writer: Writer, recipient_id: RecipientId) -> None:
        await roster.remove(writer, recipient_id)

    @routes.put("/{recipient_id}/mutes", summary="Say which optional kinds it does not want; all others it gets")
    async def mute(writer: Writer, recipient_id: RecipientId, wanted: Mutes) -> RecipientRow:
        return RecipientRow.of(await roster.mute(writer, recipient_id, wanted.kinds))

    @routes.put("/{recipient_id}/subscriptions", summary="Say what it is mailed on request; nothing else of that kind")
    async def subscribe(writer: Writer, recipient_id: RecipientId, wanted: Subscriptions) -> RecipientRow:
        return RecipientRow.of(await roster.subscribe(writer, recipient_id, wanted.kinds))

    @routes.post("/{recipient_id}:unreachable", summary="Report that mail to it came back")
    async def unreachable(writer: Writer, recipient_id: RecipientId) -> RecipientRow:
        return RecipientRow.of(await roster.mark_unreachable(writer, recipient_id))

    return routes


def _running(spans: Iterable[Span]) -> list[NoticeKind]:
    return sorted(span.kind for span in spans if span.until is None)


def _bounded(spans: tuple[Spans, ...]) -> tuple[Spans, ...]:
    """Raises:
    Problem: 409. What was wanted once stays, for it says who was told of what.
    """
    if len(spans) > MUTES_MAX:
        text = f"This was changed {MUTES_MAX} times, as often as is kept. Remove the recipient and register it again."
        raise Problem(409, "recipients-full", text)
    return spans


def as_text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = f"Byte {error.start} of the file is no UTF-8; save it as «CSV UTF-8»."
        raise Problem(415, "unsupported-media-type", text) from None


def refused(found: Sequence[RosterFault]) -> Problem:
    shown = [
        Fault(
            code=fault.code,
            pointer=f"/{fault.line}/{fault.column}" if fault.line else f"/{fault.column}",
            detail=f"Line {fault.line}, {fault.column}: {fault.sentence}" if fault.line else fault.sentence,
        )
        for fault in found[:FAULTS_MAX]
    ]
    more = f"; the first {FAULTS_MAX} are listed" if len(found) > FAULTS_MAX else ""
    return Problem(422, "unprocessable-recipients", f"{len(found)} faults{more}. Nothing was kept.", errors=shown)


def _refuse(faults: Iterable[RosterFault]) -> None:
    if found := list(faults):
        raise refused(found)
