"""Figures as people are shown them."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Final

from contracts.quarter import Quarter
from regulation.law import Law

_ROUNDINGS: Final[Mapping[str, str]] = {"half_up": ROUND_HALF_UP}


class Rounding:
    """Figures as the law of the quarter's last day shows them."""

    def __init__(self, law: Law, quarter: Quarter) -> None:
        choices = law.index_choices(quarter.last_day)
        self._step = Decimal(1).scaleb(-choices.display_decimals)
        self._rounding = _ROUNDINGS[choices.rounding]

    def to_nearest(self, figure: Decimal) -> Decimal:
        return figure.quantize(self._step, self._rounding)

    def up(self, figure: Decimal) -> Decimal:
        return figure.quantize(self._step, ROUND_UP)
