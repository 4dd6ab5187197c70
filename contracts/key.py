"""API keys as facts: whoever reads the log knows which keys are in force, and none of their secrets."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import COUNT_MAX, Digest, Identifier, Instant, Message, ShortWords

KEY_SCOPES_MAX = 32

KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$", description="The part of a token that is no secret.")]
ClientId = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$",
        description="Who holds the key; several keys of one client are one client.",
        examples=["region-64.71"],
    ),
]
KeyRegion = Annotated[
    str,
    Field(
        pattern=r"^(\*|[1-9][0-9](\.(\*|[0-9]{2}))?)$",
        description="Whom it acts for: a region (64, 64.71), a provinsi with all within it (64.*), or every one (*).",
        examples=["64.71"],
    ),
]
ScopeName = Annotated[str, Field(pattern=r"^[a-z]+:[a-z]+$", max_length=64)]
RequestsPerMinute = Annotated[int, Field(ge=1, le=1_000_000)]


class KeyState(StrEnum):
    ISSUED = "issued"
    REVOKED = "revoked"


class ClientKeyChangedV1(Message):
    """A key was issued, given an earlier end, or revoked. The topic keeps the latest per key."""

    TYPE: ClassVar[str] = "id.go.spm.client-key-changed.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:intake"

    key_id: KeyId
    revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    state: KeyState
    client_id: ClientId
    label: Annotated[ShortWords | None, Field(description="What the key is for, in its issuer's words.")] = None
    scopes: Annotated[tuple[ScopeName, ...], Field(max_length=KEY_SCOPES_MAX)]
    region: KeyRegion
    sandbox: Annotated[bool, Field(description="Whether the key is good for trying out alone.")] = False
    token_sha256: Digest
    requests_per_minute: Annotated[RequestsPerMinute | None, Field(description="Null for the installation's.")] = None
    expires_at: Annotated[Instant | None, Field(description="Null for a key without an end.")] = None
    issued_at: Instant
    changed_at: Instant
    changed_by: Annotated[Identifier, Field(description="The client that changed it.")]

    def identity(self) -> str:
        return f"{self.key_id}/{self.revision}"

    @property
    def key(self) -> str:
        return self.key_id

    @property
    def occurred_at(self) -> datetime:
        return self.changed_at
