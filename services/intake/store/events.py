"""What regions are told of while it happens.

``events``  one document an event, by its id: kind, key and offset say where it stands in the log; kept 400 days
"""

from collections.abc import Callable, Iterable
from typing import Final

from chassis.mongo import ASCENDING, Database, Document, inserted, keep_first
from services.intake.domain.happenings import Cursor, Kind, in_order

KEPT_S: Final = 400 * 86_400


class Events:
    def __init__(self, database: Database) -> None:
        self._events = database["events"]

    async def prepare(self) -> None:
        """Make the indexes."""
        await self._events.create_index([("key", ASCENDING), ("kind", ASCENDING), ("offset", ASCENDING)])
        await self._events.create_index([("kind", ASCENDING), ("offset", ASCENDING)])
        await self._events.create_index("logged_at", expireAfterSeconds=KEPT_S)

    async def add(self, events: Iterable[Document]) -> None:
        """Events from the log, in its order; the first record of an event counts."""
        await keep_first(self._events, events)

    async def after(self, region_code: str, cursor: Cursor, limit: int) -> list[Document]:
        """The next events of a region and of the calendar.

        Cut by offsets, so that of one kind and key never a later one is given without those before it.
        """
        of_region = [
            {"key": region_code, "kind": kind.value, "offset": {"$gt": cursor.offset(kind)}}
            for kind in Kind
            if kind.of_a_region
        ]
        of_calendar: Document = {"kind": Kind.PERIOD_CHANGED.value}
        if seen := [{"key": period, "offset": {"$lte": offset}} for period, offset in cursor.periods.items()]:
            of_calendar["$nor"] = seen
        found = self._events.find({"$or": [*of_region, of_calendar]}).sort([("offset", ASCENDING), ("_id", ASCENDING)])
        return in_order(await found.limit(limit).to_list(limit))

    async def watch(self, heard: Callable[[str | None], None]) -> None:
        """Call ``heard`` with the key of each event that anybody adds, until cancelled.

        With None when it begins to listen: what was added before must be looked for.
        """
        async for event in inserted(self._events, ("key", "kind")):
            calendar = event is not None and event["kind"] == Kind.PERIOD_CHANGED
            heard(None if event is None or calendar else event["key"])
