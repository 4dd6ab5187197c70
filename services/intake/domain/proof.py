"""The signed receipt: what it states, and how anybody finds out whether it is genuine.

A receipt is a file of one written form: the same facts always give the same bytes. Its ``proof`` is a compact JWS over
these facts, so that the whole file follows from the proof and no byte of it can change unnoticed.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from pydantic import Field, ValidationError

from contracts.message import Digest, Frozen, Identifier, Instant, PeriodText, RegionCode
from contracts.submission import SubmissionReceivedV1
from services.intake.domain import kept
from services.intake.domain.receipt_keys import ALGORITHM, ReceiptKeys
from services.intake.domain.status import Receipt, status_url

KIND: Final = "spm-receipt+jwt"
SANDBOX_KIND: Final = "spm-sandbox-receipt+jwt"
"""Signed by the same keys, so that it can be tried; of another kind, so that it is taken for no real one."""
TEXT_CHARS_MAX: Final = 8_192
_PARTS: Final = 3


class Doubt(StrEnum):
    """Why a text is no genuine receipt."""

    UNREADABLE = "unreadable"
    UNKNOWN_KEY = "unknown-key"
    SIGNATURE = "signature"
    MEMBER = "member"
    FORM = "form"


class NotGenuineError(Exception):
    def __init__(self, doubt: Doubt, detail: str) -> None:
        super().__init__(detail)
        self.doubt = doubt


class Statement(Frozen):
    """What a receipt proves."""

    iss: Annotated[str, Field(description="Whose receipt it is: the address of the intake that gave it.")]
    iat: Annotated[int, Field(description="When intake kept the report, in seconds since 1970.")]
    submission_id: Identifier
    region_code: RegionCode
    period: PeriodText
    content_digest: Digest
    arrived_at: Instant
    due_at: Instant
    on_time: bool
    imported: bool
    sandbox: Annotated[bool | None, Field(description="True: of the sandbox, so that nothing is proved.")] = None

    @classmethod
    def of(cls, document: Mapping[str, Any], issuer: str, *, sandbox: bool | None = None) -> Self:
        """Of a kept report."""
        received = document["received"]
        return cls(
            iss=issuer,
            iat=int(received["recorded_at"].timestamp()),
            submission_id=document["_id"],
            region_code=document["region_code"],
            period=document["period"],
            content_digest=received["content_digest"],
            arrived_at=received["arrived_at"],
            due_at=received["due_at"],
            on_time=received["arrived_at"] <= received["due_at"],
            imported=received["imported"],
            sandbox=sandbox,
        )


@dataclass(frozen=True, slots=True)
class Genuine:
    statement: Statement
    key_id: str
    proof: str


class Signer:
    def __init__(self, keys: ReceiptKeys, issuer: str, *, sandbox: bool = False) -> None:
        self.keys = keys
        self._issuer = issuer
        self._sandbox = True if sandbox else None
        kind = SANDBOX_KIND if sandbox else KIND
        self._head, *_ = heads = [_head(key_id, kind) for key_id in keys.ids]
        self._heads_in_force = frozenset(heads)

    def of_sandbox(self) -> "Signer":
        return Signer(self.keys, self._issuer, sandbox=True)

    def signed(self, message: SubmissionReceivedV1) -> SubmissionReceivedV1:
        """The same fact with its proof, so that the log gives the proof back byte for byte."""
        return message.model_copy(update={"receipt": self._sign(kept.received(message))})

    def receipt(self, document: Mapping[str, Any]) -> Receipt:
        """The receipt of a kept report, as it was handed out.

        One from before receipts were signed, or whose key is no longer in force, is signed when it is asked for.
        """
        proof = document["received"].get("receipt", "")
        in_force = proof.partition(".")[0] in self._heads_in_force
        return Receipt.of(document, proof if in_force else self._sign(document))

    def _sign(self, document: Mapping[str, Any]) -> str:
        statement = Statement.of(document, self._issuer, sandbox=self._sandbox)
        signed = f"{self._head}.{_base64(statement.model_dump_json(exclude_none=True).encode())}"
        return f"{signed}.{_base64(self.keys.sign(signed.encode()))}"


def _head(key_id: str, kind: str) -> str:
    return _base64(json.dumps({"alg": ALGORITHM, "kid": key_id, "typ": kind}, separators=(",", ":")).encode())


def _base64(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def verified(proof: str, keys: ReceiptKeys) -> Genuine:
    """Raises:
    NotGenuineError: one of the keys did not sign it, as it stands here.
    """
    try:
        found = jws.extract_compact(_exact(proof))
        header, key_id = found.headers(), found.headers().get("kid")
    except (JoseError, ValueError) as error:
        raise NotGenuineError(Doubt.UNREADABLE, f"the proof is no signed receipt ({error})") from None
    if header.get("typ") == SANDBOX_KIND:
        text = "a receipt of the sandbox: it shows that a program works, and proves no arrival"
        raise NotGenuineError(Doubt.UNREADABLE, text)
    if (header.get("alg"), header.get("typ")) != (ALGORITHM, KIND) or not isinstance(key_id, str):
        raise NotGenuineError(Doubt.UNREADABLE, f"the proof is signed, but is no receipt (typ {KIND}, alg {ALGORITHM})")
    key = keys.find(key_id)
    if key is None:
        text = f"signed with key {key_id[:64]!r}, which is none of the keys in force: {', '.join(keys.ids)}"
        raise NotGenuineError(Doubt.UNKNOWN_KEY, text)
    try:
        payload = jws.deserialize_compact(proof, key, algorithms=[ALGORITHM]).payload
        return Genuine(Statement.model_validate_json(payload), key_id, proof)
    except BadSignatureError:
        raise NotGenuineError(Doubt.SIGNATURE, "the signature does not fit what the proof says") from None
    except (JoseError, ValidationError):
        raise NotGenuineError(Doubt.UNREADABLE, "the proof is signed, but states no receipt") from None


def verified_file(content: bytes, keys: ReceiptKeys) -> Genuine:
    """Raises:
    NotGenuineError: it is not, byte for byte, a receipt that one of the keys signed.
    """
    members = _members(content)
    genuine = verified(str(members["proof"]), keys)
    expected = _file(genuine).model_dump_json().encode()
    if content == expected:
        return genuine
    signed = json.loads(expected)
    for name in sorted(members.keys() | signed.keys()):
        if name not in members or name not in signed or members[name] != signed[name]:
            # Written as JSON writes it: a terminal obeys what an unwritten control character says.
            member = json.dumps(name[:64])[1:-1]
            text = f"{member}: the file says {_shown(members, name)}, signed was {_shown(signed, name)}"
            raise NotGenuineError(Doubt.MEMBER, text)
    text = "every member is as it was signed, but the file was written in another form; keep the file as it came"
    raise NotGenuineError(Doubt.FORM, text)


def _file(genuine: Genuine) -> Receipt:
    facts = genuine.statement.model_dump(exclude={"iss", "iat", "sandbox"})
    return Receipt(**facts, status_url=status_url(genuine.statement.submission_id), proof=genuine.proof)


def _members(content: bytes) -> dict[str, Any]:
    if len(content) > TEXT_CHARS_MAX:
        raise NotGenuineError(Doubt.UNREADABLE, f"{len(content)} bytes; a receipt has at most {TEXT_CHARS_MAX}")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise NotGenuineError(Doubt.UNREADABLE, "the file is no JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("proof"), str):
        raise NotGenuineError(Doubt.UNREADABLE, "the file is no receipt: it has no member proof")
    return found


def _exact(proof: str) -> bytes:
    """The proof, each part in the one way in which base64url is written: a last letter may hold bits that say nothing.

    Raises:
        ValueError: another way, or not of three parts.
    """
    parts = proof.encode("ascii", "replace").split(b".")
    if len(parts) != _PARTS or len(proof) > TEXT_CHARS_MAX:
        raise ValueError(f"expected three parts with dots between, at most {TEXT_CHARS_MAX} characters")
    for part in parts:
        if urlsafe_b64encode(urlsafe_b64decode(part + b"=" * (-len(part) % 4))).rstrip(b"=") != part:
            raise ValueError("a part is no base64url")
    return proof.encode()


def _shown(members: Mapping[str, Any], name: str) -> str:
    return json.dumps(members[name])[:120] if name in members else "nothing"
