"""The rulebook: one file a rule, listed in the order of ``regulation/rulesets.toml``, in which findings are told.

What stands here is how a rule is tested. Whether it is in force on a day, how severe it is and what officials are
told stands in the law.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from services.validation.domain.case import Case, Violation
from services.validation.domain.rules.all_service_types_reported import all_service_types_reported
from services.validation.domain.rules.counts_reported import counts_reported
from services.validation.domain.rules.cumulative_does_not_fall import cumulative_does_not_fall
from services.validation.domain.rules.fulfilled_within_required import fulfilled_within_required
from services.validation.domain.rules.no_target_has_reason import no_target_has_reason
from services.validation.domain.rules.realised_within_allocated import realised_within_allocated
from services.validation.domain.rules.region_reports import region_reports
from services.validation.domain.rules.served_within_target import served_within_target
from services.validation.domain.rules.service_types_of_level import service_types_of_level
from services.validation.domain.rules.stages_reported import stages_reported
from services.validation.domain.rules.target_has_budget import target_has_budget
from services.validation.domain.rules.team_formed import team_formed

Rule = Callable[[Case], Iterator[Violation]]

RULES: Final[Mapping[str, Rule]] = {
    "region-reports": region_reports,
    "service-types-of-level": service_types_of_level,
    "all-service-types-reported": all_service_types_reported,
    "counts-reported": counts_reported,
    "served-within-target": served_within_target,
    "fulfilled-within-required": fulfilled_within_required,
    "realised-within-allocated": realised_within_allocated,
    "target-has-budget": target_has_budget,
    "no-target-has-reason": no_target_has_reason,
    "cumulative-does-not-fall": cumulative_does_not_fall,
    "team-formed": team_formed,
    "stages-reported": stages_reported,
}
