"""Which notices speak of a quarter's figures; ``notices`` belongs to the module of the same name."""

from collections.abc import Collection, Iterable

from chassis.mongo import Database, aggregate
from contracts.notice import NoticeKind
from services.notify.domain.corrections import Letter


class LetterStore:
    def __init__(self, database: Database) -> None:
        self._notices = database["notices"]

    async def of_quarters(
        self, regions: Collection[str], periods: Collection[str], kinds: Iterable[NoticeKind]
    ) -> list[Letter]:
        """One of the notices of each such letter; a quarter may have had many, so nothing else of them is read."""
        found = await aggregate(
            self._notices,
            [
                {
                    "$match": {
                        "region_code": {"$in": list(regions)},
                        "period": {"$in": list(periods)},
                        "kind": {"$in": list(kinds)},
                    }
                },
                {
                    "$group": {
                        "_id": {
                            "region_code": "$region_code",
                            "period": "$period",
                            "revision": {"$ifNull": ["$facts.revision", "$facts.path_reached.revision", None]},
                        },
                        "notice_id": {"$min": "$_id"},
                    }
                },
            ],
        )
        return [Letter(**row["_id"], notice_id=row["notice_id"]) for row in found if row["_id"]["revision"] is not None]
