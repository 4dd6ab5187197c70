"""What of ``spm_notify`` does not follow from the log: how far senders are, what waits to be published, who came in."""

from typing import Final

from chassis.unlogged import Unlogged

UNLOGGED: Final = Unlogged(
    collections=frozenset({"ends_read", "oidc_requests", "readings", "sessions", "sign_in_links"}),
    waiting={
        "acknowledgements": {"published": False},
        "digests": {"published": False},
        "notices": {"$or": [{"next_at": {"$exists": True}}, {"published": False}]},
        "recipients": {"published": False},
    },
    fields={
        "notices": (
            *("state", "attempts", "next_at", "claim", "settled_at", "published"),
            *("payload", "payload_digest", "templates"),
        )
    },
)
