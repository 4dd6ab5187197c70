"""A mail server that delivers nothing: every message becomes one ``.eml`` file, in the order of arrival.

``python -m deploy.local.mail_catcher --port 8025 --folder .run/mail`` runs until SIGTERM.
"""

import argparse
import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis.clock import Clock, SystemClock
from deploy.local.ports import LOOPBACK

MESSAGE_BYTES_MAX = 10 * 1024 * 1024


class MailFolder:
    """Keeps what aiosmtpd hands over."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._clock = clock
        self._numbers = count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's name and arguments
        content = envelope.content
        self.keep(content if isinstance(content, bytes) else (content or "").encode())
        return "250 kept"

    def keep(self, message: bytes) -> Path:
        """Write the message under a name that sorts by arrival; a file that can be seen is whole."""
        arrived = self._clock.now().strftime("%Y%m%dT%H%M%S.%fZ")
        file = self._folder / f"{arrived}-{os.getpid()}-{next(self._numbers):06d}.eml"
        unfinished = file.with_suffix(".part")
        unfinished.write_bytes(message)
        unfinished.replace(file)
        return file


@asynccontextmanager
async def catching(folder: Path, *, port: int) -> AsyncIterator[None]:
    mails = MailFolder(folder, SystemClock())
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(mails, data_size_limit=MESSAGE_BYTES_MAX, enable_SMTPUTF8=True, loop=loop)

    server = await loop.create_server(session, LOOPBACK, port)
    async with server:
        yield


async def catch_until_told(folder: Path, *, port: int) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with catching(folder, port=port):
        print(f"mail to {LOOPBACK}:{port} is kept in {folder}", flush=True)
        await told.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(catch_until_told(arguments.folder, port=arguments.port))


if __name__ == "__main__":
    main()
