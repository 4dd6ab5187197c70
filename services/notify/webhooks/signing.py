"""Signatures of Standard Webhooks, by keys that are kept nowhere.

Each endpoint's keys follow from one secret of the installation (HKDF), the endpoint's id and the key's number. So they
stand in no log, no database and no backup, and a rebuild signs with the same.
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chassis.errors import Misconfigured
from contracts.recipient import RecipientChangedV1, Scheme, SigningKey

SECRET_BYTES_MIN: Final = 32
_KEY_BYTES: Final = 32
_CONTENT_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for every endpoint of the installation."""

    _secret: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path | None) -> "Signer | None":
        """The signer of the secret in the file; None where no file is named: then there are no webhooks.

        Raises:
            Misconfigured: the file cannot be read or holds too little to be a secret.
        """
        if path is None:
            return None
        try:
            secret = path.read_bytes().strip()
        except OSError as error:
            raise Misconfigured(f"SPM_WEBHOOK_SECRET: {path} cannot be read ({error.strerror})") from error
        if len(secret) < SECRET_BYTES_MIN:
            found = f"SPM_WEBHOOK_SECRET: {path} holds {len(secret)} bytes"
            raise Misconfigured(f"{found}, expected at least {SECRET_BYTES_MIN} random ones")
        return cls(secret)

    def shown(self, row: RecipientChangedV1, key: SigningKey) -> str:
        """What the receiver needs to verify: its half of the secret (``whsec_``), or our public key (``whpk_``)."""
        if row.scheme is Scheme.ASYMMETRIC:
            public = self._private_key(row, key).public_key().public_bytes_raw()
            return f"whpk_{b64encode(public).decode()}"
        return f"whsec_{b64encode(self._key(row, key)).decode()}"

    def headers(self, row: RecipientChangedV1, *, webhook_id: str, body: bytes, at: datetime) -> dict[str, str]:
        """With one signature for each key in force: two while a rotation lasts."""
        timestamp = str(int(at.timestamp()))
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        return {
            "content-type": _CONTENT_TYPE,
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(self._signature(row, key, signed) for key in keys_in_force(row.keys, at)),
        }

    def _signature(self, row: RecipientChangedV1, key: SigningKey, signed: bytes) -> str:
        if row.scheme is Scheme.ASYMMETRIC:
            signature = self._private_key(row, key).sign(signed)
        else:
            signature = hmac.digest(self._key(row, key), signed, sha256)
        return f"{row.scheme},{b64encode(signature).decode()}"

    def _private_key(self, row: RecipientChangedV1, key: SigningKey) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._key(row, key))

    def _key(self, row: RecipientChangedV1, key: SigningKey) -> bytes:
        return self.key_for(f"spm webhook {row.recipient_id} {row.scheme} {key.number}")

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for each purpose; none tells of another, nor of the secret."""
        return HKDF(algorithm=hashes.SHA256(), length=_KEY_BYTES, salt=None, info=purpose.encode()).derive(self._secret)


def keys_in_force(keys: Sequence[SigningKey], at: datetime) -> list[SigningKey]:
    return [key for key in keys if key.until is None or at < key.until]
