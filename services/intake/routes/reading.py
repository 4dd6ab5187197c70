"""What paths and queries name."""

from typing import Any

from chassis.access import KeyRow
from chassis.problems import Problem
from contracts.quarter import Quarter
from services.intake.store.submissions import Store


def quarter(text: str) -> Quarter:
    """The period that a path or a query names.

    Raises:
        Problem: none.
    """
    try:
        return Quarter.parse(text)
    except ValueError as error:
        raise Problem(422, "unknown-period", f"{error}.") from None


async def own_report(store: Store, submission_id: str, caller: KeyRow) -> dict[str, Any] | None:
    """None for what is not in the log yet, and the same for what is not the caller's: nobody learns what there is."""
    document = await store.submission(submission_id)
    if document is None or not document.get("published") or not caller.may_act_for(document["region_code"]):
        return None
    return document
