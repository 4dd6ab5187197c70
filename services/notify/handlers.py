"""What notify does with the facts that it reads."""

from collections.abc import Iterable, Sequence

from chassis.errors import Unprocessable
from chassis.events import Event, Received
from contracts.award import AwardStepTakenV1
from contracts.notice import NoticeSettledV1, NoticeState
from contracts.recipient import Channel, RecipientChangedV1
from regulation.errors import RegulationError
from regulation.law import Law
from services.notify.domain.matters import matters_of
from services.notify.domain.notice import Matter, Notice
from services.notify.domain.recipients import notices_of
from services.notify.metrics import NoticeMetrics
from services.notify.recipients import Directory
from services.notify.store.certificates import CertificateStore
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore


class NoticeHandlers:
    def __init__(
        self, store: NoticeStore, recipients: RecipientStore, law: Law, directory: Directory, metrics: NoticeMetrics
    ) -> None:
        self._store = store
        self._recipients = recipients
        self._law = law
        self._directory = directory
        self._metrics = metrics

    async def on_facts(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Make the notices of the facts. Those to an inbox have arrived with it; sending the others is the senders'."""
        matters = [matter for received in batch for matter in self._matters_of(received)]
        registered = await self._recipients.of_regions({matter.region_code for matter in matters}) if matters else []
        notices = [
            notice
            for matter in matters
            for notice in notices_of(matter, registered, self._directory.of(matter.region_code))
        ]
        for notice in await self._store.keep(notices):
            self._metrics.notices.labels(notice.recipient.channel, notice.matter.kind, NoticeState.CREATED).inc()
        await self._forget_who_left(notices)
        arrived = [notice for notice in notices if notice.recipient.channel is Channel.INBOX]
        ends = await self._store.ends_of(arrived) if arrived else []
        return [Event.of(end, caused_by=end.fact_id) for end in ends]

    async def on_recipients(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Our own list, read back: what is known of it, who left it, and who is to be told that somebody cannot be."""
        changes = [received.message for received in batch if isinstance(received.message, RecipientChangedV1)]
        await self._recipients.keep_known(changes)
        await self._store.forget_address([change.recipient_id for change in changes if change.active_until is not None])
        return await self.on_facts(batch)

    async def on_ends(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Our own ends, read back: now they are surely in the log; and at a rebuild they keep old notices unsent."""
        await self._store.keep_ends(
            [received.message for received in batch if isinstance(received.message, NoticeSettledV1)]
        )
        return ()

    async def _forget_who_left(self, notices: Sequence[Notice]) -> None:
        """Whoever left while these were being made was looked for among the notices before they were there."""
        named = {notice.recipient.recipient_id for notice in notices if notice.recipient.address is not None}
        rows = await self._recipients.by_ids([key for key in named if key is not None])
        await self._store.forget_address([key for key, row in rows.items() if row.active_until is not None])

    def _matters_of(self, received: Received) -> list[Matter]:
        try:
            return matters_of(received.message, received.id, self._law)
        except RegulationError as silence:
            raise Unprocessable("law-silent", str(silence)) from silence


class AwardHandlers:
    def __init__(self, certificates: CertificateStore, notices: NoticeHandlers) -> None:
        self._certificates = certificates
        self._notices = notices

    async def on_awards(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Issue and withdraw certificates by the steps of an edition; then tell whom it concerns."""
        steps = [received.message for received in batch if isinstance(received.message, AwardStepTakenV1)]
        await self._certificates.keep(steps)
        return await self._notices.on_facts(batch)
