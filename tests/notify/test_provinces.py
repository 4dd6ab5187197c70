"""A province gets one letter of a day, whichever of its overdue regions is read first, and however often."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations

import pytest

from chassis.mongo import Database, Document
from contracts.message import Message
from contracts.notice import NoticeKind
from contracts.recipient import Channel, Role
from contracts.verdict import ReportOverdueV1
from regulation.law import Law
from services.notify.domain.facts import RegionsOverdue
from services.notify.domain.notice import Matter, Notice, Recipient
from services.notify.domain.provinces import GATHERING, matters_of_province
from services.notify.store.notices import NoticeStore
from tests.notify.messages import CLOSED, DUE, judged, overdue

SILENT = ("64.71", "64.72", "64.02")
LOGGED = DUE + timedelta(days=1, seconds=20)
TEAM = Recipient(role=Role.TEAM, address="tim@provinsi.example", recipient_id="r-1")
HOOK = Recipient(role=Role.SYSTEM, channel=Channel.WEBHOOK, address="https://h.example/", recipient_id="w-1")


def matter_of(message: Message, law: Law) -> Matter:
    [matter] = matters_of_province(message, law, logged_at=LOGGED)
    return matter


def late(region: str) -> ReportOverdueV1:
    return overdue(region, days_after_due=1, returned_reports=int(region == "64.72"))


@pytest.mark.parametrize("days", [1, 7])
def test_an_overdue_region_is_told_to_its_province_on_the_days_that_say_so(law: Law, days: int) -> None:
    matter = matter_of(overdue("64.71", days_after_due=days), law)
    assert (matter.kind, matter.region_code) == (NoticeKind.REGIONS_OVERDUE, "64")
    assert matter.region_name == "Provinsi Kalimantan Timur"
    assert matter.fact_at == DUE + timedelta(days=days)


@pytest.mark.parametrize(
    "message", [overdue("64.71"), overdue("64.71", days_after_due=3), overdue("64", days_after_due=1), judged()]
)
def test_nothing_else_is_told_to_a_province(law: Law, message: Message) -> None:
    assert matters_of_province(message, law, logged_at=LOGGED) == []


def test_regions_of_one_province_period_and_day_make_one_matter(law: Law) -> None:
    matters = [matter_of(late(code), law) for code in SILENT]
    other = [matter_of(late("65.71"), law), matter_of(overdue("64.71", days_after_due=7), law)]
    assert len({matter.id for matter in matters}) == 1
    assert len({matter.id for matter in [*matters, *other]}) == 3


def test_a_letter_waits_for_the_regions_whose_facts_are_on_their_way(law: Law) -> None:
    assert matter_of(late("64.71"), law).ready_at == LOGGED + GATHERING
    [caught_up] = matters_of_province(late("64.71"), law, logged_at=CLOSED + timedelta(days=9))
    assert caught_up.ready_at == CLOSED + timedelta(days=9) + GATHERING


async def kept(database: Database, matters: Sequence[Matter], law: Law) -> list[Document]:
    store = NoticeStore(database)
    await database["notices"].delete_many({})
    await store.prepare()
    for matter in matters:
        await store.keep([Notice(matter, TEAM), Notice(matter, HOOK)])
    found = await database["notices"].find({}).to_list(None)
    await database["notices"].delete_many({})
    return sorted(found, key=lambda document: document["_id"])


async def test_in_any_order_and_again_the_regions_gather_in_one_notice(database: Database, law: Law) -> None:
    matters = [matter_of(late(code), law) for code in SILENT]
    lived = await kept(database, matters, law)
    assert len(lived) == 2
    for order in permutations(matters):
        assert await kept(database, [*order, order[0]], law) == lived


async def test_the_letter_lists_every_region_once_it_goes_and_a_webhook_is_told_at_once(
    database: Database, law: Law
) -> None:
    store = NoticeStore(database)
    await store.prepare()
    for code in SILENT:
        matter = matter_of(late(code), law)
        await store.keep([Notice(matter, TEAM), Notice(matter, HOOK)])
    before, after = LOGGED + GATHERING - timedelta(seconds=1), LOGGED + GATHERING
    assert await store.claim(Channel.EMAIL, before, since=DUE, limit=9) == []
    [mail] = await store.claim(Channel.EMAIL, after, since=DUE, limit=9)
    hook = await store.claim_head("w-1", LOGGED, since=DUE)
    assert hook is not None
    facts = mail.notice.matter.facts
    assert isinstance(facts, RegionsOverdue)
    assert [(code, region.name, region.returned_reports) for code, region in facts.listed] == [
        ("64.02", "Kabupaten Kutai Kartanegara", 0),
        ("64.71", "Kota Balikpapan", 0),
        ("64.72", "Kota Samarinda", 1),
    ]
    await database["notices"].delete_many({})
