"""What paths and queries name."""

from chassis.problems import Problem
from contracts.quarter import Quarter


def quarter(text: str) -> Quarter:
    """The period that a path or a query names.

    Raises:
        Problem: none.
    """
    try:
        return Quarter.parse(text)
    except ValueError as error:
        raise Problem(422, "unknown-period", f"{error}.") from None
