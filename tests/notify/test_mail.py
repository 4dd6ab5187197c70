from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Misconfigured
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.facts import Correction
from services.notify.domain.notice import Notice
from services.notify.mailer.letters import Letter
from services.notify.mailer.mail import Origin, mail_of
from tests.notify.golden_letters import LETTERS

ORIGIN = Origin("SPM Awards", "spm@notices.example")
NOTICE = example_of(FACTS[0])


def parsed(notice: Notice = NOTICE, letter: Letter | None = None) -> EmailMessage:
    return message_from_bytes(mail_of(notice, letter or LETTERS.letter(notice), ORIGIN), policy=default)


def test_a_mail_carries_the_headers_of_an_automatic_notice() -> None:
    mail = parsed()
    ending = f".{NOTICE.recipient.digest[:16]}@notices.example>"

    assert mail["From"] == "SPM Awards <spm@notices.example>"
    assert mail["To"] == "Tim Penerapan SPM Kota Contoh <tim-spm@99-71.daerah.example>"
    assert mail["Message-ID"].strip() == f"<{NOTICE.id}{ending}"
    assert mail["In-Reply-To"].strip() == mail["References"].strip() == f"<{NOTICE.thread_id}{ending}"
    assert parsedate_to_datetime(mail["Date"]) == NOTICE.matter.fact_at
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["List-Id"] == "SPM notices <spm-notices.notices.example>"
    assert mail["Content-Language"] == "id, en"


def test_a_mail_has_the_letter_as_text_and_as_html() -> None:
    mail = parsed()
    letter = LETTERS.letter(NOTICE)
    text, html = mail.iter_parts()

    assert mail.get_content_type() == "multipart/alternative"
    assert text.get_content().split() == letter.text.split()
    assert html.get_content().split() == letter.html.split()


@pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts.kind)
def test_each_attempt_is_the_same_to_the_byte_and_safe_for_seven_bits(facts: object) -> None:
    notice = next(example_of(known) for known in FACTS if known is facts)
    once, again = (mail_of(notice, LETTERS.letter(notice), ORIGIN) for _ in range(2))

    assert once == again
    assert once.isascii()
    assert max(map(len, once.split(b"\r\n"))) <= 998


POISONS = ["\r\nBcc: x@y.example", "\nX-Poison: 1", "\r\n\r\nbody", "\x00"]
INVISIBLE = ["\u2028Bcc: x@y.example", "\u202e"]


@pytest.mark.parametrize("poison", POISONS)
def test_a_name_that_holds_a_line_end_cannot_add_a_header(poison: str) -> None:
    notice = replace(NOTICE, matter=replace(NOTICE.matter, region_name=f"Kota Contoh{poison}"))
    mail = parsed(notice)

    assert LETTERS.letter(notice).subject.splitlines() == [LETTERS.letter(notice).subject]
    assert {"Bcc", "X-Poison"}.isdisjoint(mail.keys())
    assert [to.addr_spec for to in mail["To"].addresses] == [NOTICE.recipient.address]


@pytest.mark.parametrize("poison", INVISIBLE)
def test_an_invisible_sign_in_a_name_is_encoded(poison: str) -> None:
    notice = replace(NOTICE, matter=replace(NOTICE.matter, region_name=f"Kota Contoh{poison}"))
    mail = parsed(notice)

    assert mail["Bcc"] is None
    assert [to.addr_spec for to in mail["To"].addresses] == [NOTICE.recipient.address]


@pytest.mark.parametrize("poison", [*POISONS, *INVISIBLE])
def test_a_subject_that_holds_a_line_end_is_refused_even_if_it_came_so_far(poison: str) -> None:
    with pytest.raises(ValueError, match="Subject would be"):
        mail_of(NOTICE, Letter(f"a{poison}b", "text", "html"), ORIGIN)


def test_a_long_subject_and_names_beyond_ascii_arrive_as_they_were() -> None:
    notice = replace(NOTICE, matter=replace(NOTICE.matter, region_name='Kabupaten "Ā", Contoh <x>'))
    subject = "Laporan " * 30 + "Ünïcode akhir"

    mail = parsed(notice, Letter(subject, "text", "html"))

    assert mail["Subject"] == subject
    [to] = mail["To"].addresses
    assert (to.display_name, to.addr_spec) == (
        'Tim Penerapan SPM Kabupaten "Ā", Contoh <x>',
        NOTICE.recipient.address,
    )


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("SPM Awards <spm@notices.example>", Origin("SPM Awards", "spm@notices.example")),
        ("spm@notices.example", Origin("", "spm@notices.example")),
    ],
)
def test_the_origin_is_read_from_the_setting(text: str, origin: Origin) -> None:
    assert Origin.parse(text) == origin
    assert origin.domain == "notices.example"


@pytest.mark.parametrize("text", ["", "SPM Awards", "SPM <spm@>"])
def test_an_origin_without_a_plain_address_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="SPM_MAIL_FROM"):
        Origin.parse(text)


def test_a_correction_answers_the_very_letter_that_it_corrects() -> None:
    correction = next(example_of(facts) for facts in FACTS if isinstance(facts, Correction))
    mail = parsed(correction)
    ending = f".{correction.recipient.digest[:16]}@notices.example>"
    assert mail["In-Reply-To"].strip() == f"<{correction.replaced_id}{ending}"
    assert mail["References"].split() == [f"<{correction.thread_id}{ending}", f"<{correction.replaced_id}{ending}"]


HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
    *("X-Auto-Response-Suppress", "List-Id", "Content-Language", "Content-Type", "MIME-Version"),
}


@given(st.text(max_size=80), st.text(max_size=200))
def test_whatever_a_name_or_a_subject_holds_no_header_is_added_and_none_is_broken(name: str, subject: str) -> None:
    notice = replace(NOTICE, matter=replace(NOTICE.matter, region_name=name))
    try:
        raw = mail_of(notice, Letter(subject, "text", "html"), ORIGIN)
    except ValueError:
        return
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    begun = [line.partition(b":")[0].decode() for line in head if line[:1] not in {b" ", b"\t"}]
    assert sorted(begun) == sorted(HEADERS)
    assert raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n")
    assert [to.addr_spec for to in message_from_bytes(raw, policy=default)["To"].addresses] == [
        NOTICE.recipient.address
    ]
