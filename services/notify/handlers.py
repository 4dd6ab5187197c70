"""What notify does with the facts that it reads."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chassis.errors import Unprocessable
from chassis.events import Event, Received
from chassis.mongo import Database
from contracts.award import AwardStepTakenV1
from contracts.message import Message
from contracts.notice import NoticeAcknowledgedV1, NoticeSettledV1, NoticeState, NoticeUnreadV1
from contracts.recipient import Channel, RecipientChangedV1
from contracts.scorecard import ScorecardUpdatedV1
from contracts.verdict import SubmissionJudgedV1
from contracts.week import WeekSummedUpV1
from regulation.errors import RegulationError
from regulation.law import Law
from services.notify.domain.corrections import TAKEN_BACK, figures_corrected, last_before, may_correct, withdrawn
from services.notify.domain.digest import matters_of_week
from services.notify.domain.matters import matters_of
from services.notify.domain.notice import Matter, Notice
from services.notify.domain.provinces import matters_of_province
from services.notify.domain.reasons import matters_of_answer
from services.notify.domain.recipients import notices_of
from services.notify.metrics import NoticeMetrics
from services.notify.recipients import Directory
from services.notify.store.certificates import CertificateStore
from services.notify.store.digests import DigestStore
from services.notify.store.matters import MatterStore
from services.notify.store.notices import NoticeStore
from services.notify.store.recipients import RecipientStore
from services.notify.store.situations import SituationStore


class InboxKeeper:
    """Keeps what a region's inbox and the page of its situation are shown from."""

    def __init__(self, matters: MatterStore, situations: SituationStore) -> None:
        self.matters = matters
        self.situations = situations

    @classmethod
    def of(cls, database: Database) -> "InboxKeeper":
        return cls(MatterStore(database), SituationStore(database))

    async def prepare(self) -> None:
        await self.matters.prepare()
        await self.situations.prepare()

    async def keep(self, messages: Sequence[Message], told: Sequence[Matter]) -> None:
        """``told``: what somebody is told of. Whichever of a matter and the report that answers it is read first."""
        await self.situations.keep(messages)
        await self.matters.keep(told)
        touched = {(each.region_code, each.period) for each in messages if isinstance(each, SubmissionJudgedV1)}
        touched |= {(each.region_code, each.period) for each in told if each.period is not None}
        if touched:
            await self.matters.act(await self.situations.accepted_at(touched))


class NoticeHandlers:
    def __init__(
        self,
        store: NoticeStore,
        inbox: InboxKeeper,
        recipients: RecipientStore,
        law: Law,
        directory: Directory,
        metrics: NoticeMetrics,
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._recipients = recipients
        self._law = law
        self._directory = directory
        self._metrics = metrics

    async def on_facts(self, batch: Sequence[Received], corrections: Sequence[Matter] = ()) -> Iterable[Event]:
        """Make the notices of the facts. Those to an inbox have arrived with it; sending the others is the senders'."""
        notices = await self._tell([matter for received in batch for matter in self._matters_of(received)], batch)
        notices += await self._tell([*corrections, *await self._figures_corrected(batch)], batch)
        told = {notice.matter.id: notice.matter for notice in notices}
        await self._inbox.keep([received.message for received in batch], list(told.values()))
        await self._forget_who_left(notices)
        arrived = [notice for notice in notices if notice.recipient.channel is Channel.INBOX]
        ends = await self._store.ends_of(arrived) if arrived else []
        return [Event.of(end, caused_by=end.fact_id) for end in ends]

    async def _tell(self, matters: Sequence[Matter], batch: Sequence[Received]) -> list[Notice]:
        origins = {received.id: received.traceparent for received in batch} if matters else {}
        registered = await self._recipients.of_regions({matter.region_code for matter in matters}) if matters else []
        notices = [
            replace(notice, traceparent=origins.get(matter.fact_id))
            for matter in matters
            for notice in notices_of(matter, registered, self._directory.of(matter.region_code))
        ]
        for notice in await self._store.keep(notices):
            self._metrics.notices.labels(notice.recipient.channel, notice.matter.kind, NoticeState.CREATED).inc()
        return notices

    async def _figures_corrected(self, batch: Sequence[Received]) -> list[Matter]:
        """What an earlier letter said of a quarter and holds no more; looked for once those of the batch are kept."""
        named = [(r.id, r.message) for r in batch if isinstance(r.message, ScorecardUpdatedV1)]
        later = [(fact_id, message) for fact_id, message in named if may_correct(message)]
        if not later:
            return []
        regions, periods = ({getattr(message, name) for _, message in later} for name in ("region_code", "period"))
        letters = await self._store.letters.of_quarters(regions, periods, TAKEN_BACK)
        told = await self._store.matters_of(last_before((message for _, message in later), letters))
        corrections: list[Matter] = []
        for fact_id, message in later:
            corrected = figures_corrected(message, fact_id, [*told, *corrections], self._law)
            corrections += [] if corrected is None else [corrected]
        return corrections

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
            message, law = received.message, self._law
            return [
                *matters_of(message, received.id, law),
                *matters_of_province(message, law, logged_at=received.logged_at),
                *matters_of_answer(message, received.id, law),
                *matters_of_week(message, received.id, law),
            ]
        except RegulationError as silence:
            raise Unprocessable("law-silent", str(silence)) from silence


class AcknowledgementHandlers:
    def __init__(self, matters: MatterStore, notices: NoticeHandlers) -> None:
        self._matters = matters
        self._notices = notices

    async def on_acknowledged(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Our own facts, read back: who took note of what, and which office is told because nobody did."""
        messages = [received.message for received in batch]
        await self._matters.keep_acknowledged([each for each in messages if isinstance(each, NoticeAcknowledgedV1)])
        await self._matters.keep_steps([each for each in messages if isinstance(each, NoticeUnreadV1)])
        return await self._notices.on_facts(batch)


class DigestHandlers:
    def __init__(self, digests: DigestStore, notices: NoticeHandlers) -> None:
        self._digests = digests
        self._notices = notices

    async def on_weeks(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Our own marks, read back: who asked is told what the first of each week says, whichever was read."""
        messages = [received.message for received in batch]
        hold = await self._digests.keep_known([each for each in messages if isinstance(each, WeekSummedUpV1)])
        by_id = {fact.event_id: fact for fact in hold}
        return await self._notices.on_facts([replace(one, message=by_id[one.id]) for one in batch if one.id in by_id])


class AwardHandlers:
    def __init__(self, certificates: CertificateStore, notices: NoticeHandlers, law: Law) -> None:
        self._certificates = certificates
        self._notices = notices
        self._law = law

    async def on_awards(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Issue and withdraw certificates by the steps of an edition; then tell whom it concerns."""
        steps = [received.message for received in batch if isinstance(received.message, AwardStepTakenV1)]
        await self._certificates.keep(steps)
        return await self._notices.on_facts(batch, [matter for step in steps for matter in await self._withdrawn(step)])

    async def _withdrawn(self, step: AwardStepTakenV1) -> list[Matter]:
        if step.refers_to is None:
            return []
        issued = await self._certificates.of_step(step.edition_year, step.refers_to)
        try:
            return withdrawn(step, issued, self._law)
        except RegulationError as silence:
            raise Unprocessable("law-silent", str(silence)) from silence
