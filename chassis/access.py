"""Who may do what: bearer API keys, kept only as hashes, each with scopes and a region."""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from chassis.errors import Misconfigured

PREFIX: Final = "spm"
EVERY_REGION: Final = "*"
_KEY_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32
_PARTS: Final = 3


class KeyRow(BaseModel):
    """What is kept of a key. The secret has 256 random bits, so a plain SHA-256 is enough to hide it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_id: Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
    client_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")]
    scopes: frozenset[str]
    region: Annotated[str, Field(pattern=r"^(\*|[1-9][0-9](\.[0-9]{2})?)$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    expires_at: AwareDatetime | None = None

    def may_act_for(self, region: str) -> bool:
        return self.region in {EVERY_REGION, region}


_ROWS: Final = TypeAdapter(list[KeyRow])


def issue_key(client_id: str, scopes: Sequence[str], region: str) -> tuple[str, KeyRow]:
    """A new token, shown once, and the row that is kept of it."""
    key_id = secrets.token_hex(_KEY_ID_BYTES)
    token = f"{PREFIX}_{key_id}_{secrets.token_hex(_SECRET_BYTES)}"
    row = KeyRow(key_id=key_id, client_id=client_id, scopes=frozenset(scopes), region=region, sha256=_hash(token))
    return token, row


class KeyRing:
    """The keys in force, by their id."""

    def __init__(self, rows: Sequence[KeyRow]) -> None:
        self._rows: Mapping[str, KeyRow] = {row.key_id: row for row in rows}

    @classmethod
    def read(cls, path: Path | None) -> "KeyRing":
        """The ring of a JSON file; an empty one, which admits nobody, where no file is named.

        Raises:
            Misconfigured: the file is missing or not a list of rows.
        """
        if path is None:
            return cls([])
        try:
            return cls(_ROWS.validate_json(path.read_bytes()))
        except OSError as error:
            raise Misconfigured(f"SPM_API_KEYS: {path} cannot be read ({error.strerror})") from error
        except ValidationError as error:
            raise Misconfigured(f"SPM_API_KEYS: {path} is no list of keys ({error.error_count()} faults)") from None

    def holder_of(self, token: str, now: datetime) -> KeyRow | None:
        """The row of a token that is genuine and not expired."""
        parts = token.split("_")
        row = self._rows.get(parts[1]) if len(parts) == _PARTS and parts[0] == PREFIX else None
        if row is None or not hmac.compare_digest(row.sha256, _hash(token)):
            return None
        return None if row.expires_at is not None and row.expires_at <= now else row


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
