"""Strict reading of the bodies that come in at a door."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from hashlib import sha256
from typing import Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from chassis.events import JSON
from chassis.problems import Fault, Problem, faults_of

FAULTS_MAX: Final = 1_000
_BRANCHES: Final = ("/constrained-int", "/decimal")
"""An amount is whole or decimal; which of the two was tried is no part of where it stands."""
_SHA_256: Final = re.compile(r"(?:^|[, ])sha-256=:([A-Za-z0-9+/]{43}=):")

M = TypeVar("M", bound=BaseModel)


async def read_body(request: Request, model: type[M], slug: str) -> M:
    """The body as what it is meant to be.

    Raises:
        Problem: not what its headers say, or as for ``parsed``.
    """
    headers = request.headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON or headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "unsupported-media-type", f"The body is taken as {JSON}, in UTF-8 and not compressed.")
    body = await request.body()
    _check_digest(headers.get("content-digest"), body)
    return parsed(body, model, slug)


def parsed(body: bytes, model: type[M], slug: str) -> M:
    """JSON as the model; members that are not known are refused.

    Raises:
        Problem: no JSON, or with faults, all of them at once under ``slug``.
    """
    try:
        return model.model_validate_json(body, extra="forbid")
    except ValidationError as error:
        raise _refusal(error, slug) from None


def digest_agrees(header: str, body: bytes) -> bool:
    """Whether the body is the one that a ``Content-Digest`` (RFC 9530) was made of.

    Raises:
        ValueError: the header holds no SHA-256.
    """
    match = _SHA_256.search(header)
    if match is None:
        raise ValueError("expected sha-256=:<base64 of 32 bytes>:")
    try:
        return b64decode(match[1], validate=True) == sha256(body).digest()
    except NotBase64:
        raise ValueError("what stands between the colons is no base64") from None


def _check_digest(header: str | None, body: bytes) -> None:
    if header is None:
        return
    try:
        agrees = digest_agrees(header, body)
    except ValueError as error:
        raise Problem(400, "content-digest-mismatch", f"Content-Digest cannot be read: {error}.") from None
    if not agrees:
        text = "The body is not the one that Content-Digest was made of; it changed on the way. Send it again."
        raise Problem(400, "content-digest-mismatch", text)


def _refusal(error: ValidationError, slug: str) -> Problem:
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
