"""Webhooks: endpoints of a region's own systems, what they were sent, and what they are told."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.access import KeyRow
from chassis.http import region_in_view, require_region, requires
from chassis.openapi import refusal
from chassis.problems import Problem
from chassis.quota import Quota
from contracts.message import RegionCode
from contracts.notice import NoticeKind, NoticeState
from contracts.recipient import ADDRESS_CHARS_MAX, EVERY_REGION, Channel, RecipientChangedV1, Role, Scheme, SigningKey
from regulation.law import Law
from services.notify.domain.cursor import Cursor, cursor_after, place_of
from services.notify.domain.delivery import Outcome
from services.notify.domain.payload import Delivery, delivery_of, test_body, type_of
from services.notify.domain.recipients import ON_REQUEST
from services.notify.register import Register
from services.notify.sender.hooks import HookSender
from services.notify.store.notices import KeptNotice, NoticeStore
from services.notify.webhooks.signing import Signer, keys_in_force

ENDPOINTS_A_REGION_MAX: Final = 10
ROWS_MAX: Final = 500
OVERLAP_HOURS_MAX: Final = 168
TESTS_A_MINUTE: Final = 6
KEYS_AT_ONCE_MAX: Final = 2
_ID_BYTES: Final = 8
_HOST: Final = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")

Reader = Annotated[KeyRow, requires("webhooks:read")]
Writer = Annotated[KeyRow, requires("webhooks:write")]
WebhookId = Annotated[str, Path(pattern=r"^w-[0-9a-f]{16}$", examples=["w-90ab12cd34ef5678"])]


def _endpoint(url: str) -> str:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme != "https" or port == 0:
        raise ValueError("expected https://host/path; nothing is sent unencrypted")
    if parts.username is not None or parts.fragment or _HOST.fullmatch(parts.hostname or "") is None:
        raise ValueError("expected a host by its name, without a user and without a fragment")
    return url


def _told(kind: NoticeKind) -> NoticeKind:
    if kind in ON_REQUEST:
        raise ValueError(f"{kind} is mailed to offices alone, on request")
    return kind


Url = Annotated[
    str,
    Field(
        max_length=ADDRESS_CHARS_MAX, pattern=r"^https://[!-~]+$", examples=["https://spm.kota-contoh.example/hooks"]
    ),
    AfterValidator(_endpoint),
]


class NewWebhook(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: Url
    region: Annotated[RegionCode | None, Field(description="Null for every region, by keys of every region.")] = None
    kinds: Annotated[
        frozenset[Annotated[NoticeKind, AfterValidator(_told)]] | None,
        Field(min_length=1, description=f"Null for every kind; {', '.join(sorted(ON_REQUEST))} is mailed alone."),
    ] = None
    scheme: Annotated[Scheme, Field(description="v1a: Ed25519, we keep no secret of yours; v1: a shared secret.")] = (
        Scheme.ASYMMETRIC
    )


class Rotation(BaseModel):
    model_config = ConfigDict(extra="forbid")

    overlap_hours: Annotated[int, Field(ge=0, le=OVERLAP_HOURS_MAX, description="So long both keys sign.")] = 24


class WebhookRow(BaseModel):
    webhook_id: str
    region: str
    url: str
    kinds: list[NoticeKind] | None
    scheme: Scheme
    public_keys: list[str] = Field(description="Of v1a, those that sign now (whpk_…).")
    active_from: datetime
    disabled_since: datetime | None
    """Since then nothing is sent: the endpoint said 410, or failed for days. Register it again."""


class WebhookKey(WebhookRow):
    key: str = Field(description="Verifies our signatures: whpk_… (v1a) or whsec_… (v1). Shown this once.")


class Tried(BaseModel):
    outcome: Outcome
    status: int | None = Field(description="Null where no answer came.")


class Sent(BaseModel):
    """A delivery as it was or will be made; ``delivery_id`` is its header ``webhook-id``."""

    delivery_id: str
    state: NoticeState
    attempts: int
    settled_at: datetime | None
    body: Delivery

    @classmethod
    def of(cls, kept: KeptNotice, public_url: str) -> Self:
        return cls(
            delivery_id=kept.notice.id,
            state=kept.state,
            attempts=kept.attempts,
            settled_at=kept.settled_at,
            body=delivery_of(kept.notice, public_url),
        )


class SentPage(BaseModel):
    deliveries: list[Sent]
    next_after: str | None = Field(description="Send as `after` to go on; what comes later stands behind it.")


class Endpoints:
    """Registers endpoints, tries them and changes their keys."""

    def __init__(self, register: Register, sender: HookSender, law: Law) -> None:
        self._register = register
        self._sender = sender
        self._regions = frozenset(region.code for region in law.regions.reporting())
        self._tests = Quota(TESTS_A_MINUTE)

    async def listed(self, region: str | None) -> list[WebhookRow]:
        regions = None if region is None else (region,)
        return [self._shown(row) for row in await self._register.store.in_force([Channel.WEBHOOK], regions=regions)]

    async def add(self, caller: KeyRow, new: NewWebhook) -> WebhookKey:
        region = new.region or caller.home or EVERY_REGION
        require_region(caller, region)
        if region not in {*self._regions, EVERY_REGION}:
            raise Problem(
                422, "unprocessable-recipients", f"Region {region} does not report; there is nothing to tell."
            )
        there = await self._register.store.in_force([Channel.WEBHOOK], regions=(region,))
        if len(there) >= ENDPOINTS_A_REGION_MAX:
            text = f"Region {region} has {len(there)} webhooks, at most {ENDPOINTS_A_REGION_MAX} are kept."
            raise Problem(409, "recipients-full", text)
        now = self._register.clock.now()
        row = RecipientChangedV1(
            recipient_id=f"w-{secrets.token_hex(_ID_BYTES)}",
            revision=1,
            region_code=region,
            role=Role.SYSTEM,
            channel=Channel.WEBHOOK,
            address=new.url,
            kinds=None if new.kinds is None else tuple(sorted(new.kinds)),
            scheme=new.scheme,
            keys=(SigningKey(number=1, since=now),),
            active_from=now,
            changed_at=now,
            changed_by=caller.client_id,
        )
        shown = self._with_key(row)
        await self._register.add([row])
        return shown

    async def found(self, caller: KeyRow, webhook_id: str) -> RecipientChangedV1:
        row = (await self._register.store.by_ids([webhook_id])).get(webhook_id)
        if row is None or row.active_until is not None or not caller.may_act_for(row.region_code):
            raise Problem(404, "not-found", f"There is no webhook {webhook_id}; see GET /v1/webhooks.")
        return row

    async def one(self, caller: KeyRow, webhook_id: str) -> WebhookRow:
        return self._shown(await self.found(caller, webhook_id))

    async def remove(self, caller: KeyRow, webhook_id: str) -> None:
        await self._register.remove(await self.found(caller, webhook_id), caller.client_id)

    async def rotate(self, caller: KeyRow, webhook_id: str, overlap: timedelta) -> WebhookKey:
        """A new key; those before it sign until the overlap is over."""
        row = await self.found(caller, webhook_id)
        now = self._register.clock.now()
        until = now + overlap
        kept = [
            key if key.until is not None and key.until < until else key.model_copy(update={"until": until})
            for key in keys_in_force(row.keys, now)
        ]
        new = SigningKey(number=max(key.number for key in row.keys) + 1, since=now)
        if len(kept) >= KEYS_AT_ONCE_MAX:
            text = f"{len(kept)} keys sign already; wait until the overlap of the oldest is over ({kept[0].until})."
            raise Problem(409, "rotation-under-way", text)
        changed = await self._register.change(row, caller.client_id, keys=(*kept, new))
        return self._with_key(changed)

    async def test(self, caller: KeyRow, webhook_id: str) -> Tried:
        row = await self.found(caller, webhook_id)
        self._signer()
        standing = self._tests.take(webhook_id)
        if not standing.admitted:
            text = f"{webhook_id} was tested {TESTS_A_MINUTE} times within a minute. Wait as long as Retry-After says."
            raise Problem(429, "quota-exceeded", text, headers={"Retry-After": str(standing.more_in_s)})
        body = test_body(webhook_id, self._register.clock.now())
        reply = await self._sender.post(row, webhook_id=f"test-{secrets.token_hex(_ID_BYTES)}", body=body)
        return Tried(outcome=reply.outcome, status=reply.status)

    def _signer(self) -> Signer:
        if self._sender.signer is None:
            text = "This installation has no webhooks; its operator names a file with a secret in SPM_WEBHOOK_SECRET."
            raise Problem(409, "webhooks-off", text)
        return self._sender.signer

    def _with_key(self, row: RecipientChangedV1) -> WebhookKey:
        return WebhookKey(**self._shown(row).model_dump(), key=self._signer().shown(row, row.keys[-1]))

    def _shown(self, row: RecipientChangedV1) -> WebhookRow:
        signer = self._sender.signer
        public: Sequence[SigningKey] = ()
        if signer is not None and row.scheme is Scheme.ASYMMETRIC:
            public = keys_in_force(row.keys, self._register.clock.now())
        return WebhookRow(
            webhook_id=row.recipient_id,
            region=row.region_code,
            url=row.address or "",
            kinds=None if row.kinds is None else list(row.kinds),
            scheme=row.scheme or Scheme.SYMMETRIC,
            public_keys=[signer.shown(row, key) for key in public] if signer is not None else [],
            active_from=row.active_from,
            disabled_since=row.unreachable_since,
        )


def router(endpoints: Endpoints, store: NoticeStore, public_url: str) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/webhooks", tags=["webhooks"], responses=refusal("not-found", 404, "There is no endpoint 0a1b2c.")
    )

    @routes.get("", summary="The region's endpoints; of every region for keys of every region")
    async def webhooks(reader: Reader, region: RegionCode | None = None) -> list[WebhookRow]:
        region = region_in_view(reader, region)
        return await endpoints.listed(region)

    @routes.post("", summary="Register an endpoint; the answer alone holds its key", status_code=201)
    async def add(writer: Writer, new: NewWebhook, response: Response) -> WebhookKey:
        added = await endpoints.add(writer, new)
        response.headers["Location"] = f"/v1/webhooks/{added.webhook_id}"
        return added

    @routes.get("/{webhook_id}", summary="One endpoint")
    async def one(reader: Reader, webhook_id: WebhookId) -> WebhookRow:
        return await endpoints.one(reader, webhook_id)

    @routes.delete("/{webhook_id}", summary="Tell it no longer", status_code=204)
    async def remove(writer: Writer, webhook_id: WebhookId) -> None:
        await endpoints.remove(writer, webhook_id)

    @routes.post(
        "/{webhook_id}:rotate",
        summary="A new key; the old one signs too while the overlap lasts",
        responses=refusal("rotation-under-way", 409, "Two keys sign already; the older one ends first."),
    )
    async def rotate(writer: Writer, webhook_id: WebhookId, wanted: Rotation) -> WebhookKey:
        return await endpoints.rotate(writer, webhook_id, timedelta(hours=wanted.overlap_hours))

    @routes.post("/{webhook_id}:test", summary="Send a signed test message now, and tell what came back")
    async def test(writer: Writer, webhook_id: WebhookId) -> Tried:
        return await endpoints.test(writer, webhook_id)

    @routes.get("/{webhook_id}/deliveries", summary="Every delivery, oldest first: what was missed can be fetched")
    async def deliveries(
        reader: Reader,
        webhook_id: WebhookId,
        after: Cursor = None,
        limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 100,
    ) -> SentPage:
        row = await endpoints.found(reader, webhook_id)
        found = await store.of_recipient(row.recipient_id, after=place_of(after), limit=limit)
        more = cursor_after(found[-1].notice) if found else after
        return SentPage(deliveries=[Sent.of(kept, public_url) for kept in found], next_after=more)

    return routes


def told() -> APIRouter:
    """What an endpoint is sent, for the OpenAPI document."""
    sent = APIRouter(tags=["webhooks"])

    async def delivery(_: Delivery) -> None:
        """Signed as Standard Webhooks says: `webhook-id`, `webhook-timestamp`, `webhook-signature`. Answer with 2xx."""

    for kind in (one for one in NoticeKind if one not in ON_REQUEST):
        sent.post(type_of(kind), summary=f"A notice of kind {kind}", status_code=204)(delivery)
    return sent
