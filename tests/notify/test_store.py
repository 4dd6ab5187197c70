import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
import pytest_asyncio

from chassis.mongo import Database, Document
from contracts.notice import NoticeKind, NoticeSettledV1, NoticeState
from contracts.recipient import Channel, Role
from services.notify.domain.corrections import TAKEN_BACK
from services.notify.domain.cursor import cursor_after, place_of
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.facts import Award, Correction, Deficiency
from services.notify.domain.notice import Notice, Recipient
from services.notify.store.flow import Flow
from services.notify.store.notices import LEASE, KeptNotice, NoticeStore
from tests.profiled import profiled

RETURNED, WARNED, OVERDUE = (example_of(facts) for facts in FACTS[:3])
LACKING = next(example_of(facts) for facts in FACTS if isinstance(facts, Deficiency))
WON = next(example_of(facts) for facts in FACTS if isinstance(facts, Award))
THEIRS = [notice for notice in map(example_of, FACTS) if notice.matter.region_code == "99.71"]
"""Without the province's, which waits for further regions."""
FACT_AT = RETURNED.matter.fact_at
LATER = FACT_AT + timedelta(minutes=1)
EVER = datetime(2000, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def store(database: Database) -> AsyncIterator[NoticeStore]:
    await database["notices"].delete_many({})
    store = NoticeStore(database)
    await store.prepare()
    yield store
    await database["notices"].delete_many({})


async def documents(database: Database) -> list[Document]:
    found = await database["notices"].find({}).to_list(None)
    return sorted(found, key=lambda document: document["_id"])


async def claims(store: NoticeStore, now: datetime, *, since: datetime = EVER, limit: int = 1) -> list[KeptNotice]:
    return await store.claim(Channel.EMAIL, now, since=since, limit=limit)


async def claimed(store: NoticeStore, now: datetime = LATER) -> KeptNotice:
    [kept] = await claims(store, now)
    return kept


async def anything_due(store: NoticeStore, now: datetime, *, since: datetime = EVER) -> bool:
    return await store.anything_due(Channel.EMAIL, now, since=since)


def ended(notice: Notice, state: NoticeState = NoticeState.DELIVERED, attempts: int = 1) -> NoticeSettledV1:
    return NoticeSettledV1(
        notice_id=notice.id,
        kind=notice.matter.kind,
        region_code=notice.matter.region_code,
        channel="email",
        recipient_digest=notice.recipient.digest,
        state=state,
        attempts=attempts,
        settled_at=LATER,
        fact_id=notice.matter.fact_id,
    )


async def test_a_notice_is_kept_once_and_read_back_whole(store: NoticeStore) -> None:
    assert await store.keep([RETURNED, WON]) == [RETURNED, WON]
    assert await store.keep([RETURNED, WON, WARNED]) == [WARNED]

    kept = await store.find("99.71", RETURNED.id)
    assert kept == KeptNotice(RETURNED, NoticeState.CREATED, 0, None)
    assert await store.find("99.72", RETURNED.id) is None


async def test_of_a_fact_that_was_published_twice_the_same_trace_is_kept_in_whichever_order(store: NoticeStore) -> None:
    one, other = (f"00-{digit * 32}-{digit * 16}-01" for digit in "12")
    await store.keep([replace(RETURNED, traceparent=one), replace(WON, traceparent=other)])
    await store.keep([replace(RETURNED, traceparent=other), replace(WON, traceparent=one), WARNED])

    kept = [await store.by_id(notice.id) for notice in (RETURNED, WON, WARNED)]
    assert [found and found.notice.traceparent for found in kept] == [one, one, None]


async def test_keeping_nothing_is_possible(store: NoticeStore) -> None:
    assert await store.keep([]) == []
    await store.keep_ends([])


async def test_making_a_notice_and_ending_it_commute(store: NoticeStore, database: Database) -> None:
    async def make() -> None:
        await store.keep([RETURNED])

    async def end() -> None:
        await store.keep_ends([ended(RETURNED)])

    outcomes = []
    for steps in {*permutations((make, make, end)), *permutations((make, end, end))}:
        await database["notices"].delete_many({})
        for step in steps:
            await step()
        outcomes.append(await documents(database))

    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert outcomes[0][0]["state"] == NoticeState.DELIVERED
    assert "next_at" not in outcomes[0][0]


async def test_what_was_sent_here_equals_what_is_rebuilt_from_the_log(store: NoticeStore, database: Database) -> None:
    await store.keep([RETURNED])
    end = await store.settle(await claimed(store), NoticeState.DELIVERED, LATER)
    assert end is not None
    await store.keep_ends([end])
    lived = await documents(database)

    await database["notices"].delete_many({})
    await store.keep_ends([end])
    await store.keep([RETURNED])

    assert await documents(database) == lived


async def test_an_end_that_is_read_first_leaves_nothing_to_send_and_nothing_to_list(store: NoticeStore) -> None:
    await store.keep_ends([ended(RETURNED)])

    assert not await anything_due(store, LATER)
    assert await store.newest(limit=10) == []
    assert await store.summary(2023) == []


async def test_a_claim_holds_until_its_lease_ends_and_then_belongs_to_the_next(store: NoticeStore) -> None:
    await store.keep([RETURNED])
    first = await claimed(store)

    assert (first.state, first.attempts) == (NoticeState.SENDING, 1)
    assert await claims(store, LATER + LEASE - timedelta(seconds=1)) == []

    second = await claimed(store, LATER + LEASE)
    assert second.attempts == 2
    assert await store.settle(first, NoticeState.PERMANENT_FAILURE, LATER + LEASE) is None
    assert not await store.postpone(first, LATER + LEASE)
    end = await store.settle(second, NoticeState.DELIVERED, LATER + LEASE)
    assert end is not None
    assert (end.state, end.attempts) == (NoticeState.DELIVERED, 2)


async def test_the_notice_that_waits_longest_is_claimed_first_and_a_postponed_one_waits(store: NoticeStore) -> None:
    await store.keep([RETURNED, OVERDUE])
    first = await claimed(store)
    assert await store.postpone(first, LATER + timedelta(seconds=4))

    other = await claimed(store)

    assert other.notice != first.notice
    assert not await anything_due(store, LATER + timedelta(seconds=3))
    assert (await claimed(store, LATER + timedelta(seconds=4))).notice == first.notice


async def test_a_fact_older_than_the_log_of_ends_is_not_claimed(store: NoticeStore) -> None:
    await store.keep([RETURNED])

    assert not await anything_due(store, LATER, since=FACT_AT)
    assert await claims(store, LATER, since=FACT_AT) == []
    assert await store.count_open(since=FACT_AT) == 0
    assert await store.count_open(since=EVER) == 1


async def test_no_look_for_what_is_open_reads_the_notices_that_have_their_end(
    database: Database, store: NoticeStore
) -> None:
    await store.keep(THEIRS)
    await store.keep_ends([ended(notice) for notice in THEIRS])
    later = LATER + timedelta(days=365)
    async with profiled(database) as looked:
        assert await store.count_open(since=EVER) == 0
        assert not await anything_due(store, later)
        assert await store.heads(later, since=EVER) == []
        assert await store.unpublished(before=later, limit=500) == []
        await Flow(database).untried_since(Channel.EMAIL, since=EVER)
    assert len(looked) == 5
    assert {asked: read for asked, read in looked.items() if read} == {}


async def test_what_a_quarter_was_told_is_found_without_reading_what_others_were_told(
    database: Database, store: NoticeStore
) -> None:
    matter = LACKING.matter
    assert matter.period is not None
    assert isinstance(matter.facts, Deficiency)
    others = [replace(LACKING, matter=replace(matter, fact_id=f"{n}", period=f"20{n}Q1")) for n in range(24, 90)]
    await store.keep([LACKING, RETURNED, *others])
    async with profiled(database) as looked:
        [letter] = await store.letters.of_quarters([matter.region_code], [matter.period], [matter.kind])
        assert await store.matters_of([letter.notice_id]) == [matter]
    assert letter == (matter.region_code, matter.period, matter.facts.revision, LACKING.id)
    assert list(looked.values()) == [1, 1]


async def test_a_letter_to_many_is_one_and_one_that_tells_no_figures_is_none(store: NoticeStore) -> None:
    matter = LACKING.matter
    assert matter.period is not None
    to_others = [replace(LACKING, recipient=Recipient(role=role, address="a@b.example")) for role in Role]
    recovered = [example_of(facts) for facts in FACTS if isinstance(facts, Correction) and facts.sectors_recovered]
    await store.keep([LACKING, *to_others, *recovered])
    periods = {notice.matter.period or "" for notice in (LACKING, *recovered)}
    found = await store.letters.of_quarters([matter.region_code], periods, TAKEN_BACK)
    assert recovered
    assert [letter.notice_id for letter in found] == [min(notice.id for notice in [LACKING, *to_others])]


async def test_many_senders_share_the_notices_without_doubles(store: NoticeStore) -> None:
    notices = THEIRS
    await store.keep(notices)

    async def take() -> list[str]:
        taken: list[str] = []
        while await anything_due(store, LATER):
            taken += [kept.notice.id for kept in await claims(store, LATER, limit=3)]
        return taken

    taken = [notice_id for share in await asyncio.gather(*(take() for _ in range(4))) for notice_id in share]
    assert sorted(taken) == sorted(notice.id for notice in notices)


async def test_an_end_stays_unpublished_until_it_is_read_back(store: NoticeStore) -> None:
    await store.keep([RETURNED])
    end = await store.settle(await claimed(store), NoticeState.DELIVERED, LATER)
    assert end is not None

    assert await store.unpublished(before=LATER, limit=10) == []
    assert await store.unpublished(before=LATER + timedelta(seconds=1), limit=10) == [end]
    await store.keep_ends([end])
    assert await store.unpublished(before=LATER + timedelta(seconds=1), limit=10) == []


async def test_an_end_is_moved_by_a_later_end_alone(store: NoticeStore) -> None:
    await store.keep([RETURNED])
    stale = await claimed(store)
    await store.keep_ends([ended(RETURNED, NoticeState.GIVEN_UP, 12)])

    await store.keep([RETURNED])
    assert not await store.postpone(stale, LATER)
    assert await store.settle(stale, NoticeState.DELIVERED, LATER) is None
    assert await claims(store, LATER + LEASE) == []

    kept = await store.find("99.71", RETURNED.id)
    assert kept is not None
    assert (kept.state, kept.attempts) == (NoticeState.GIVEN_UP, 12)


async def test_a_list_goes_on_where_it_stopped(store: NoticeStore) -> None:
    await store.keep([example_of(facts) for facts in FACTS])

    listed: list[str] = []
    cursor = None
    while page := await store.newest(region="99.71", after=place_of(cursor), limit=4):
        listed += [kept.notice.id for kept in page]
        cursor = cursor_after(page[-1].notice)

    newest_first = sorted(THEIRS, key=lambda notice: (-notice.matter.fact_at.timestamp(), notice.id))
    assert listed == [notice.id for notice in newest_first]


@pytest.mark.parametrize(
    ("region", "kind", "state", "found"),
    [
        (None, None, None, 2),
        ("99.71", None, NoticeState.CREATED, 2),
        ("99.71", NoticeKind.AWARD_WON, None, 1),
        ("99.71", None, NoticeState.DELIVERED, 0),
        ("64.71", None, None, 0),
    ],
)
async def test_a_list_is_narrowed_by_what_is_asked(
    store: NoticeStore, region: str | None, kind: NoticeKind | None, state: NoticeState | None, found: int
) -> None:
    await store.keep([RETURNED, WON])
    assert len(await store.newest(region=region, kind=kind, state=state, limit=10)) == found


async def test_the_summary_counts_each_notice_once_while_notices_are_sent(
    store: NoticeStore, database: Database
) -> None:
    notices, states = 2_000, ("created", "sending", "delivered")
    sent = [
        {"_id": f"n{number:05}", "fiscal_year": 2023, "kind": RETURNED.matter.kind.value, "state": states[0]}
        for number in range(notices)
    ]
    await database["notices"].insert_many(sent)

    async def send(lane: int) -> None:
        for number in range(lane, notices, 8):
            for state in states[1:]:
                await database["notices"].update_one({"_id": f"n{number:05}"}, {"$set": {"state": state}})

    sending = asyncio.gather(*map(send, range(8)))
    totals = []
    while not sending.done():
        totals.append(sum(count for _, _, count in await store.summary(2023)))
        await asyncio.sleep(0)
    await sending
    assert len(totals) > 20
    assert set(totals) == {notices}


async def test_the_summary_counts_by_kind_and_state(store: NoticeStore) -> None:
    await store.keep([RETURNED, WARNED, WON])
    await store.keep_ends([ended(WARNED)])

    assert await store.summary(2023) == [
        (NoticeKind.AWARD_WON, NoticeState.CREATED, 1),
        (NoticeKind.SUBMISSION_RETURNED, NoticeState.CREATED, 1),
        (NoticeKind.WARNINGS_TO_JUSTIFY, NoticeState.DELIVERED, 1),
    ]
    assert await store.summary(2022) == []
