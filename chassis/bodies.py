"""Strict reading of the bodies that come in at a door.

Of what JSON (RFC 8259) leaves open: no byte order mark, no lone surrogate, at most 200 levels and 4,300 digits a number
(the parser's own limits); of members with one name the last counts.
"""

import codecs
import re
from asyncio import get_running_loop, timeout
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from math import inf
from typing import Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from chassis.codings import ACCEPTED, BadEncodingError, Decoder
from chassis.events import JSON
from chassis.http import BODY_BYTES_MAX, too_large
from chassis.problems import Fault, Problem, faults_of

FAULTS_MAX: Final = 1_000
SILENT_S: Final = 60.0
"""How long the next bytes of a body are waited for."""
WHOLE_S: Final = 60.0
SENT_A_SECOND_MIN: Final = 32 * 1024
"""A body that is kept as a whole has a minute, and a second more for each so many bytes that were sent of it."""
GROWTH_MAX: Final = 200
"""How many times larger than sent a compressed body may become; reports come to thirty."""
GROWTH_BYTES_FREE: Final = 1024 * 1024
_MARKS: Final = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BRANCHES: Final = ("/constrained-int", "/decimal")
"""An amount is whole or decimal; which of the two was tried is no part of where it stands."""
_SHA_256: Final = re.compile(r"(?:^|[, ])sha-256=:([A-Za-z0-9+/]{43}=):")

M = TypeVar("M", bound=BaseModel)


