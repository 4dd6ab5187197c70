"""Who may do what: API keys, kept only as hashes, each with scopes and a region.

A token is ``spm_<key id>_<secret>_<checksum>``, ``spmtest_…`` for the sandbox. The checksum is a CRC-32 over what
stands before it, so that a token that was copied wrongly is told from one that is not known.
"""

import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final, Self
from zlib import crc32

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from chassis.errors import Misconfigured
from contracts.key import ClientId, ClientKeyChangedV1, KeyId, KeyRegion, KeyState, RequestsPerMinute
from contracts.message import Digest

PREFIX: Final = "spm"
SANDBOX_PREFIX: Final = "spmtest"
TOKEN_PATTERN: Final = r"\bspm(?:test)?_[0-9a-f]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}\b"  # noqa: S105 - no token, its form
"""For scanners that look for secrets in source and logs."""
EVERY_REGION: Final = "*"
_WITHIN: Final = ".*"
_KEY_ID_BYTES: Final = 6
_SECRET_BITS: Final = 256
_SECRET_CHARS: Final = 43
_CHECKSUM_CHARS: Final = 6
_DIGITS: Final = digits + ascii_uppercase + ascii_lowercase
_TOKEN: Final = re.compile(TOKEN_PATTERN)
_KEY_ID: Final = re.compile(r"spm(?:test)?_([0-9a-f]{12})_")


class KeyRow(BaseModel):
    """What is kept of a key. The secret has 256 random bits, so a plain SHA-256 is enough to hide it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_id: KeyId
    client_id: ClientId
    scopes: frozenset[str]
    region: KeyRegion
    sha256: Digest
    expires_at: AwareDatetime | None = None
    sandbox: bool = False
    requests_per_minute: RequestsPerMinute | None = None
    """None for the installation's limit."""
    revoked: bool = False
    revision: int = 0
    """0 for a key of the file; what the log says of a key counts its changes from 1."""

    @classmethod
    def of(cls, change: ClientKeyChangedV1) -> Self:
        return cls(
            key_id=change.key_id,
            client_id=change.client_id,
            scopes=frozenset(change.scopes),
            region=change.region,
            sha256=change.token_sha256,
            expires_at=change.expires_at,
            sandbox=change.sandbox,
            requests_per_minute=change.requests_per_minute,
            revoked=change.state is KeyState.REVOKED,
            revision=change.revision,
        )

    def may_act_for(self, region: str) -> bool:
        """Whether the key reaches a region, or all that another key's region (``64.*``, ``*``) reaches."""
        if self.region in {EVERY_REGION, region}:
            return True
        province = self.region.removesuffix(_WITHIN)
        return province != self.region and (region == province or region.startswith(f"{province}."))

    @property
    def acts_for(self) -> str:
        return f"This key acts for region {self.region}"

    @property
    def home(self) -> str | None:
        """The region that is meant where none is named; None for keys of every region."""
        return None if self.region == EVERY_REGION else self.region.removesuffix(_WITHIN)

    def over(self, now: datetime) -> str | None:
        """Why the key is no longer in force; None while it is."""
        if self.revoked:
            return "was revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return f"expired at {self.expires_at.isoformat()}"
        return None


_ROWS: Final = TypeAdapter(list[KeyRow])


def issue_key(client_id: str, scopes: Iterable[str], region: str, *, sandbox: bool = False) -> tuple[str, KeyRow]:
    """A new token, shown once, and the row that is kept of it."""
    key_id = secrets.token_hex(_KEY_ID_BYTES)
    secret = _base62(secrets.randbits(_SECRET_BITS), _SECRET_CHARS)
    unchecked = f"{SANDBOX_PREFIX if sandbox else PREFIX}_{key_id}_{secret}"
    token = f"{unchecked}_{_checksum(unchecked)}"
    row = KeyRow(
        key_id=key_id,
        client_id=client_id,
        scopes=frozenset(scopes),
        region=region,
        sha256=sha256(token.encode()).hexdigest(),
        sandbox=sandbox,
    )
    return token, row


def mistyped(token: str) -> bool:
    """Whether the token has the form of ours and is none: some of it was lost or changed on the way."""
    unchecked, _, checksum = token.rpartition("_")
    return _TOKEN.fullmatch(token) is not None and _checksum(unchecked) != checksum


class KeyRing:
    """The keys that there are, by their id."""

    def __init__(self, rows: Sequence[KeyRow] = ()) -> None:
        self._rows = {row.key_id: row for row in rows}
        self.complete = False
        """Whether all that the log says of keys is known here; until then an unknown key may be a good one."""

    @classmethod
    def read(cls, path: Path | None) -> "KeyRing":
        """The ring of a JSON file; an empty one, which admits nobody, where no file is named.

        Raises:
            Misconfigured: the file is missing or not a list of rows.
        """
        if path is None:
            return cls()
        try:
            return cls(_ROWS.validate_json(path.read_bytes()))
        except OSError as error:
            raise Misconfigured(f"SPM_API_KEYS: {path} cannot be read ({error.strerror})") from error
        except ValidationError as error:
            raise Misconfigured(f"SPM_API_KEYS: {path} is no list of keys ({error.error_count()} faults)") from None

    @property
    def rows(self) -> Mapping[str, KeyRow]:
        return self._rows

    def learn(self, changes: Iterable[ClientKeyChangedV1]) -> None:
        """Take what the log says of keys; of one key the latest counts, whatever comes first."""
        for change in changes:
            known = self._rows.get(change.key_id)
            if known is None or known.revision < change.revision:
                self._rows[change.key_id] = KeyRow.of(change)

    def key_of(self, token: str) -> KeyRow | None:
        """The row of a genuine token, which may be over."""
        match = _KEY_ID.match(token)
        row = self._rows.get(match[1]) if match else None
        if row is None or not hmac.compare_digest(row.sha256, sha256(token.encode()).hexdigest()):
            return None
        return row

    def holder_of(self, token: str, now: datetime) -> KeyRow | None:
        """The row of a genuine token that is in force."""
        row = self.key_of(token)
        return row if row is not None and row.over(now) is None else None


def _checksum(text: str) -> str:
    return _base62(crc32(text.encode()), _CHECKSUM_CHARS)


def _base62(number: int, length: int) -> str:
    found = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        found = _DIGITS[digit] + found
    return found.rjust(length, _DIGITS[0])
