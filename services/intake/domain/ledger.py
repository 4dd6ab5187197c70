"""The count of a year's reports: what was sent must be somewhere."""

from typing import Annotated

from pydantic import Field, computed_field

from contracts.message import Frozen


class Ledger(Frozen):
    """Counted from the documents, each figure by itself."""

    sent: Annotated[int, Field(description="Reports answered with a receipt.")]
    pending: Annotated[int, Field(description="Sent and not yet judged.")]
    judged: int
    accepted: int
    accepted_with_warnings: int
    returned: int
    scored: int
    superseded: Annotated[int, Field(description="Judged reports after which another one was judged.")]
    overdue: Annotated[int, Field(description="Regions without an accepted report when entry last closed, per period.")]

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def balanced(self) -> bool:
        """Every report that was sent has exactly one place."""
        verdicts = self.accepted + self.accepted_with_warnings + self.returned
        return self.judged == verdicts and self.sent == verdicts + self.pending
