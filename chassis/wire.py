"""The connection below the doors: a request's head has limits in bytes and time, which the server does not set."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

IN_VAIN_BYTES_MAX: Final = 64 * 1024
"""So much may come without completing a head, a part of a body or a message: of lines and headers, before the body and
after it. The sender is let go with the read that goes beyond it."""

HEAD_S: Final = 30.0
"""How long a connection may be without a request: until the first head, and from an answer to the next head."""


class BoundedHttp(HttpToolsProtocol):
    """Keeps nobody's endless headers and no idle connection: either would use up memory or sockets without a key."""

    head_s = HEAD_S
    _in_vain = 0
    _unsent = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cease_to_expect()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:
            self._expect_head()

    def data_received(self, data: bytes) -> None:
        self._in_vain += len(data)
        super().data_received(data)
        if self._in_vain > IN_VAIN_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response(f"More than {IN_VAIN_BYTES_MAX} bytes of headers came.")

    def on_headers_complete(self) -> None:
        self._in_vain = 0
        self._cease_to_expect()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._in_vain = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_vain = 0
        super().on_message_complete()

    def _expect_head(self) -> None:
        self._cease_to_expect()
        self._unsent = self.transport.get_write_buffer_size()
        self._patience = self.loop.call_later(self.head_s, self._let_go)

    def _cease_to_expect(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _let_go(self) -> None:
        """Who is still reading the answer before may go on, and nobody else."""
        if 0 < self.transport.get_write_buffer_size() < self._unsent:
            self._expect_head()
        else:
            self.transport.abort()
