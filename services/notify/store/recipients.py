"""Who is told, as the log says it; each document is the latest ``RecipientChangedV1`` of one recipient."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from chassis.mongo import Database, Document, Move, UpdateOne, find_by_id, move
from contracts.recipient import EVERY_REGION, Channel, RecipientChangedV1

OF_MAILBOX_MAX: Final = 1_000
"""One mailbox can serve a whole province."""


class RecipientStore:
    def __init__(self, database: Database) -> None:
        self._recipients = database["recipients"]

    async def prepare(self) -> None:
        await self._recipients.create_index([("region_code", 1), ("channel", 1)])
        await self._recipients.create_index("mailbox")
        await self._recipients.create_index("subscribed", partialFilterExpression={"subscribed": True})
        await self._recipients.create_index("changed_at", partialFilterExpression={"published": False}, name="unsaid")

    async def change(self, changes: Sequence[RecipientChangedV1]) -> None:
        """Keep new recipients, or the next revision of known ones.

        Raises:
            Conflict: somebody else changed one of them in the meantime.
        """
        await move(
            self._recipients,
            [Move(_document(change, published=False), change.revision - 1 or None) for change in changes],
        )

    async def keep_known(self, changes: Sequence[RecipientChangedV1]) -> None:
        """What stands in the log, in its order.

        An older revision never replaces a newer one. Published late, it may stand behind it, and compaction would keep
        it, address and all: so the newer one counts as unsaid until it is read behind it.
        """
        writes = []
        for change in changes:
            document = _document(change, published=True)
            fields = {name: value for name, value in document.items() if name != "_id"}
            writes += [
                UpdateOne({"_id": document["_id"]}, {"$setOnInsert": fields}, upsert=True),
                UpdateOne({"_id": document["_id"], "revision": {"$lte": change.revision}}, {"$set": fields}),
                UpdateOne(
                    {"_id": document["_id"], "revision": {"$gt": change.revision}}, {"$set": {"published": False}}
                ),
            ]
        if writes:
            await self._recipients.bulk_write(writes)

    async def of_regions(self, codes: Collection[str]) -> list[RecipientChangedV1]:
        """Everybody ever registered for these regions, and for all; those who left included."""
        return await self._found({"region_code": {"$in": [*codes, EVERY_REGION]}})

    async def in_force(
        self,
        channels: Collection[Channel],
        *,
        regions: Collection[str] | None = None,
        after: str | None = None,
        limit: int = 0,
    ) -> list[RecipientChangedV1]:
        """Those who did not leave, of these regions or of all, in the order of their ids behind the given one."""
        wanted: dict[str, Any] = {"channel": {"$in": list(channels)}, "active_until": None}
        if regions is not None:
            wanted |= {"region_code": {"$in": list(regions)}}
        if after is not None:
            wanted |= {"_id": {"$gt": after}}
        return await self._found(wanted, limit)

    async def of_mailbox(self, mailbox: str) -> list[RecipientChangedV1]:
        """Those who did not leave and are reached at this address, which is written in small letters."""
        return await self._found({"mailbox": mailbox, "active_until": None}, OF_MAILBOX_MAX)

    async def subscribed(self) -> list[RecipientChangedV1]:
        """Those who did not leave and now get what is mailed on request."""
        return await self._found({"subscribed": True, "active_until": None})

    async def by_ids(self, ids: Collection[str]) -> Mapping[str, RecipientChangedV1]:
        return {key: _message(found) for key, found in (await find_by_id(self._recipients, list(ids))).items()}

    async def unsaid(self, *, before: datetime, limit: int) -> list[RecipientChangedV1]:
        """Changes kept before that instant and not yet seen in the log."""
        return await self._found({"published": False, "changed_at": {"$lt": before}}, limit)

    async def _found(self, wanted: Mapping[str, Any], limit: int = 0) -> list[RecipientChangedV1]:
        """``limit`` 0 is none."""
        found = self._recipients.find(wanted).sort("_id", 1).limit(limit)
        return [_message(document) for document in await found.to_list(None)]


def _document(change: RecipientChangedV1, *, published: bool) -> Document:
    return {
        "_id": change.recipient_id,
        "revision": change.revision,
        "region_code": change.region_code,
        "channel": change.channel,
        "active_until": change.active_until,
        "changed_at": change.changed_at,
        "mailbox": change.address.lower() if change.channel is Channel.EMAIL and change.address else None,
        "subscribed": any(each.until is None for each in change.subscriptions),
        "published": published,
        "change": change.model_dump_json(),
    }


def _message(document: Document) -> RecipientChangedV1:
    return RecipientChangedV1.model_validate_json(document["change"])
