"""A province is told which of its regions are overdue: one letter, whichever of them is read first."""

from datetime import datetime, timedelta
from typing import Final

from contracts.message import Message, deterministic_id
from contracts.quarter import Quarter
from contracts.verdict import ReportOverdueV1
from regulation.law import Law
from services.notify.domain.facts import RegionsOverdue, SilentRegion
from services.notify.domain.matters import region_name
from services.notify.domain.notice import Matter

GATHERING: Final = timedelta(minutes=10)
"""So long after a region's fact came into the log the letter waits for those of its neighbours; a minute is usual."""


def matters_of_province(message: Message, law: Law, *, logged_at: datetime) -> list[Matter]:
    """That the region is overdue, for its province; each region of the day makes the same matter with itself in it.

    Raises:
        RegulationError: the law does not know the region.
    """
    if not isinstance(message, ReportOverdueV1) or message.days_after_due not in law.province_days(message.period):
        return []
    name = region_name(message.region_code, law)
    province = law.regions[message.region_code].parent
    if province is None:
        return []
    named = (province, message.period, str(message.period_revision), str(message.days_after_due))
    silent = SilentRegion(name=name, returned_reports=message.returned_reports)
    return [
        Matter(
            region_code=province,
            region_name=region_name(province, law),
            fiscal_year=Quarter.parse(message.period).fiscal_year,
            period=message.period,
            fact_id=deterministic_id("regions-overdue", *named),
            fact_at=message.occurred_at,
            submission_id=None,
            facts=RegionsOverdue(
                due_at=message.due_at,
                days_late=message.days_after_due,
                regions={message.region_code.replace(".", "-"): silent},
            ),
            ready_at=max(logged_at, message.occurred_at) + GATHERING,
        )
    ]
