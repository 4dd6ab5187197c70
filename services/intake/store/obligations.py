"""Reports as far as obligations ask of them; ``submissions`` belongs to the module of that name."""

from collections.abc import Mapping, Sequence

from chassis.mongo import Database, Document
from contracts.verdict import VerdictOutcome
from services.intake.domain.obligations import Sent
from services.intake.store.submissions import DISCARDED

_LINE = {"region_code": 1, "period": 1, "received.arrived_at": 1, "received.due_at": 1, "judged.outcome": 1} | {
    "judged.revision": 1
}


class SentReports:
    def __init__(self, database: Database) -> None:
        self._submissions = database["submissions"]

    async def of(self, region_codes: Sequence[str], periods: Sequence[str]) -> Mapping[tuple[str, str], list[Sent]]:
        """Every report that was answered with a receipt and not discarded, by region and period."""
        wanted = {
            "region_code": {"$in": list(region_codes)},
            "period": {"$in": list(periods)},
            "published": True,
            "$nor": [DISCARDED],
        }
        found: dict[tuple[str, str], list[Sent]] = {}
        for document in await self._submissions.find(wanted, _LINE).to_list(None):
            found.setdefault((document["region_code"], document["period"]), []).append(_sent(document))
        return found


def _sent(document: Document) -> Sent:
    received, judged = document["received"], document.get("judged", {})
    outcome = judged.get("outcome")
    return Sent(
        submission_id=document["_id"],
        arrived_at=received["arrived_at"],
        on_time=received["arrived_at"] <= received["due_at"],
        outcome=VerdictOutcome(outcome) if outcome else None,
        revision=judged.get("revision"),
    )