class Incoming:
    """A request's body, piece by piece: its coding undone, its digest made of what was sent.

    Raises:
        Problem: its headers name a kind or a coding that is not taken, or a digest that cannot be read.
    """

    def __init__(self, request: Request, kind: str) -> None:
        headers = request.headers
        if media_type(request) != kind:
            raise Problem(415, "unsupported-media-type", f"The body is taken as {kind}, in UTF-8.")
        self.sent_bytes = 0
        self._request = request
        self._decoder = _decoder(headers.get("content-encoding", "identity"))
        self._sent = sha256()
        self._said = _said_digest(headers.get("content-digest"))
        self._room = GROWTH_BYTES_FREE
        self._ended = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises:
        Problem: it is not what its coding makes, comes too slowly, or not to its end.
        """
        while (sent := await self.sent()) is not None:
            for piece in self.unpacked(sent):
                yield piece

    async def sent(self, wait_s: float = inf) -> bytes | None:
        """The next bytes as they were sent; None behind the last ones.

        Raises:
            Problem: the connection ended, or nothing came for as long as is waited.
            TimeoutError: nothing came for the seconds that are waited at most.
        """
        if self._ended:
            return None
        try:
            async with timeout(min(wait_s, SILENT_S)):
                message = await self._request.receive()
        except TimeoutError:
            if wait_s < SILENT_S:
                raise
            raise Problem(408, "body-incomplete", f"Nothing of the body came for {SILENT_S:.0f} s.") from None
        if message["type"] == "http.disconnect":
            raise Problem(400, "body-incomplete", "The connection ended before the body did.")
        self._ended = not message.get("more_body", False)
        sent: bytes = message.get("body", b"")
        self.sent_bytes += len(sent)
        if self._said is not None:
            self._sent.update(sent)
        return sent

    def unpacked(self, sent: bytes) -> Iterator[bytes]:
        """What these bytes stand for.

        Raises:
            Problem: it is not what its coding makes, or grows too much.
        """
        if self._decoder is None:
            yield sent
            return
        self._room += GROWTH_MAX * len(sent)
        try:
            for piece in self._decoder.pieces(sent):
                self._room -= len(piece)
                if self._room < 0:
                    text = f"The body grows to more than {GROWTH_MAX} times what was sent of it."
                    raise Problem(413, "body-too-large", text)
                yield piece
            if self._ended:
                self._decoder.finish()
        except BadEncodingError as error:
            text = f"The body is not what its Content-Encoding says: {error}."
            raise Problem(400, "bad-encoding", text) from None

    def digest_agrees(self) -> bool | None:
        """Whether what was sent is what its digest was made of; None where it came with none."""
        return None if self._said is None else self._said == self._sent.digest()


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, model: type[M], slug: str) -> M:
    """The body as what it is meant to be.

    Raises:
        Problem: as for ``read_bytes`` and ``parsed``.
    """
    return parsed(await read_bytes(request, JSON, BODY_BYTES_MAX), model, slug)


async def read_bytes(request: Request, kind: str, bytes_max: int) -> bytes:
    """The whole body, its coding undone.

    Raises:
        Problem: larger, slower, or not what its headers say.
    """
    incoming = Incoming(request, kind)
    body = bytearray()
    now_s = get_running_loop().time
    until_s = now_s() + WHOLE_S
    try:
        while (sent := await incoming.sent(until_s - now_s() + incoming.sent_bytes / SENT_A_SECOND_MIN)) is not None:
            for piece in incoming.unpacked(sent):
                body += piece
                if len(body) > bytes_max:
                    raise too_large(bytes_max)
    except TimeoutError:
        text = f"{incoming.sent_bytes} bytes came; after {WHOLE_S:.0f} s at least {SENT_A_SECOND_MIN} a second must."
        raise Problem(408, "body-incomplete", text) from None
    if incoming.digest_agrees() is False:
        text = "The body is not the one that Content-Digest was made of; it changed on the way. Send it again."
        raise Problem(400, "content-digest-mismatch", text)
    return bytes(body)


def parsed(body: bytes, model: type[M], slug: str) -> M:
    """JSON as the model; members that are not known are refused.

    Raises:
        Problem: no JSON, or with faults, all of them at once under ``slug``.
    """
    try:
        return model.model_validate_json(body, extra="forbid")
    except ValidationError as error:
        raise _refusal(error, body, slug) from None


def said_digest(header: str) -> bytes:
    """The SHA-256 that a ``Content-Digest`` (RFC 9530) says.

    Raises:
        ValueError: the header holds none.
    """
    match = _SHA_256.search(header)
    if match is None:
        raise ValueError("expected sha-256=:<base64 of 32 bytes>:")
    try:
        return b64decode(match[1], validate=True)
    except NotBase64:
        raise ValueError("what stands between the colons is no base64") from None


def _said_digest(header: str | None) -> bytes | None:
    try:
        return None if header is None else said_digest(header)
    except ValueError as error:
        raise Problem(400, "content-digest-mismatch", f"Content-Digest cannot be read: {error}.") from None


def _decoder(coding: str) -> Decoder | None:
    coding = coding.strip().lower()
    try:
        return None if coding == "identity" else Decoder(coding)
    except KeyError:
        text = f"Content-Encoding is {coding!r:.40}; taken are {ACCEPTED}, one at a time, and no coding at all."
        raise Problem(415, "unsupported-encoding", text, headers={"Accept-Encoding": ACCEPTED}) from None


def _refusal(error: ValidationError, body: bytes, slug: str) -> Problem:
    if body.startswith(_MARKS):
        return Problem(400, "malformed-json", "The body begins with a byte order mark; send UTF-8 without one.")
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return Problem(400, "malformed-json", f"{first['msg']}.")
    faults = {fault.pointer: fault for fault in map(_as_it_stands, faults_of(error))}
    shown = list(faults.values())[:FAULTS_MAX]
    more = f"; the first {FAULTS_MAX} are listed" if len(faults) > FAULTS_MAX else ""
    return Problem(422, slug, f"{len(faults)} faults{more}. Nothing was kept.", errors=shown)


def _as_it_stands(fault: Fault) -> Fault:
    for branch in _BRANCHES:
        if fault.pointer.endswith(branch):
            return fault.model_copy(update={"pointer": fault.pointer.removesuffix(branch)})
    return fault
