"""The reports themselves, every revision to the byte, as the log has them.

``reports``  one document a report, by its id; ``offset`` orders the reports of one region, which share a partition
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from chassis.mongo import ASCENDING, DESCENDING, Database, Document, keep_first
from contracts.submission import Submission


@dataclass(frozen=True, slots=True)
class KeptReport:
    """One revision."""

    submission_id: str
    region_code: str
    period: str
    content_digest: str
    written: bytes
    """The report's JSON, of which ``content_digest`` is the SHA-256."""

    @classmethod
    def of(cls, document: Document) -> Self:
        return cls(
            submission_id=document["_id"],
            region_code=document["region_code"],
            period=document["period"],
            content_digest=document["content_digest"],
            written=bytes(document["written"]),
        )

    @property
    def submission(self) -> Submission:
        return Submission.model_validate_json(self.written)


class Reports:
    def __init__(self, database: Database) -> None:
        self._reports = database["reports"]

    async def prepare(self) -> None:
        """Make the indexes."""
        await self._reports.create_index([("period", ASCENDING), ("region_code", ASCENDING), ("offset", DESCENDING)])

    async def add(self, reports: Iterable[Document]) -> None:
        """Reports from the log; the first record of a report counts."""
        await keep_first(self._reports, reports)

    async def report(self, submission_id: str) -> KeptReport | None:
        found = await self._reports.find_one({"_id": submission_id})
        return KeptReport.of(found) if found else None

    async def latest(self, region_code: str, period: str) -> KeptReport | None:
        """The last one that the log has, whatever was said of it since."""
        wanted = {"region_code": region_code, "period": period}
        found = await self._reports.find(wanted).sort("offset", DESCENDING).limit(1).to_list(1)
        return KeptReport.of(found[0]) if found else None
