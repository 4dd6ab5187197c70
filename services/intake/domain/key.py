"""What may be asked for a key, and the facts that follow."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field

from contracts.key import KEY_SCOPES_MAX, ClientId, ClientKeyChangedV1, KeyId, KeyRegion, KeyState, RequestsPerMinute
from contracts.message import Digest, Frozen, Instant, ShortWords
from contracts.scopes import Scope

GRACE_HOURS: Final = 24
GRACE_HOURS_MAX: Final = 720


class KeyOrder(Frozen):
    model_config = ConfigDict(extra="forbid")

    client_id: ClientId
    scopes: Annotated[frozenset[Scope], Field(strict=False, min_length=1, max_length=KEY_SCOPES_MAX)]
    region: KeyRegion
    label: Annotated[ShortWords | None, Field(description="What the key is for; no name of a person.")] = None
    sandbox: bool = False
    requests_per_minute: RequestsPerMinute | None = None
    expires_at: Annotated[Instant | None, Field(description="Null for as late as keys end here.")] = None


class RotationOrder(Frozen):
    model_config = ConfigDict(extra="forbid")

    grace_hours: Annotated[
        int, Field(ge=0, le=GRACE_HOURS_MAX, description="How long the key that is replaced stays in force.")
    ] = GRACE_HOURS
    expires_at: Annotated[
        Instant | None, Field(description="Of the new key; null for that of the old one, or as late as keys end.")
    ] = None


class ShownKey(Frozen):
    """A key without anything that it could be used or guessed by."""

    key_id: KeyId
    client_id: ClientId
    label: str | None
    scopes: tuple[str, ...]
    region: KeyRegion
    sandbox: bool
    requests_per_minute: RequestsPerMinute | None
    state: KeyState
    revision: int
    issued_at: datetime
    expires_at: datetime | None
    changed_at: datetime
    changed_by: str
    last_used_at: Annotated[
        datetime | None, Field(description="To the minute; null where it was never used since the database was made.")
    ] = None

    @classmethod
    def of(cls, change: ClientKeyChangedV1, last_used_at: datetime | None = None) -> Self:
        return cls(**change.model_dump(exclude={"token_sha256"}), last_used_at=last_used_at)


class IssuedKey(ShownKey):
    token: Annotated[str, Field(description="Shown this once: nobody can find it out again.")]


def issued(
    order: KeyOrder, *, key_id: str, token_sha256: Digest, expires_at: datetime, by: str, now: datetime
) -> ClientKeyChangedV1:
    return ClientKeyChangedV1(
        key_id=key_id,
        revision=1,
        state=KeyState.ISSUED,
        client_id=order.client_id,
        label=order.label,
        scopes=tuple(sorted(order.scopes)),
        region=order.region,
        sandbox=order.sandbox,
        token_sha256=token_sha256,
        requests_per_minute=order.requests_per_minute,
        expires_at=expires_at,
        issued_at=now,
        changed_at=now,
        changed_by=by,
    )


def revoked(key: ClientKeyChangedV1, *, by: str, now: datetime) -> ClientKeyChangedV1:
    return _changed(key, by=by, now=now, state=KeyState.REVOKED)


def replaced(key: ClientKeyChangedV1, *, grace_hours: int, by: str, now: datetime) -> ClientKeyChangedV1:
    """The key with the end that its replacement gives it; an earlier end of its own stays."""
    end = now + timedelta(hours=grace_hours)
    return _changed(key, by=by, now=now, expires_at=min(key.expires_at or end, end))


def replacement(
    key: ClientKeyChangedV1,
    *,
    key_id: str,
    token_sha256: Digest,
    expires_at: datetime,
    by: str,
    now: datetime,
) -> ClientKeyChangedV1:
    """A new key for the same client, with the same rights."""
    fresh = {"key_id": key_id, "token_sha256": token_sha256, "issued_at": now, "revision": 0}
    return _changed(key.model_copy(update=fresh), by=by, now=now, expires_at=expires_at)


def end_of(asked: datetime | None, before: datetime | None, *, now: datetime, life: timedelta) -> datetime:
    """When a key ends: as was asked, else with the one ``before`` it, else as late as keys may.

    Raises:
        ValueError: that has passed, or is later.
    """
    latest = now + life
    end = asked or min(before or latest, latest)
    if end <= now:
        raise ValueError("The key would be over when it is issued.")
    if end > latest:
        raise ValueError(f"Keys live {life.days} days at most; end it by {latest.isoformat(timespec='seconds')}.")
    return end


def over(key: ClientKeyChangedV1, now: datetime) -> bool:
    return key.state is KeyState.REVOKED or (key.expires_at is not None and key.expires_at <= now)


def _changed(key: ClientKeyChangedV1, *, by: str, now: datetime, **changes: object) -> ClientKeyChangedV1:
    update = {"revision": key.revision + 1, "changed_by": by, "changed_at": now} | changes
    return key.model_copy(update=update)
