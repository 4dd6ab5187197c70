"""Links by which a mailbox ends what it asked for, without signing in (RFC 8058).

A link is kept nowhere and works as long as the installation's secret is the same, after a rebuild too. It can do no
more than end a digest.
"""

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

UNSUBSCRIBE: Final = "/unsubscribe"
PURPOSE: Final = "spm unsubscribe"
"""What the key is derived for."""
_MAC_CHARS: Final = 32
_TOKEN: Final = re.compile(rf"(?P<recipient>[A-Za-z0-9._-]{{1,128}})\.(?P<mac>[0-9a-f]{{{_MAC_CHARS}}})")


@dataclass(frozen=True, slots=True)
class Unsubscribing:
    _public_url: str
    _key: bytes | None = field(default=None, repr=False)
    """None where the installation has no secret: then there are no links, and no token is one of ours."""

    @property
    def possible(self) -> bool:
        return self._key is not None

    def link(self, recipient_id: str) -> str | None:
        if self._key is None:
            return None
        return f"{self._public_url.rstrip('/')}{UNSUBSCRIBE}/{recipient_id}.{_mac(self._key, recipient_id)}"

    def recipient_of(self, token: str) -> str | None:
        """Whose the token is; None where it is none of ours."""
        found = _TOKEN.fullmatch(token)
        if found is None or self._key is None:
            return None
        recipient_id = found["recipient"]
        return recipient_id if hmac.compare_digest(_mac(self._key, recipient_id), found["mac"]) else None


def _mac(key: bytes, recipient_id: str) -> str:
    return hmac.digest(key, recipient_id.encode(), sha256).hex()[:_MAC_CHARS]
