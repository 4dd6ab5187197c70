import pytest
from pydantic import ValidationError

from contracts.recipient import Channel, Role
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.notice import Mailbox, Notice, Recipient

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
        Mailbox(role=Role.TEAM, address=address)


def test_the_digest_names_role_and_address_together() -> None:
    assert len({TEAM.digest, SECRETARY.digest, Recipient(role=Role.TEAM, address=SECRETARY.address).digest}) == 3


def test_a_registered_recipient_is_named_by_its_id_so_that_its_address_can_be_forgotten() -> None:
    here = Recipient(role=Role.TEAM, address="team@region.example", recipient_id="r-1")
    gone = Recipient(role=Role.TEAM, address=None, recipient_id="r-1")
    assert here.digest == gone.digest
    assert Notice(MATTER, here).id == Notice(MATTER, gone).id


def test_the_same_fact_on_another_channel_is_another_notice() -> None:
    inbox = TEAM.model_copy(update={"channel": Channel.INBOX})
    assert Notice(MATTER, inbox).id != Notice(MATTER, TEAM).id
