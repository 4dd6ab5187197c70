"""What mail servers send back, in the forms in which they send it (RFC 3464), and what is no such thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.examples import FACTS, example_of
from services.notify.mailer.bounces import Bounce, read_bounce
from services.notify.mailer.mail import Origin, mail_of
from tests.notify.golden_letters import LETTERS

NOTICE = example_of(FACTS[0])
ORIGIN = Origin("SPM Awards", "spm@notices.example", "bounces.notices.example")


def report(
    status: str = "5.1.1",
    *,
    to: str = ORIGIN.return_path(NOTICE.id),
    returned: str = "message/rfc822",
    action: str = "failed",
) -> bytes:
    mail = mail_of(NOTICE, LETTERS.letter(NOTICE), ORIGIN).decode()
    if returned == "text/rfc822-headers":
        mail = mail.split("\r\n\r\n")[0] + "\r\n"
    return "\r\n".join(
        [
            "From: MAILER-DAEMON@relay.example",
            f"To: {to}",
            "Subject: Undelivered Mail Returned to Sender",
            "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=cut",
            "",
            "--cut",
            "Content-Type: text/plain; charset=us-ascii",
            "",
            "The mail could not be delivered. Status: 2.0.0 is not to be read here.",
            "--cut",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; relay.example",
            "",
            "Final-Recipient: rfc822; tim-spm@99-71.daerah.example",
            f"Action: {action}",
            f"Status: {status}",
            "",
            "--cut",
            f"Content-Type: {returned}",
            "",
            mail,
            "--cut--",
            "",
        ]
    ).encode()


def test_the_return_path_names_the_notice_where_a_domain_takes_what_comes_back() -> None:
    assert ORIGIN.return_path("n-1") == "bounces+n-1@bounces.notices.example"
    assert Origin("SPM Awards", "spm@notices.example").return_path("n-1") == "spm@notices.example"


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize("to", [ORIGIN.return_path(NOTICE.id), "<spm@notices.example>", ""])
def test_a_bounce_is_known_by_its_return_path_or_by_the_mail_in_it(to: str, returned: str) -> None:
    assert read_bounce(report(to=to, returned=returned)) == Bounce(NOTICE.id, no_such_address=True)


@pytest.mark.parametrize(
    ("status", "gone"),
    [("5.1.1", True), ("5.1.10", True), ("5.2.2", False), ("5.7.1", False), ("4.4.1", False), ("4.1.1", False)],
)
def test_only_an_address_that_does_not_exist_is_one_to_be_marked(status: str, *, gone: bool) -> None:
    assert read_bounce(report(status)) == Bounce(NOTICE.id, no_such_address=gone)


def test_a_report_of_several_recipients_marks_nobody_unless_all_are_gone() -> None:
    other = b"Status: 5.1.1\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\nAction: relayed\r\nStatus: 2.0.0\r\n"
    assert not read_bounce(report().replace(b"Status: 5.1.1\r\n", other)).no_such_address


@pytest.mark.parametrize(
    ("raw", "missed"),
    [
        (b"", "expected multipart/report"),
        (b"Subject: Saya sedang cuti\r\n\r\nKembali Senin.", "expected multipart/report"),
        (mail_of(NOTICE, LETTERS.letter(NOTICE), ORIGIN), "expected multipart/report"),
        (report().replace(NOTICE.id.encode(), b"x"), "no Message-ID of ours"),
        (report().replace(b"Status: 5.1.1", b"Stat: 5"), "no Status like 5.1.1"),
        (report().replace(b"--cut\r\n", b"--cut\r\n\r\nx\r\n--cut\r\n" * 60), "more than 50 parts"),
    ],
)
def test_what_is_no_bounce_of_ours_is_refused_with_what_it_lacks(raw: bytes, missed: str) -> None:
    with pytest.raises(ValueError, match=missed):
        read_bounce(raw)


@given(st.binary(max_size=2_000), st.integers(min_value=0, max_value=2_000))
def test_no_bytes_of_strangers_are_a_mistake_of_ours(noise: bytes, at: int) -> None:
    whole = report()
    for raw in (noise, whole[:at] + noise + whole[at:], whole[:at]):
        try:
            found = read_bounce(raw)
        except ValueError:
            continue
        assert found.notice_id == NOTICE.id
