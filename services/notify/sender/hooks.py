"""Brings notices to webhooks: each endpoint's in their order, one at a time; endpoints beside each other."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from chassis.errors import BROKEN_WORLD
from chassis.events import Event
from chassis.logs import logger
from contracts.notice import NoticeState
from contracts.recipient import RecipientChangedV1
from services.notify.domain.delivery import (
    WEBHOOK_ATTEMPTS_MAX,
    Outcome,
    answer_of,
    state_after,
    webhook_delay_after,
)
from services.notify.domain.payload import VERSION, body_of
from services.notify.domain.recipients import is_reachable
from services.notify.register import Register
from services.notify.sender.ends import Ends, to_its_end
from services.notify.store.notices import KeptNotice
from services.notify.webhooks.courier import Reply, WebhookCourier
from services.notify.webhooks.signing import Signer

IDLE_S: Final = 0.5
ENDPOINTS_AT_ONCE: Final = 32
"""Of one replica; an endpoint that does not answer holds its place for one time-out."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class HookSender:
    ends: Ends
    courier: WebhookCourier
    signer: Signer | None
    register: Register
    public_url: str
    busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    """Endpoints that are being served, by recipient id."""

    async def run(self) -> None:
        """Serve every endpoint that has something to come, until cancelled."""
        if self.signer is None:
            # Without the secret nothing can be signed: what is owed waits, and no endpoint is at fault.
            return await asyncio.sleep(IDLE_S)
        ends = self.ends
        await ends.known.wait()
        try:
            while True:
                for head in await ends.store.heads(ends.clock.now(), since=ends.oldest):
                    if len(self.busy) >= ENDPOINTS_AT_ONCE:
                        break
                    if head.recipient_id not in self.busy:
                        self._begin(head.recipient_id)
                await asyncio.sleep(IDLE_S)
        finally:
            for task in (serving := list(self.busy.values())):
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)

    def _begin(self, recipient_id: str) -> None:
        task = asyncio.create_task(self._serve(recipient_id))
        self.busy[recipient_id] = task
        task.add_done_callback(partial(self._served, recipient_id))

    def _served(self, recipient_id: str, task: asyncio.Task[None]) -> None:
        self.busy.pop(recipient_id, None)
        if not task.cancelled() and (mistake := task.exception()):
            # The notice stays claimed until its lease ends; nobody else would hear of the mistake.
            log.error("webhook.mistake", recipient_id=recipient_id, exc_info=mistake)

    async def _serve(self, recipient_id: str) -> None:
        """Bring what the endpoint waits for until it rests or nothing is left."""
        try:
            while claimed := await self._claim(recipient_id):
                await to_its_end(self._bring(claimed))
        except BROKEN_WORLD as error:
            log.warning("webhook.later", recipient_id=recipient_id, cause=type(error).__name__, detail=str(error)[:500])

    async def _claim(self, recipient_id: str) -> KeptNotice | None:
        ends = self.ends
        claimed = await ends.store.claim_head(recipient_id, ends.clock.now(), since=ends.oldest)
        if claimed is None or claimed.payload is not None:
            return claimed
        body = body_of(claimed.notice, self.public_url)
        [frozen] = await ends.store.freeze([claimed], [body], templates=VERSION)
        return frozen

    async def _bring(self, claimed: KeptNotice) -> None:
        with self.ends.bringing(claimed):
            end = await self._end(claimed)
            if end is not None:
                await self.ends.publisher.publish([end])

    async def _end(self, claimed: KeptNotice) -> Event | None:
        """None where it has none yet."""
        notice = claimed.notice
        key = notice.recipient.recipient_id or ""
        row = (await self.register.store.by_ids([key])).get(key)
        now = self.ends.clock.now()
        if row is None or not is_reachable(row, now) or claimed.payload is None:
            return await self.ends.give_up(claimed)
        reply = await self.post(row, webhook_id=notice.id, body=claimed.payload)
        answer = answer_of(reply.outcome)
        state = state_after(answer, claimed.attempts, WEBHOOK_ATTEMPTS_MAX)
        if state is NoticeState.TEMPORARY_FAILURE:
            delay = webhook_delay_after(
                claimed.attempts, notice_id=notice.id, outcome=reply.outcome, asked=reply.retry_after
            )
            await self.ends.postpone(claimed, self.ends.clock.now() + delay)
            return None
        if state is not NoticeState.DELIVERED:
            # Gone, or silent for days: its owner is told on another channel, before what waits is given up.
            await self.register.mark_unreachable(key)
        return await self.ends.settle(claimed, state)

    async def post(self, row: RecipientChangedV1, *, webhook_id: str, body: bytes) -> Reply:
        """One signed delivery, counted."""
        if self.signer is None or row.address is None:
            return Reply(Outcome.UNREACHED)
        now = self.ends.clock.now()
        headers = self.signer.headers(row, webhook_id=webhook_id, body=body, at=now)
        if self.ends.tracing is not None:
            headers |= self.ends.tracing.carried()
        reply = await self.courier.deliver(row.address, body, headers, now=now)
        self.ends.metrics.webhook_attempts.labels(reply.outcome).inc()
        log.info("webhook.tried", recipient_id=row.recipient_id, outcome=reply.outcome, status=reply.status)
        return reply
