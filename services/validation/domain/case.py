"""What a rule is shown, and what it says when it is broken."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from contracts.submission import Submission
from regulation.rows import Region, ServiceType
from services.validation.domain.outliers import Spread

NOT_REPORTED: Final = "tidak diisi / not reported"


class Figures(NamedTuple):
    """What an accepted report says of one service type; None where it does not say."""

    target: int | None
    served: int | None
    allocated: int | None
    realised: int | None


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """The report of an earlier quarter that is in force."""

    period: str
    figures: Mapping[str, Figures]
    """By service type."""


class PeerFigures(NamedTuple):
    """How one service type stood in the regions of one level; None where too few said enough."""

    attainment: Spread | None
    """Of served by target."""
    budget_per_target: Spread | None
    """Of allocated rupiah by target."""


@dataclass(frozen=True, slots=True)
class PeerGroup:
    """The regions of the region's own level, as they stood when the figures of a period were fixed."""

    period: str
    figures: Mapping[str, PeerFigures]
    """By service type."""


@dataclass(frozen=True, slots=True)
class Case:
    """A report with all that it is judged against."""

    submission: Submission
    region: Region | None
    """None where no region has the report's code."""
    services: Mapping[str, ServiceType]
    """What the region must serve, in the order of the law; empty where the region is unknown."""
    history: tuple[EarlierReport, ...] = ()
    """Of up to ``HISTORY_QUARTERS`` quarters before, newest first, other fiscal years included."""
    peers: PeerGroup | None = None
    """The same quarter of this or an earlier year; None while none was fixed before this report."""

    @property
    def earlier(self) -> EarlierReport | None:
        """The latest earlier quarter of the same fiscal year."""
        newest = self.history[0] if self.history else None
        return newest if newest and newest.period[:4] == self.submission.period[:4] else None


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
