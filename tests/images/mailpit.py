"""A mail catcher that answers as much of Mailpit's API as the proof asks; run in the container."""

import asyncio
import json
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from email.utils import getaddresses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

EVERYWHERE: Final = "0.0.0.0"
SMTP_PORT: Final = 1025
HTTP_PORT: Final = 8025
MESSAGES_MAX: Final = 1_000


class Mails:
    def __init__(self) -> None:
        self.caught: list[dict[str, object]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's name and arguments
        content = envelope.content
        message = message_from_bytes(content if isinstance(content, bytes) else b"", policy=default)
        to = [{"Name": name, "Address": address} for name, address in getaddresses(message.get_all("To", []))]
        self.caught.insert(0, {"Subject": message["Subject"], "To": to})
        del self.caught[MESSAGES_MAX:]
        return "250 kept"

    def listed(self) -> bytes:
        return json.dumps({"total": len(self.caught), "messages": self.caught}).encode()


def answering(listed: Callable[[], bytes]) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/api/v1/messages"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(listed() if found else b"")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's names; it would fill the log
            pass

    return Door


async def main() -> None:
    mails, loop = Mails(), asyncio.get_running_loop()
    web = ThreadingHTTPServer((EVERYWHERE, HTTP_PORT), answering(mails.listed))
    Thread(target=web.serve_forever, daemon=True).start()
    async with await loop.create_server(lambda: SMTP(mails, loop=loop), EVERYWHERE, SMTP_PORT) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
