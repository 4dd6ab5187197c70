"""The connection below the doors: a request's head has a limit, which the server's own parser does not set."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

IN_VAIN_BYTES_MAX: Final = 64 * 1024
"""So much may come without completing a head, a part of a body or a message: of lines and headers, before the body and
after it. The sender is let go with the read that goes beyond it."""


class BoundedHttp(HttpToolsProtocol):
    """Keeps nobody's endless headers: without a limit anybody fills the memory before a key is asked for."""

    _in_vain = 0

    def data_received(self, data: bytes) -> None:
        self._in_vain += len(data)
        super().data_received(data)
        if self._in_vain > IN_VAIN_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response(f"More than {IN_VAIN_BYTES_MAX} bytes of headers came.")

    def on_headers_complete(self) -> None:
        self._in_vain = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._in_vain = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_vain = 0
        super().on_message_complete()
