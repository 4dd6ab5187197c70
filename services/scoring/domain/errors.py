from collections.abc import Sequence


class Unscorable(Exception):  # noqa: N818 - says what the report or the row is
    """It cannot be computed; the text tells what is missing or unknown and where to mend it."""


class OutOfOrder(Exception):  # noqa: N818 - says how the order stands to the order of work
    """A step of an edition cannot be taken now; each fault says what is missing or in the way, and what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


class AlreadyTaken(OutOfOrder):
    """A step stands already, with others behind it or with other content."""
