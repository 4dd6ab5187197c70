"""One way to write values as JSON, so that the same values have the same bytes and the same digest everywhere."""

import json
from hashlib import sha256
from typing import Any


def canonical(value: Any) -> bytes:
    """JSON in UTF-8 without blanks and with sorted keys; figures are text, never floating point."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def digest_of(value: Any) -> str:
    """SHA-256 over the canonical bytes, hexadecimal."""
    return sha256(canonical(value)).hexdigest()
