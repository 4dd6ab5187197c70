import asyncio
from base64 import b64decode

import pytest

from chassis.errors import Misconfigured, Retryable
from deploy.local.ports import LOOPBACK, free_port
from services.notify.domain.delivery import Answer
from services.notify.mailer.courier import Courier, MailServer
from tests.notify.catcher import Answering, Catcher, after_s, always
from tests.notify.serving import serving

WORD = "ge:heim"
MAIL = b"Subject: contoh\r\n\r\nisi\r\n"
ANSWER_S = 0.5


def courier(port: int, *, username: str | None = None, password: str | None = None) -> Courier:
    server = MailServer(LOOPBACK, port, tls=False, username=username, password=password)
    return Courier(server, own_host="notices.example", answer_s=ANSWER_S)


async def answer_of(catcher: Catcher) -> tuple[Answer, bool]:
    """What the courier makes of it, and whether the connection may be used further."""
    async with catcher.running(), courier(catcher.port).connected() as connection:
        answer = await connection.deliver(MAIL, sender="spm@notices.example", recipient="sekda@region.example")
        return answer, connection.open


@pytest.mark.parametrize(
    ("rcpt", "data", "answer", "still_open"),
    [
        (always("250 ok"), always("250 taken"), Answer.ACCEPTED, True),
        (always("550 no such mailbox"), always("250 taken"), Answer.NO_SUCH_ADDRESS, True),
        (always("550 5.1.1 no such mailbox"), always("250 taken"), Answer.NO_SUCH_ADDRESS, True),
        (always("550 5.7.1 not from you"), always("250 taken"), Answer.REFUSED, True),
        (always("554 not from you"), always("250 taken"), Answer.REFUSED, True),
        (always("451 greylisted"), always("250 taken"), Answer.POSTPONED, True),
        (always("250 ok"), always("554 content refused"), Answer.REFUSED, True),
        (always("250 ok"), always("451 try later"), Answer.POSTPONED, True),
        (always("250 ok"), always("421 closing"), Answer.POSTPONED, False),
        (after_s(ANSWER_S * 4), always("250 taken"), Answer.POSTPONED, False),
        (always("250 ok"), after_s(ANSWER_S * 4), Answer.POSTPONED, False),
    ],
    ids=[
        "taken",
        "no mailbox",
        "no mailbox, said twice",
        "policy",
        "other",
        "greylisted",
        "refused content",
        "later",
        "closing",
        "slow rcpt",
        "slow data",
    ],
)
async def test_what_the_server_says_is_understood(
    rcpt: Answering,
    data: Answering,
    answer: Answer,
    still_open: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert await answer_of(Catcher(rcpt=rcpt, data=data)) == (answer, still_open)


async def test_one_connection_carries_many_mails_and_goes_on_after_a_refusal() -> None:
    catcher = Catcher(rcpt=lambda address: always("550 no" if address.startswith("no") else "250 ok")(address))
    async with catcher.running(), courier(catcher.port).connected() as connection:
        answers = [
            await connection.deliver(MAIL, sender="spm@notices.example", recipient=f"{name}@region.example")
            for name in ("a", "no", "b")
        ]

    assert answers == [Answer.ACCEPTED, Answer.NO_SUCH_ADDRESS, Answer.ACCEPTED]
    assert catcher.recipients == ["a@region.example", "b@region.example"]


async def test_a_server_that_is_away_is_a_broken_world() -> None:
    with pytest.raises(Retryable, match="does not let us in"):
        async with courier(free_port()).connected():
            pass


async def test_a_server_that_never_greets_is_given_up_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    port = free_port()
    async with serving(silent, port):
        with pytest.raises(Retryable):
            async with asyncio.timeout(ANSWER_S * 6), courier(port).connected():
                pass


async def test_a_password_is_never_sent_to_a_server_that_offers_no_encryption() -> None:
    heard: list[bytes] = []

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 plain\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(b"250-plain\r\n250 AUTH PLAIN LOGIN\r\n" if line.startswith(b"EHLO") else b"250 ok\r\n")

    port = free_port()
    async with serving(plain, port):
        with pytest.raises(Retryable):
            async with courier(port, username="spm", password=WORD).connected():
                pass

    sent = b"".join(heard)
    assert b"AUTH" not in sent
    assert not any(WORD.encode() in b64decode(word + b"===") for word in sent.split() if word.isalnum())


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        ("smtp://127.0.0.1:8025", MailServer("127.0.0.1", 8025, tls=False)),
        ("smtp://mail.example", MailServer("mail.example", 25, tls=False)),
        ("smtps://mail.example", MailServer("mail.example", 465, tls=True)),
        (
            "smtps://spm%40kota:ge%3Aheim@mail.example:466",
            MailServer("mail.example", 466, tls=True, username="spm@kota", password=WORD),
        ),
    ],
)
def test_the_server_is_read_from_its_address(uri: str, server: MailServer) -> None:
    assert MailServer.parse(uri) == server


@pytest.mark.parametrize(
    "uri",
    ["", "mail.example:25", "http://mail.example", "smtp://", "smtp://mail.example:99999", "smtp://only@mail.example"],
)
def test_an_address_that_is_none_is_refused(uri: str) -> None:
    with pytest.raises(Misconfigured, match="SPM_SMTP"):
        MailServer.parse(uri)


def test_a_password_is_shown_nowhere() -> None:
    assert "heim" not in repr(MailServer.parse("smtps://spm:ge%3Aheim@mail.example"))
    with pytest.raises(Misconfigured) as refusal:
        MailServer.parse("ftp://spm:ge%3Aheim@mail.example")
    assert "heim" not in str(refusal.value)
