"""API keys as the log has them.

``keys``      the current revision of each key; ``announced`` says whether the log has it
``key_uses``  one document a key, when it was last used; follows from no log
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis.mongo import DESCENDING, Database, Document, Move, UpdateOne, find_by_id, move
from contracts.key import ClientKeyChangedV1

_NEWEST_FIRST = [("issued_at", DESCENDING), ("_id", DESCENDING)]


class Keys:
    def __init__(self, database: Database) -> None:
        self._keys = database["keys"]
        self._uses = database["key_uses"]

    async def prepare(self) -> None:
        """Make the indexes."""
        await self._keys.create_index(_NEWEST_FIRST)
        await self._keys.create_index("announced")

    async def key(self, key_id: str) -> ClientKeyChangedV1 | None:
        found = await self._keys.find_one({"_id": key_id})
        return _key(found) if found else None

    async def page(
        self, regions: Sequence[str] | None, after: tuple[datetime, str] | None, limit: int
    ) -> list[ClientKeyChangedV1]:
        """Newest first, those behind ``after`` (time of issue, id). ``regions``: None for every key."""
        wanted: Document = {}
        if regions is not None:
            wanted["region"] = {"$in": list(regions)}
        if after is not None:
            at, key_id = after
            wanted["$or"] = [{"issued_at": {"$lt": at}}, {"issued_at": at, "_id": {"$lt": key_id}}]
        return [_key(found) for found in await self._keys.find(wanted).sort(_NEWEST_FIRST).limit(limit).to_list(limit)]

    async def change(self, change: ClientKeyChangedV1) -> None:
        """Keep the next revision, not yet announced.

        Raises:
            Conflict: somebody else changed the key in the meantime.
        """
        await move(self._keys, [Move(_document(change) | {"announced": False}, change.revision - 1 or None)])

    async def unannounced(self) -> list[ClientKeyChangedV1]:
        return [_key(found) for found in await self._keys.find({"announced": False}).to_list(None)]

    async def announced(self, change: ClientKeyChangedV1) -> bool:
        """Note that the log has it; False where the key has moved on since."""
        wanted = {"_id": change.key_id, "revision": change.revision}
        done = await self._keys.update_one(wanted, {"$set": {"announced": True}})
        return bool(done.matched_count)

    async def add(self, changes: Iterable[ClientKeyChangedV1]) -> None:
        """Changes from the log.

        An older one replaces nothing; behind the newer one it asks for that to be announced again, because compaction
        keeps the last record: a key that was revoked would be in force.
        """
        writes = [UpdateOne({"_id": change.key_id}, _unless_older(change), upsert=True) for change in changes]
        if writes:
            await self._keys.bulk_write(writes)

    async def note_uses(self, uses: Mapping[str, datetime]) -> None:
        writes = [UpdateOne({"_id": key_id}, {"$max": {"at": at}}, upsert=True) for key_id, at in uses.items()]
        if writes:
            await self._uses.bulk_write(writes, ordered=False)

    async def last_uses(self, key_ids: Sequence[str]) -> dict[str, datetime]:
        return {key_id: found["at"] for key_id, found in (await find_by_id(self._uses, key_ids)).items()}


def _document(change: ClientKeyChangedV1) -> Document:
    return {"_id": change.key_id} | change.model_dump() | {"state": change.state.value, "scopes": list(change.scopes)}


def _key(document: Mapping[str, Any]) -> ClientKeyChangedV1:
    return ClientKeyChangedV1.model_validate(document, strict=False)


def _unless_older(change: ClientKeyChangedV1) -> list[Document]:
    newer = {"$gte": [change.revision, {"$ifNull": ["$revision", 0]}]}
    kept = {"$literal": _document(change) | {"announced": True}}
    again = {"$mergeObjects": ["$$ROOT", {"announced": False}]}
    return [{"$replaceWith": {"$cond": [newer, kept, again]}}]
