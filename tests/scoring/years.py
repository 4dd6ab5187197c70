"""Synthetic years of figures for the tests of ranking and nomination."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts.quarter import quarters_of
from regulation.law import Law
from services.scoring.domain.candidate import Candidate
from services.scoring.domain.figures import QuarterFigures

DUE_AT = datetime(2024, 1, 20, 16, 59, 59, tzinfo=UTC)


def figures(region: str, period: str = "2023Q4", **changes: Any) -> QuarterFigures:
    """An accepted report on which every criterion has 90 or 100."""
    plain = {
        "region_code": region,
        "period": period,
        "revision": 1,
        "submission_id": f"sub-{region}-{period}-1",
        "index_pct": Decimal(90),
        "band": "tuntas_utama",
        "completeness_pct": Decimal(100),
        "budget_pct": Decimal(90),
        "stages_pct": Decimal(100),
        "team": True,
        "action_plan": True,
        "arrived_at": DUE_AT - timedelta(days=1),
        "due_at": DUE_AT,
        "on_time": True,
        "open_warnings": (),
    }
    return QuarterFigures.model_validate(plain | changes)


def year(region: str, **changes: Any) -> list[QuarterFigures]:
    """The four quarters of 2023, all alike."""
    return [figures(region, quarter.text, **changes) for quarter in quarters_of(2023)]


def candidate(law: Law, region: str, quarters: Iterable[QuarterFigures]) -> Candidate:
    known = {one.period: one for one in quarters}
    return Candidate(law.regions[region], {quarter: known.get(quarter.text) for quarter in quarters_of(2023)})
