"""What the sandbox keeps beside the collections that it shares in kind with the real job, and how all of it expires.

``rehearsals``  one document a request that a scenario treated otherwise than its repetition
"""

from datetime import datetime, timedelta
from typing import Final

from chassis.mongo import Area, insert_first

KEPT: Final = timedelta(days=30)
_LASTING: Final = frozenset({"periods"})
"""The sandbox's calendar; it is its own to make, and small."""
_EXPIRES: Final = "expires_at"


class Expiry:
    def __init__(self, area: Area) -> None:
        self._area = area
        self._rehearsals = area["rehearsals"]

    async def prepare(self) -> None:
        """Make the index by which each collection expires."""
        for name, collection in self._area.collections.items():
            if name not in _LASTING:
                await collection.create_index(_EXPIRES, expireAfterSeconds=0)

    async def date(self, now: datetime) -> None:
        """Give every document that has none its end."""
        for name, collection in self._area.collections.items():
            if name not in _LASTING:
                await collection.update_many({_EXPIRES: None}, {"$set": {_EXPIRES: now + KEPT}})

    async def first_time(self, request: str) -> bool:
        return await insert_first(self._rehearsals, {"_id": request})
