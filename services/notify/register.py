"""The one way in which the list of recipients changes: keep the change, publish it; who reads it back does the rest.

And the one place that says whose mailbox an address is.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from chassis.clock import Clock
from chassis.errors import Conflict
from chassis.events import Event
from contracts.award import AwardReasonsAskedV1
from contracts.notice import NoticeAcknowledgedV1
from contracts.recipient import Channel, RecipientChangedV1, Role, Subscription
from services.notify.domain.reasons import answers
from services.notify.domain.recipients import from_then_on, is_reachable
from services.notify.recipients import Directory
from services.notify.store.certificates import CertificateStore
from services.notify.store.matters import MatterStore
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore

READ_BACK: Final = timedelta(seconds=30)
"""A change that was not seen in the log after so long is published again."""
TIDY_EVERY_S: Final = 5.0
UNSAID_MAX: Final = 500
OURSELVES: Final = "notify"


class Publishes(Protocol):
    async def publish(self, events: Iterable[Event]) -> None: ...


@dataclass(frozen=True, slots=True)
class Office:
    region_code: str
    role: Role


@dataclass(frozen=True, slots=True)
class Offices:
    """Whose mailbox an address is: a registered office's, or one of the file until its region registers an office."""

    store: RecipientStore
    directory: Directory
    regions: Sequence[str]

    async def registered(self, typed: str) -> str | None:
        """The address as it is known; None where it is nobody's."""
        found = await self._known(typed)
        return found[0][0] if found else None

    async def of(self, mailbox: str) -> tuple[Office, ...]:
        return tuple(dict.fromkeys(office for _, office in await self._known(mailbox)))

    async def _known(self, typed: str) -> list[tuple[str, Office]]:
        mailbox = typed.lower()
        rows = await self.store.of_mailbox(mailbox)
        known = [(row.address, Office(row.region_code, row.role)) for row in rows if row.address is not None]
        seeded = [
            (box.address, Office(region, box.role))
            for region in self.regions
            for box in self.directory.of(region)
            if box.address.lower() == mailbox
        ]
        if not seeded:
            return known
        rows = await self.store.of_regions({office.region_code for _, office in seeded})
        themselves = {row.region_code for row in rows if row.channel is not Channel.WEBHOOK}
        return known + [(address, office) for address, office in seeded if office.region_code not in themselves]


@dataclass(frozen=True, slots=True)
class Register:
    store: RecipientStore
    publisher: Publishes
    clock: Clock

    async def add(self, new: Sequence[RecipientChangedV1]) -> None:
        await self.store.change(new)
        await self.publisher.publish(map(Event.of, new))

    async def change(self, row: RecipientChangedV1, by: str, **changes: Any) -> RecipientChangedV1:
        """The recipient as it is now.

        Raises:
            Conflict: somebody else changed it in the meantime.
        """
        told = {"revision": row.revision + 1, "changed_at": self.clock.now(), "changed_by": by}
        changed = row.model_copy(update=told | changes)
        await self.store.change([changed])
        await self.publisher.publish([Event.of(changed)])
        return changed

    async def remove(self, row: RecipientChangedV1, by: str) -> RecipientChangedV1:
        """The recipient without its address: who left is not to be found in the log."""
        now = self.clock.now()
        return await self.change(row, by, address=None, active_until=now)

    async def unsubscribe(self, recipient_id: str, by: str) -> None:
        """End what the recipient asked for; nothing where it asked for nothing, or has left.

        Raises:
            Conflict: somebody else changed it in the meantime.
        """
        row = (await self.store.by_ids([recipient_id])).get(recipient_id)
        if row is not None and any(each.until is None for each in row.subscriptions):
            ended = from_then_on(row.subscriptions, frozenset(), self.clock.now(), Subscription)
            await self.change(row, by, subscriptions=ended)

    async def mark_unreachable(self, recipient_id: str | None, by: str = OURSELVES) -> None:
        """Write down that an address does not exist any more, once; the others of its region are told of it."""
        if recipient_id is None:
            return
        row = (await self.store.by_ids([recipient_id])).get(recipient_id)
        if row is None or not is_reachable(row, self.clock.now()):
            return
        try:
            await self.change(row, by, unreachable_since=self.clock.now())
        except Conflict:
            return  # somebody else did, or it changed: the next attempt finds what holds

    async def tidy(self) -> None:
        """Publish again what a failure left unsaid; until cancelled."""
        while True:
            unsaid = await self.store.unsaid(before=self.clock.now() - READ_BACK, limit=UNSAID_MAX)
            await self.publisher.publish(map(Event.of, unsaid))
            await asyncio.sleep(TIDY_EVERY_S)


@dataclass(frozen=True, slots=True)
class AwardQuestions:
    """Regions that ask why they were not nominated: answered at once; their offices are told, once a nomination."""

    certificates: CertificateStore
    notices: NoticeStore
    publisher: Publishes
    clock: Clock

    async def ask(self, edition_year: int, region: str, *, asked_by: str) -> list[AwardReasonsAskedV1]:
        """Empty where no nomination of the edition stands that leaves the region out."""
        standing = await self.certificates.nominations(edition_year)
        found = [] if standing is None else answers(standing, region, asked_by=asked_by, at=self.clock.now())
        kept = await self.notices.of_facts(region, [one.event_id for one in found]) if found else []
        told = {one.notice.matter.fact_id for one in kept}
        await self.publisher.publish(Event.of(one) for one in found if one.event_id not in told)
        return found


@dataclass(frozen=True, slots=True)
class Acknowledgements:
    """What offices take note of: kept, then published; who reads it back does the rest."""

    matters: MatterStore
    publisher: Publishes
    clock: Clock

    async def add(self, fact: NoticeAcknowledgedV1) -> None:
        """Once for each matter and office; a second time changes nothing."""
        if await self.matters.acknowledge(fact):
            await self.publisher.publish([Event.of(fact, caused_by=fact.fact_id)])

    async def tidy(self) -> None:
        """Publish again what a failure left unsaid; until cancelled."""
        while True:
            unsaid = await self.matters.unsaid(before=self.clock.now() - READ_BACK, limit=UNSAID_MAX)
            await self.publisher.publish(Event.of(fact, caused_by=fact.fact_id) for fact in unsaid)
            await asyncio.sleep(TIDY_EVERY_S)
