"""What was refused at intake's doors.

``refusals``  one document a refusal, dropped by the database after 400 days; follows from no log
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Final

from chassis.audit import Refusal
from chassis.mongo import DESCENDING, Database, Document, insert_where_free

KEPT_S: Final = 400 * 86_400
_NEWEST_FIRST: Final = [("at", DESCENDING), ("_id", DESCENDING)]


class Refusals:
    def __init__(self, database: Database) -> None:
        self._refusals = database["refusals"]

    async def prepare(self) -> None:
        """Make the indexes."""
        await self._refusals.create_index("at", expireAfterSeconds=KEPT_S)
        await self._refusals.create_index([("client_id", DESCENDING), *_NEWEST_FIRST])
        await self._refusals.create_index(_NEWEST_FIRST)

    async def add(self, refusals: Iterable[tuple[str, Refusal]]) -> None:
        """Each under its id, so that the same may be added again."""
        await insert_where_free(self._refusals, [{"_id": id_} | asdict(refusal) for id_, refusal in refusals])

    async def page(self, client_id: str | None, after: tuple[datetime, str] | None, limit: int) -> list[Document]:
        """Newest first, those behind ``after`` (time, id)."""
        wanted: Document = {} if client_id is None else {"client_id": client_id}
        if after is not None:
            at, id_ = after
            wanted["$or"] = [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": id_}}]
        return await self._refusals.find(wanted).sort(_NEWEST_FIRST).limit(limit).to_list(limit)
