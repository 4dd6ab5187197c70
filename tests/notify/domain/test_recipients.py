from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.notice import NoticeKind
from contracts.recipient import Channel, Mute, RecipientChangedV1, Role, Scheme
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.facts import Deficiency, Facts, ReportReturned, WarningsOpen
from services.notify.domain.notice import Mailbox, Matter
from services.notify.domain.recipients import ON_REQUEST, OPTIONAL, READERS, from_then_on, is_reachable, notices_of
from tests.notify.messages import office as registered

MATTERS = {facts.kind: example_of(facts).matter for facts in FACTS}
RETURNED = MATTERS[NoticeKind.SUBMISSION_RETURNED]
WON = MATTERS[NoticeKind.AWARD_WON]
AT = RETURNED.fact_at
BEFORE, AFTER = AT - timedelta(hours=1), AT + timedelta(hours=1)
SEED = (
    Mailbox(role=Role.TEAM, address="team@seed.example"),
    Mailbox(role=Role.SECRETARY, address="sekda@seed.example"),
)


def office(role: Role = Role.TEAM, **changes: object) -> RecipientChangedV1:
    where = {"region_code": "99.71", "address": f"{role.name.lower()}@region.example"}
    return registered(BEFORE, role, **where | changes)


def told(matter: Matter, *registered: RecipientChangedV1) -> list[str]:
    return [notice.recipient.address or "" for notice in notices_of(matter, registered, SEED)]


ESCALATED = {NoticeKind.NOTICE_UNREAD}
"""Goes above the team, to one office at a time."""


def test_every_kind_has_readers_and_the_team_reads_all_that_is_not_escalated() -> None:
    assert set(READERS) == set(NoticeKind)
    assert {kind for kind, roles in READERS.items() if Role.TEAM not in roles} == ESCALATED


@pytest.mark.parametrize("kind", sorted(set(NoticeKind) - ESCALATED - ON_REQUEST - {NoticeKind.CORRECTION}))
def test_a_matter_goes_to_the_offices_that_read_its_kind(kind: NoticeKind) -> None:
    offices = [office(role) for role in Role if role is not Role.SYSTEM]
    notices = notices_of(MATTERS[kind], offices, SEED)
    assert {notice.recipient.role for notice in notices} == READERS[kind]


def test_until_the_first_office_is_registered_the_installations_file_is_told() -> None:
    assert told(RETURNED) == ["team@seed.example"]
    assert told(RETURNED, office(active_from=AFTER)) == ["team@seed.example"]
    assert told(RETURNED, office(active_from=AT)) == ["team@region.example"]
    assert told(RETURNED, office(Role.HEAD)) == [], "the region says itself who is told"
    assert told(RETURNED, office(region_code="99.72")) == ["team@seed.example"]


def test_nobody_to_write_to_means_no_notice() -> None:
    assert notices_of(RETURNED, (), ()) == []


def test_who_left_was_told_of_what_happened_before_without_an_address() -> None:
    left = office(address=None, active_until=AFTER)
    assert [notice.recipient.address for notice in notices_of(RETURNED, [left], SEED)] == [None]
    assert told(RETURNED, office(address=None, active_until=AT)) == []


@pytest.mark.parametrize(("since", "is_told"), [(BEFORE, False), (AT, False), (AFTER, True)])
def test_an_unreachable_address_is_told_only_what_happened_before(since: object, *, is_told: bool) -> None:
    row = office(unreachable_since=since)
    assert is_reachable(row, AT) == is_told
    assert bool(told(RETURNED, row)) == is_told


@pytest.mark.parametrize(
    ("facts", "sector", "is_told"),
    [
        (ReportReturned, "edu", True),
        (ReportReturned, "health", False),
        (Deficiency, "health", True),
        (Deficiency, "edu", False),
    ],
)
def test_an_agency_is_told_of_its_own_sector(facts: type[Facts], sector: str, *, is_told: bool) -> None:
    known = next(one for one in FACTS if isinstance(one, facts))
    matter = replace(RETURNED, facts=_with_sectors(known))
    assert bool(told(matter, office(Role.AGENCY, sector=sector))) == is_told


def _with_sectors(facts: Facts) -> Facts:
    if isinstance(facts, ReportReturned):
        remarks = tuple(remark.model_copy(update={"sector": "edu"}) for remark in facts.remarks)
        return facts.model_copy(update={"remarks": remarks})
    assert isinstance(facts, Deficiency)
    sectors = tuple(weak.model_copy(update={"sector": "health"}) for weak in facts.sectors)
    return facts.model_copy(update={"sectors": sectors})


@pytest.mark.parametrize(
    ("mute", "is_told"),
    [
        (Mute(kind=NoticeKind.AWARD_WON, since=AT), False),
        (Mute(kind=NoticeKind.AWARD_WON, since=BEFORE, until=AFTER), False),
        (Mute(kind=NoticeKind.AWARD_WON, since=BEFORE, until=AT), True),
        (Mute(kind=NoticeKind.AWARD_WON, since=AFTER), True),
        (Mute(kind=NoticeKind.AWARD_NOMINATED, since=BEFORE), True),
    ],
)
def test_a_mute_silences_its_kind_while_it_lasts(mute: Mute, *, is_told: bool) -> None:
    assert bool(told(WON, office(mutes=(mute,)))) == is_told


def test_nothing_that_asks_somebody_to_act_can_be_muted() -> None:
    assert frozenset({NoticeKind.AWARD_NOMINATED, NoticeKind.AWARD_WON}) == OPTIONAL


def test_mutes_are_changed_from_now_on_and_the_past_stays() -> None:
    both = frozenset({NoticeKind.AWARD_NOMINATED, NoticeKind.AWARD_WON})
    once = from_then_on((), both, BEFORE, Mute)
    less = from_then_on(once, frozenset({NoticeKind.AWARD_WON}), AT, Mute)
    again = from_then_on(less, both, AFTER, Mute)

    assert {mute.kind for mute in once} == both
    assert less == (
        Mute(kind=NoticeKind.AWARD_NOMINATED, since=BEFORE, until=AT),
        Mute(kind=NoticeKind.AWARD_WON, since=BEFORE),
    )
    assert again == (*less, Mute(kind=NoticeKind.AWARD_NOMINATED, since=AFTER))
    assert from_then_on(again, both, AFTER, Mute) == again


@pytest.mark.parametrize(
    ("region", "kinds", "is_told"),
    [
        ("99.71", None, True),
        ("*", None, True),
        ("99.72", None, False),
        ("99.71", (NoticeKind.SUBMISSION_RETURNED,), True),
        ("99.71", (NoticeKind.AWARD_WON,), False),
    ],
)
def test_a_system_is_told_what_it_asked_for_beside_the_offices(
    region: str, kinds: Sequence[NoticeKind] | None, *, is_told: bool
) -> None:
    endpoint = office(
        Role.SYSTEM,
        region_code=region,
        channel=Channel.WEBHOOK,
        address="https://hooks.example/",
        kinds=kinds,
        scheme=Scheme.SYMMETRIC,
    )
    assert told(RETURNED, endpoint) == [*(["https://hooks.example/"] if is_told else []), "team@seed.example"]


def test_one_fact_makes_another_notice_for_each_channel() -> None:
    rows = [office(), office(channel=Channel.INBOX, address=None, recipient_id="r-inbox")]
    assert len({notice.id for notice in notices_of(RETURNED, rows, SEED)}) == 2
    assert WarningsOpen in map(type, FACTS)
