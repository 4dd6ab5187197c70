"""The conservation ledger: every report that was sent has exactly one place.

Its two sides are counted apart. What was sent is known from receipts and from the log of reports; the places are known
from verdicts, from what operators discarded, and from what stands in the log without either. So it can be out of
balance, and then something is wrong.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, computed_field

from contracts.message import Frozen
from contracts.verdict import VerdictOutcome

SHOWN_WITHIN: Final = timedelta(seconds=60)
"""A receipt is older only when the log should long have shown the report, a verdict only when the report should."""


class Entry(StrEnum):
    """What one report adds to a row of the ledger."""

    SENT = "sent"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_WARNINGS = "accepted_with_warnings"
    RETURNED = "returned"
    SUPERSEDED = "superseded"
    PENDING = "pending"
    DISCARDED = "discarded"
    UNLOGGED = "unlogged"
    UNSENT = "unsent"
    SCORED = "scored"
    VERDICT_ACCEPTED = "verdict_accepted"
    VERDICT_ACCEPTED_WITH_WARNINGS = "verdict_accepted_with_warnings"
    VERDICT_RETURNED = "verdict_returned"


VERDICT_OF: Final = {outcome: Entry(f"verdict_{outcome.value}") for outcome in VerdictOutcome}
_IN_A_ROW: Final = (
    Entry.SENT,
    Entry.ACCEPTED,
    Entry.ACCEPTED_WITH_WARNINGS,
    Entry.RETURNED,
    Entry.SUPERSEDED,
    Entry.PENDING,
    Entry.DISCARDED,
    Entry.UNLOGGED,
    Entry.UNSENT,
)


@dataclass(frozen=True, slots=True)
class Count:
    """So many reports of one client and period."""

    client_id: str
    period: str
    entry: Entry
    reports: int


class Balance(Frozen):
    """Reports and where they are."""

    sent: Annotated[int, Field(description="Answered with a receipt, or in the log.")]
    accepted: Annotated[int, Field(description="The last of region and period; those with warnings among them.")]
    accepted_with_warnings: int
    returned: int
    superseded: Annotated[int, Field(description="Whatever their verdict, a later report of the region was judged.")]
    pending: Annotated[int, Field(description="In the log and not yet judged, or on the way there since a minute.")]
    discarded: Annotated[int, Field(description="Put aside, and settled by operators without a verdict.")]
    unlogged: Annotated[int, Field(description="Have a receipt older than a minute, and the log has not shown them.")]
    unsent: Annotated[int, Field(description="Have a verdict older than a minute, and nobody sent them.")]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def difference(self) -> int:
        """Zero when every report that was sent has one place and every place a report.

        One report that was lost and one that nobody sent do not make up for each other.
        """
        placed = self.accepted + self.returned + self.superseded + self.pending + self.discarded
        return max(abs(self.sent - placed), self.unlogged + self.unsent)

    @computed_field  # type: ignore[prop-decorator]  # as above
    @property
    def balanced(self) -> bool:
        return self.difference == 0


class Row(Balance):
    client_id: str
    period: str


class Ledger(Frozen):
    rows: tuple[Row, ...]
    total: Balance
    verdicts: Annotated[dict[VerdictOutcome, int], Field(description="By outcome, those on superseded reports too.")]
    scored: int
    overdue: Annotated[int, Field(description="Regions without an accepted report when entry last closed, per period.")]

    @computed_field  # type: ignore[prop-decorator]  # as above
    @property
    def difference(self) -> int:
        """Of all rows: what is missing in one is not made up for by another."""
        return sum(row.difference for row in self.rows)

    @computed_field  # type: ignore[prop-decorator]  # as above
    @property
    def balanced(self) -> bool:
        return self.difference == 0


def ledger_of(counts: Iterable[Count], *, overdue: int) -> Ledger:
    """The rows in the order of client and period."""
    total: Counter[Entry] = Counter()
    rows: dict[tuple[str, str], Counter[Entry]] = {}
    for count in counts:
        total[count.entry] += count.reports
        rows.setdefault((count.client_id, count.period), Counter())[count.entry] += count.reports
    return Ledger(
        rows=tuple(
            Row(client_id=client_id, period=period, **_balance(counted))
            for (client_id, period), counted in sorted(rows.items())
        ),
        total=Balance(**_balance(total)),
        verdicts={outcome: total[entry] for outcome, entry in VERDICT_OF.items()},
        scored=total[Entry.SCORED],
        overdue=overdue,
    )


def _balance(counted: Counter[Entry]) -> dict[str, int]:
    figures = {entry.value: counted[entry] for entry in _IN_A_ROW}
    figures["accepted"] += figures["accepted_with_warnings"]
    return figures
