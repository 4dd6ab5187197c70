"""How long reports waited for their verdict."""

from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry

from chassis.clock import unix_s
from services.validation.metrics import ValidationMetrics
from tests.intake.reports import judged, received


def waits(age_s: float) -> float | None:
    registry, verdict = CollectorRegistry(), judged(received())
    logged_at = datetime.fromtimestamp(unix_s() - age_s, UTC)
    ValidationMetrics(registry).count([verdict], {verdict.submission_id: logged_at})
    assert registry.get_sample_value("spm_reports_judged_total", {"outcome": "accepted"}) == 1
    return registry.get_sample_value("spm_report_judged_seconds_count")


@pytest.mark.parametrize(("age_s", "counted"), [(-5, 1), (3, 1), (86_000, 1), (90_000, 0)])
def test_what_is_read_again_after_a_day_did_not_wait(age_s: float, counted: int) -> None:
    assert waits(age_s) == counted
