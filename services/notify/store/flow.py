"""What the metrics show of notices; ``notices`` belongs to the module of the same name."""

from datetime import datetime

from chassis.mongo import DESCENDING, Database
from contracts.notice import NoticeState
from contracts.recipient import Channel


class Flow:
    def __init__(self, database: Database) -> None:
        self._notices = database["notices"]

    async def latest_fiscal_year(self) -> int | None:
        """On which there are notices."""
        latest = self._notices.find({"fiscal_year": {"$gt": 0}}, {"fiscal_year": True}).sort("fiscal_year", DESCENDING)
        found = await latest.limit(1).to_list(1)
        return found[0]["fiscal_year"] if found else None

    async def untried_since(self, channel: Channel, *, since: datetime) -> datetime | None:
        """When the fact happened of which the oldest notice was never tried, of facts behind ``since``."""
        waiting = self._notices.find(
            {"channel": channel, "next_at": {"$gt": since}, "state": NoticeState.CREATED}, {"fact_at": True}
        )
        found = await waiting.sort("next_at", 1).limit(1).to_list(1)
        return found[0]["fact_at"] if found else None
