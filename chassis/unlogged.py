"""What of a service's database does not follow from the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Unlogged:
    """A rebuild beside the running service leaves it as it is, or takes it over."""

    collections: frozenset[str] = frozenset()
    """Sessions and the like: they stay."""
    waiting: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By collection, which documents say what is not in the log yet; they are taken over."""
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of such documents, the fields that are taken over; all of them where none are named."""


NOTHING_UNLOGGED: Final = Unlogged()
