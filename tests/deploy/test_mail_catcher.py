import asyncio
import signal
import sys
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from chassis.clock import FixedClock
from deploy.local.mail_catcher import MailFolder, catching
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.program import connects, wait_until


def message(number: int = 1) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "spm@example.invalid"
    mail["To"] = "sekda@kota-contoh.example"
    mail["Subject"] = f"Perbaikan laporan nomor {number}, Kota Contoh"
    mail.set_content("Yth. Sekda Kota Contoh,\n.\nLaporan perlu diperbaiki, segera.\n")
    return mail


def kept_messages(folder: Path) -> list[EmailMessage]:
    files = sorted(folder.glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


async def test_a_message_is_kept_as_it_was_sent(tmp_path: Path) -> None:
    port = free_port()
    async with catching(tmp_path, port=port):
        await aiosmtplib.send(message(), hostname=LOOPBACK, port=port, start_tls=False, timeout=5)

    [kept] = kept_messages(tmp_path)
    assert kept["Subject"] == message()["Subject"]
    assert kept.get_content().splitlines() == message().get_content().splitlines()


async def test_two_hundred_messages_over_several_connections_are_all_kept_within_seconds(tmp_path: Path) -> None:
    port = free_port()

    async def send(numbers: range) -> None:
        async with aiosmtplib.SMTP(hostname=LOOPBACK, port=port, start_tls=False, timeout=5) as client:
            for number in numbers:
                await client.send_message(message(number))

    started = asyncio.get_running_loop().time()
    async with catching(tmp_path, port=port):
        await asyncio.gather(*(send(range(first, first + 50)) for first in (0, 50, 100, 150)))

    assert asyncio.get_running_loop().time() - started < 4
    subjects = {kept["Subject"] for kept in kept_messages(tmp_path)}
    assert len(subjects) == 200


def test_names_of_messages_of_one_instant_are_unique_and_sort_by_arrival(tmp_path: Path) -> None:
    mails = MailFolder(tmp_path, FixedClock(datetime(2024, 1, 20, tzinfo=UTC)))

    files = [mails.keep(str(number).encode()) for number in range(12)]

    assert [file.read_bytes() for file in sorted(tmp_path.iterdir())] == [str(number).encode() for number in range(12)]
    assert sorted(files) == files


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_the_program_ends_in_order_when_told(tmp_path: Path, how: signal.Signals) -> None:
    port = free_port()
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.mail_catcher", "--port", str(port), "--folder", str(tmp_path)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    await wait_until(lambda: connects(f"{LOOPBACK}:{port}"), what="the mail catcher", timeout_s=10)

    program.send_signal(how)

    assert await asyncio.wait_for(program.wait(), 5) == 0
