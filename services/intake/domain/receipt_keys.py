"""The Ed25519 keys of receipts: a JWK set, of which the first key signs and every one verifies.

A key's id is its thumbprint (RFC 7638), so it follows from the key and no file can name it otherwise.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

ALGORITHM: Final = "Ed25519"
"""Its fully specified name (RFC 9864)."""
KEYS_MAX: Final = 20


class ReceiptKeys:
    def __init__(self, keys: Sequence[OKPKey]) -> None:
        self._keys = {key.thumbprint(): key for key in keys}

    @classmethod
    def new(cls) -> Self:
        return cls([OKPKey.generate_key(ALGORITHM)])

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """The keys of a JWK set, public or with private parts.

        Raises:
            ValueError: it is none, or holds another kind of key.
        """
        found = json.loads(text)
        rows = found.get("keys") if isinstance(found, dict) else None
        if not isinstance(rows, list) or not 1 <= len(rows) <= KEYS_MAX:
            raise ValueError(f'expected a JWK set, {{"keys": […]}}, with 1 to {KEYS_MAX} keys')
        return cls([_key(row, place) for place, row in enumerate(rows)])

    @property
    def ids(self) -> list[str]:
        return list(self._keys)

    @property
    def can_sign(self) -> bool:
        return self.signing.is_private

    def find(self, key_id: str) -> OKPKey | None:
        return self._keys.get(key_id)

    @property
    def signing(self) -> OKPKey:
        return next(iter(self._keys.values()))

    def sign(self, message: bytes) -> bytes:
        """By the first key, whose private part must be there (``can_sign``)."""
        return cast("Ed25519PrivateKey", self.signing.private_key).sign(message)

    def rotated(self) -> Self:
        """With a new key in front; the ones before verify what they signed and sign no more."""
        before = [OKPKey.import_key(_written(key)) for key in self._keys.values()]
        return type(self)([OKPKey.generate_key(ALGORITHM), *before][:KEYS_MAX])

    def public(self) -> dict[str, Any]:
        """For everybody who checks a receipt."""
        return self._set(private=False)

    def secret(self) -> dict[str, Any]:
        """With the private parts that there are."""
        return self._set(private=True)

    @property
    def _first(self) -> OKPKey:
        return next(iter(self._keys.values()))

    def _set(self, *, private: bool) -> dict[str, Any]:
        named = {"use": "sig", "alg": ALGORITHM}
        rows = [{"kid": id_, **_written(key, private=private), **named} for id_, key in self._keys.items()]
        return {"keys": rows}


def _written(key: OKPKey, *, private: bool = False) -> dict[str, Any]:
    members = key.as_dict(private=private and key.is_private)
    return {name: members[name] for name in ("kty", "crv", "x", "d") if name in members}


def _key(row: Any, place: int) -> OKPKey:
    if not isinstance(row, Mapping) or (row.get("kty"), row.get("crv")) != ("OKP", ALGORITHM):
        raise ValueError(f"keys/{place} is no {ALGORITHM} key (kty OKP, crv {ALGORITHM})")
    try:
        key = OKPKey.import_key({name: row[name] for name in ("kty", "crv", "x", "d") if name in row})
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"keys/{place} is damaged: its parts are no {ALGORITHM} key") from None
    if key.private_key is not None and key.private_key.public_key() != OKPKey.import_key(_written(key)).public_key:
        raise ValueError(f"keys/{place} is damaged: its private part d belongs to another public part x")
    return key
