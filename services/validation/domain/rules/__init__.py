"""The rulebook: one file a rule.

What stands here is how a rule is tested. Whether it is in force on a day, how severe it is, by which thresholds it
judges and in which order findings are told stands in ``regulation/rulesets.toml``; what officials are told, in
``regulation/rules/``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from services.validation.domain.case import Violation
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

Rule = Callable[..., Iterable[Violation]]
"""Takes a case, and as keyword-only arguments the thresholds that ``regulation/rulesets.toml`` gives it."""

RULES: Final[Mapping[str, Rule]] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        all_service_types_reported,
        counts_reported,
        cumulative_does_not_fall,
        fulfilled_within_required,
        no_target_has_reason,
        realised_within_allocated,
        region_reports,
        served_within_target,
        service_types_of_level,
        stages_reported,
        target_has_budget,
        team_formed,
    )
}
