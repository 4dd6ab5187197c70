"""Whatever a mail server answers, and whenever a sender is killed: each notice ends once, in an honest state."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from prometheus_client import CollectorRegistry

from chassis.clock import FixedClock
from chassis.errors import Retryable
from contracts.notice import NoticeSettledV1, NoticeState
from contracts.recipient import Channel, RecipientChangedV1
from services.notify.domain.delivery import Answer
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.notice import Notice
from services.notify.mailer.courier import Courier
from services.notify.mailer.mail import Origin
from services.notify.metrics import NoticeMetrics
from services.notify.register import Register
from services.notify.sender.ends import Ends
from services.notify.sender.mails import MailSender
from services.notify.store.notices import LEASE, KeptNotice, NoticeStore
from services.notify.store.recipients import RecipientStore
from tests.notify.golden_letters import LETTERS
from tests.notify.log import Log
from tests.notify.messages import office

ENDS: Final = {NoticeState.DELIVERED, NoticeState.PERMANENT_FAILURE, NoticeState.GIVEN_UP}
ATTEMPTS_MAX: Final = 4
KILLED_UNTOLD, KILLED_AFTER, LEASE_LOST = "killed before it took it", "killed after it took it", "answers too late"
ANSWERS: Final = (*Answer, KILLED_UNTOLD, KILLED_AFTER, LEASE_LOST)
NAMES: Final = ("r-a", "r-b")


def mailbox(name: str, at: datetime) -> RecipientChangedV1:
    since = at - timedelta(days=9)
    return office(since, recipient_id=name, region_code="99.71", address=f"{name}@kota.example", changed_at=at)


class Offices:
    def __init__(self, rows: Mapping[str, RecipientChangedV1]) -> None:
        self.rows = dict(rows)

    async def by_ids(self, ids: Collection[str]) -> Mapping[str, RecipientChangedV1]:
        return {key: self.rows[key] for key in ids if key in self.rows}

    async def change(self, changes: Sequence[RecipientChangedV1]) -> None:
        self.rows |= {change.recipient_id: change for change in changes}


class Kept:
    """The moving part of the notices as ``NoticeStore`` keeps it; while ``away`` it takes nothing."""

    def __init__(self, notices: Sequence[Notice]) -> None:
        self.rows = {one.id: KeptNotice(one, NoticeState.CREATED, 0) for one in notices}
        self.next_at: dict[str, datetime] = {one.id: one.matter.fact_at for one in notices}
        self.claims = 0
        self.away = False

    def _due(self, now: datetime) -> list[KeptNotice]:
        return [self.rows[key] for key, at in sorted(self.next_at.items(), key=lambda pair: pair[1]) if at <= now]

    def _held(self, claimed: KeptNotice) -> bool:
        if self.away:
            raise Retryable("the process was killed")
        return self.rows[claimed.notice.id].claim == claimed.claim

    async def anything_due(self, _: Channel, now: datetime, **_since: datetime) -> bool:
        return bool(self._due(now))

    async def claim(self, _: Channel, now: datetime, *, limit: int, **_since: datetime) -> list[KeptNotice]:
        self.claims += 1
        found = self._due(now)[:limit]
        taken = [
            replace(one, state=NoticeState.SENDING, attempts=one.attempts + 1, claim=str(self.claims)) for one in found
        ]
        self.rows |= {one.notice.id: one for one in taken}
        self.next_at |= {one.notice.id: now + LEASE for one in taken}
        return taken

    async def freeze(
        self, claimed: Sequence[KeptNotice], payloads: Sequence[bytes], **_templates: str
    ) -> list[KeptNotice]:
        frozen = [replace(one, payload=payload) for one, payload in zip(claimed, payloads, strict=True)]
        self.rows |= {one.notice.id: one for one in frozen if self._held(one)}
        return frozen

    async def release(self, claimed: Sequence[KeptNotice], now: datetime) -> None:
        for one in claimed:
            if self._held(one):
                self.rows[one.notice.id] = replace(one, attempts=one.attempts - 1, claim=None)
                self.next_at[one.notice.id] = now

    async def postpone(self, claimed: KeptNotice, until: datetime) -> bool:
        held = self._held(claimed)
        if held:
            self.rows[claimed.notice.id] = replace(claimed, state=NoticeState.TEMPORARY_FAILURE, claim=None)
            self.next_at[claimed.notice.id] = until
        return held

    async def settle(self, claimed: KeptNotice, state: NoticeState, at: datetime) -> NoticeSettledV1 | None:
        if not self._held(claimed):
            return None
        notice = claimed.notice
        self.rows[notice.id] = replace(claimed, state=state, settled_at=at, claim=None)
        del self.next_at[notice.id]
        return NoticeSettledV1(
            notice_id=notice.id,
            kind=notice.matter.kind,
            region_code=notice.matter.region_code,
            channel=notice.recipient.channel,
            recipient_digest=notice.recipient.digest,
            state=state,
            attempts=claimed.attempts,
            settled_at=at,
            fact_id=notice.matter.fact_id,
        )


@dataclass
class Connection:
    """A server that answers as it is told, one answer a mail."""

    machine: "AnyAnswers"
    open: bool = True
    proven: bool = True
    delivery_time: timedelta = timedelta(seconds=30)

    async def deliver(self, mail: bytes, *, sender: str, recipient: str) -> Answer:  # noqa: ARG002 - as the real one
        return await self.machine.answered(mail, recipient.partition("@")[0])


class AnyAnswers(RuleBasedStateMachine):
    """Two notices, as many senders as are killed, and the clock."""

    @initialize()
    def begin(self) -> None:
        examples = [example_of(FACTS[0]) for _ in NAMES]
        self.notices = {
            name: replace(
                one, recipient=one.recipient.model_copy(update={"recipient_id": name, "address": f"{name}@k.id"})
            )
            for name, one in zip(NAMES, examples, strict=True)
        }
        self.clock = FixedClock(examples[0].matter.fact_at)
        self.kept = Kept(list(self.notices.values()))
        self.offices = Offices({name: mailbox(name, self.clock.now()) for name in NAMES})
        self.log, self.answers = Log(), list[str]()
        self.mails: dict[str, set[bytes]] = {name: set() for name in NAMES}
        self.accepted, self.edges = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0)
        self.ended: dict[str, NoticeState] = {}

    def sender(self) -> MailSender:
        """A process that was just started."""
        known = asyncio.Event()
        known.set()
        store, register = cast("NoticeStore", self.kept), cast("RecipientStore", self.offices)
        ends = Ends(store, self.log, self.clock, NoticeMetrics(CollectorRegistry()), known)
        courier = cast("Courier", self)
        origin = Origin("SPM Awards", "spm@notices.example")
        return MailSender(ends, LETTERS, courier, origin, Register(register, self.log, self.clock), ATTEMPTS_MAX)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        yield Connection(self)

    async def answered(self, mail: bytes, name: str) -> Answer:
        self.mails[name].add(mail)
        answer = self.answers.pop(0) if self.answers else Answer.ACCEPTED
        if answer in {Answer.ACCEPTED, KILLED_AFTER}:
            self.accepted[name] += 1
        if answer == KILLED_AFTER:
            self.edges[name] += 1
        if answer in {KILLED_AFTER, KILLED_UNTOLD}:
            self.kept.away = True
        if answer == LEASE_LOST:
            self.clock.instant += LEASE + timedelta(seconds=1)
            await self.sender().run()  # another takes it for forgotten
        return Answer(answer) if answer in set(Answer) else Answer.POSTPONED

    def run_it(self, work: Coroutine[Any, Any, None]) -> None:
        async def whole() -> None:
            with suppress(Retryable):
                await work

        asyncio.run(whole())
        self.kept.away = False

    def anything_due(self) -> bool:
        return any(at <= self.clock.now() for at in self.kept.next_at.values())

    @precondition(anything_due)
    @rule(answers=st.lists(st.sampled_from(ANSWERS), max_size=5))
    def a_sender_runs(self, answers: list[str]) -> None:
        self.answers = list(answers)
        self.run_it(self.sender().run())

    @rule(seconds=st.sampled_from([1, 60, 181, 7 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.instant += timedelta(seconds=seconds)

    @rule(name=st.sampled_from(NAMES))
    def an_office_leaves(self, name: str) -> None:
        self.offices.rows[name] = self.offices.rows[name].model_copy(update={"active_until": self.clock.now()})

    @invariant()
    def nobody_is_told_twice_but_at_the_named_edge(self) -> None:
        for name in NAMES:
            assert self.accepted[name] <= 1 + self.edges[name]
            assert len(self.mails[name]) <= 1, "other bytes at another attempt"

    @invariant()
    def an_end_is_honest_and_stays(self) -> None:
        for name, notice in self.notices.items():
            row = self.kept.rows[notice.id]
            assert self.ended.setdefault(name, row.state) == row.state if row.state in ENDS else name not in self.ended
            assert row.state is not NoticeState.DELIVERED or self.accepted[name] >= 1
            assert (row.state in ENDS) != (notice.id in self.kept.next_at), "neither ended nor to be tried"

    def teardown(self) -> None:
        """Left alone with a server that takes everything, each comes to its end; the log tells it once."""
        for _ in range(4 * ATTEMPTS_MAX):
            self.clock.instant += timedelta(hours=7)
            if self.anything_due():
                self.a_sender_runs_with_nothing_in_its_way()
        assert {self.kept.rows[one.id].state for one in self.notices.values()} <= ENDS
        told = [end.notice_id for end in self.log.of(NoticeSettledV1)]
        assert len(told) == len(set(told))

    def a_sender_runs_with_nothing_in_its_way(self) -> None:
        self.answers = []
        self.run_it(self.sender().run())


TestAnyAnswers = AnyAnswers.TestCase
TestAnyAnswers.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
