"""A mail server that treats some recipients as no good one would, each in its own way, and all others well."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from chassis.clock import monotonic_s
from deploy.local.ports import free_port
from tests.notify.serving import Act, serving

ENDLESS_LINES: Final = 20_000


def says(answer: str) -> Act:
    async def saying(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{answer}\r\n".encode())

    return saying


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def drop(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    await writer.wait_closed()


async def drop_in_the_middle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"354 go on\r\n")
    await reader.readline()
    await drop(reader, writer)


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff not a code\r\n")
    await reader.read()


async def without_end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _number in range(ENDLESS_LINES):
        writer.write(b"250-" + b"x" * 1_000 + b"\r\n")
        await writer.drain()


async def closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"421 4.3.2 going down\r\n")
    writer.close()
    await writer.wait_closed()


MANNERS: Final[Mapping[str, tuple[str, Act]]] = MappingProxyType(
    {
        "450": ("RCPT", says("450 4.2.0 greylisted")),
        "550": ("RCPT", says("550 5.1.1 no such mailbox")),
        "554": ("END", says("554 5.6.0 content refused")),
        "hang-rcpt": ("RCPT", hang),
        "hang-data": ("DATA", hang),
        "hang-end": ("END", hang),
        "drop-rcpt": ("RCPT", drop),
        "drop-mid-data": ("DATA", drop_in_the_middle),
        "taken-then-drop": ("END", drop),
        "garbage": ("RCPT", garbage),
        "garbage-end": ("END", garbage),
        "endless": ("DATA", without_end),
        "421-rcpt": ("RCPT", closing),
        "421-end": ("END", closing),
    }
)
"""By the local part of the address: from which command on, and how."""


@dataclass
class Relay:
    port: int = field(default_factory=free_port)
    taken: dict[str, float] = field(default_factory=dict)
    """When a mail to the address was taken first, by ``monotonic_s``."""
    tried: list[str] = field(default_factory=list)
    """The recipient of each attempt."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with serving(self._serve, self.port):
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        recipient = ""
        while line := (await reader.readline()).decode().strip():
            command = line[:4].upper()
            if command == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                self.tried.append(recipient)
            if not await self._answer(command, recipient, reader, writer):
                break

    async def _answer(
        self, command: str, recipient: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection goes on."""
        stage, act = MANNERS.get(recipient.partition("@")[0], ("", hang))
        if stage == command:
            await act(reader, writer)
        elif command == "DATA":
            writer.write(b"354 go on\r\n")
            while (await reader.readline()) not in {b".\r\n", b""}:
                pass
            if stage == "END":
                await act(reader, writer)
            else:
                self.taken.setdefault(recipient, monotonic_s())
                writer.write(b"250 taken\r\n")
        else:
            writer.write(b"221 bye\r\n" if command == "QUIT" else b"250 ok\r\n")
        return not writer.is_closing() and command != "QUIT"
