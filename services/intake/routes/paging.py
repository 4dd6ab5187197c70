"""Where a list goes on: behind one entry, in the order of newest first."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from urllib.parse import urlencode

from chassis.problems import Problem
from services.intake.domain.arrival import instant

Place = tuple[datetime, str]
"""Time and id of an entry."""


def next_link(path: str, **query: str | int | None) -> str:
    """The ``Link`` to the page behind (RFC 8288)."""
    given = urlencode({name: value for name, value in query.items() if value is not None})
    return f'<{path}?{given}>; rel="next"'


def cursor_of(at: datetime, id_: str) -> str:
    return urlsafe_b64encode(f"{at.isoformat()} {id_}".encode()).decode()


def place_of(cursor: str | None) -> Place | None:
    """None for the first page.

    Raises:
        Problem: the cursor is none of ours.
    """
    if cursor is None:
        return None
    try:
        at, id_ = urlsafe_b64decode(cursor).decode().split(" ")
        return instant(at), id_
    except ValueError:
        raise Problem(400, "bad-cursor", "The cursor is none of ours; take it from a Link header, unchanged.") from None
