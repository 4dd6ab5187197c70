"""How a figure came about: a tree that anybody can compute again.

Its leaves are what the region reported, with the place in its report, and what rows of law say. Each inner node names
what it is, the operation, its value, and the rows of law that demand the operation. A null takes no part in a mean.

    share        first * 100 / second, at most the third
    sum          all of them added; a null adds nothing
    mean         their sum divided by how many they are
    weighted     first * second + third * fourth + ...
    zero         0, whatever was reported
    left_out     null: takes no part
    filled       100 when a figure is reported, 0 when not
    all_filled   100 when there is at least one and each is reported, else 0

Each value is computed exactly from the values below it and rounded once, half to even, to 28 digits.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field

from contracts.message import computed
from services.scoring.domain.rounding import NONE_PCT, WHOLE_PCT, mean, share_pct, total, weighted

Values = Sequence[Decimal | None]


class Operation(StrEnum):
    SHARE = "share"
    SUM = "sum"
    MEAN = "mean"
    WEIGHTED = "weighted"
    ZERO = "zero"
    LEFT_OUT = "left_out"
    FILLED = "filled"
    ALL_FILLED = "all_filled"


@computed
class Reported:
    """A figure of the report."""

    kind: Literal["reported"] = "reported"
    pointer: Annotated[str, Field(description="JSON pointer into the submission.")]
    value: Annotated[Decimal | None, Field(description="Null when not reported, or when it is no number.")] = None
    text: str | None = None


@computed
class Lawful:
    """What a row of law says."""

    kind: Literal["law"] = "law"
    row: str
    field: str
    value: Decimal | None = None
    text: str | None = None


@computed
class Computed:
    kind: Literal["computed"] = "computed"
    name: Annotated[str, Field(examples=["index", "sector:health", "service:health.kab.pregnancy"])]
    operation: Operation
    value: Decimal | None
    by: Annotated[tuple[Lawful, ...], Field(description="Why it is computed like this.")] = ()
    of: tuple["Node", ...] = ()


Node = Annotated[Reported | Lawful | Computed, Field(discriminator="kind")]


def node(name: str, operation: Operation, of: Sequence[Node], *, by: Sequence[Lawful] = ()) -> Computed:
    """The node over these, with its value."""
    value = OPERATIONS[operation]([_filled(node) if operation in _LOOK else node.value for node in of])
    return Computed(name=name, operation=operation, value=value, by=tuple(by), of=tuple(of))


def evaluate(node: Node) -> Decimal | None:
    """The node's value from the leaves alone; no value of an inner node is believed."""
    if not isinstance(node, Computed):
        return node.value
    below = [_filled(leaf) if node.operation in _LOOK else evaluate(leaf) for leaf in node.of]
    return OPERATIONS[node.operation](below)


def _filled(node: Node) -> Decimal:
    """Whether the figure stands in the report, as a percentage."""
    filled = node.value is not None or (isinstance(node, Reported) and node.text is not None)
    return WHOLE_PCT if filled else NONE_PCT


def _share(values: Values) -> Decimal:
    part, whole, at_most = (value for value in values if value is not None)
    return share_pct(part, whole, at_most=at_most)


def _sum(values: Values) -> Decimal:
    return total([value for value in values if value is not None])


def _mean(values: Values) -> Decimal | None:
    counted = [value for value in values if value is not None]
    return mean(counted) if counted else None


def _weighted(values: Values) -> Decimal:
    known = [value for value in values if value is not None]
    return weighted(list(zip(known[::2], known[1::2], strict=True)))


def _all_filled(values: Values) -> Decimal:
    return WHOLE_PCT if values and NONE_PCT not in values else NONE_PCT


OPERATIONS: Final[Mapping[Operation, Callable[[Values], Decimal | None]]] = MappingProxyType(
    {
        Operation.SHARE: _share,
        Operation.SUM: _sum,
        Operation.MEAN: _mean,
        Operation.WEIGHTED: _weighted,
        Operation.ZERO: lambda _: NONE_PCT,
        Operation.LEFT_OUT: lambda _: None,
        Operation.FILLED: _mean,
        Operation.ALL_FILLED: _all_filled,
    }
)
_LOOK: Final = frozenset({Operation.FILLED, Operation.ALL_FILLED})
"""Operations that look whether figures stand there, not at the figures."""
