"""What a rule is shown, and what it says when it is broken."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from contracts.submission import Submission
from regulation.rows import Region, ServiceType

NOT_REPORTED: Final = "tidak diisi / not reported"


class Reached(NamedTuple):
    """What one service type had reached; None where the report did not say."""

    served: int | None
    realised: int | None


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """The accepted report of the latest earlier quarter of the same fiscal year that has one."""

    period: str
    reached: Mapping[str, Reached]


@dataclass(frozen=True, slots=True)
class Case:
    """A report with all that it is judged against."""

    submission: Submission
    region: Region | None
    """None where no region has the report's code."""
    services: Mapping[str, ServiceType]
    """What the region must serve, in the order of the law; empty where the region is unknown."""
    earlier: EarlierReport | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a rule does not hold. The texts are figures and names, which need no translation."""

    pointer: str
    found: str
    expected: str
    service_type: str | None = None


def exceeds(figure: int | Decimal | None, limit: int | Decimal | None) -> bool:
    """Whether a figure is above its limit; two figures are compared only where both are reported."""
    return figure is not None and limit is not None and figure > limit


def plain(amount: int | Decimal | None) -> str:
    """An amount in digits, without an exponent."""
    return NOT_REPORTED if amount is None else f"{amount:f}" if isinstance(amount, Decimal) else str(amount)
