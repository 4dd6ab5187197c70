import pytest
from pydantic import ValidationError

from contracts.notice import NoticeKind
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.notice import READERS, Notice, Recipient, Role, addressed

TEAM = Recipient(role=Role.TEAM, address="tim-spm@64-71.daerah.example")
SECRETARY = Recipient(role=Role.SECRETARY, address="sekda@64-71.daerah.example")
MATTER = example_of(FACTS[0]).matter


def test_the_id_of_a_notice_is_the_same_at_every_making_and_another_for_another_recipient() -> None:
    assert Notice(MATTER, TEAM).id == Notice(MATTER, TEAM).id
    assert Notice(MATTER, TEAM).id != Notice(MATTER, SECRETARY).id


def test_letters_about_one_region_and_period_share_a_thread_and_recipients_do_not() -> None:
    returned, warned = (example_of(facts) for facts in FACTS[:2])
    assert returned.id != warned.id
    assert returned.thread_id == warned.thread_id
    assert Notice(MATTER, TEAM).thread_id != Notice(MATTER, SECRETARY).thread_id
    assert example_of(FACTS[-1]).thread_id != returned.thread_id


def test_every_kind_has_readers_and_the_team_reads_all_of_them() -> None:
    assert set(READERS) == set(NoticeKind)
    assert all(Role.TEAM in roles for roles in READERS.values())


@pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts.kind)
def test_a_matter_goes_to_the_offices_that_read_its_kind(facts: object) -> None:
    matter = next(example_of(known).matter for known in FACTS if known is facts)

    notices = addressed(matter, (TEAM, SECRETARY))

    assert {notice.recipient.role for notice in notices} == READERS[matter.kind]


def test_nobody_to_write_to_means_no_notice() -> None:
    assert addressed(MATTER, ()) == []


@pytest.mark.parametrize(
    "address",
    [
        "no-at-sign",
        "two@@at.example",
        "line\nend@region.example",
        "sekda@region.example\r\nBcc: x@y.example",
        "sekda@region.example ",
        "<sekda@region.example>",
        '"a b"@region.example',
        "sekda@localhost",
        "sékda@region.example",
        "sekda@-region.example",
        "",
    ],
)
def test_an_address_that_could_carry_anything_else_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Recipient(role=Role.TEAM, address=address)


def test_the_digest_names_role_and_address_together() -> None:
    assert len({TEAM.digest, SECRETARY.digest, Recipient(role=Role.TEAM, address=SECRETARY.address).digest}) == 3
