"""What the metrics show of reports; ``submissions`` belongs to the module of the same name."""

from datetime import datetime
from typing import Final

from chassis.mongo import ASCENDING, Database, Document, aggregate
from services.intake.store.submissions import DISCARDED

_WAITING: Final[Document] = {"judged": None, "published": True, "$nor": [DISCARDED]}


class Flow:
    def __init__(self, database: Database) -> None:
        self._submissions = database["submissions"]

    async def prepare(self) -> None:
        # Only those that have no verdict stand in it, so that the oldest is found without looking at the others.
        await self._submissions.create_index(
            [("received.recorded_at", ASCENDING)], partialFilterExpression={"judged": None}, name="unjudged"
        )

    async def unjudged_since(self) -> datetime | None:
        """When the oldest report without a verdict was recorded."""
        waiting = self._submissions.find(_WAITING, {"received.recorded_at": True})
        found = await waiting.sort("received.recorded_at", ASCENDING).limit(1).to_list(1)
        return found[0]["received"]["recorded_at"] if found else None

    async def regions_reported(self, period: str) -> int:
        """How many regions handed in a report of the period, whatever its verdict."""
        counted = await aggregate(
            self._submissions,
            [
                {"$match": {"period": period, "published": True}},
                {"$group": {"_id": "$region_code"}},
                {"$count": "regions"},
            ],
        )
        return counted[0]["regions"] if counted else 0
