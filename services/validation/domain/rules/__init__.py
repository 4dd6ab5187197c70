"""The rulebook: one file a rule.

What stands here is how a rule is tested. Whether it is in force on a day, how severe it is, by which thresholds it
judges and in which order findings are told stands in ``regulation/rulesets.toml``; what officials are told, in
``regulation/rules/``.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from services.validation.domain.case import Violation
from services.validation.domain.rules.action_plan_dated import action_plan_dated
from services.validation.domain.rules.action_plan_made import action_plan_made
from services.validation.domain.rules.all_service_types_reported import all_service_types_reported
from services.validation.domain.rules.allocation_changes_little import allocation_changes_little
from services.validation.domain.rules.allocation_like_last_year import allocation_like_last_year
from services.validation.domain.rules.attainment_usual_among_peers import attainment_usual_among_peers
from services.validation.domain.rules.budget_per_person_usual_among_peers import budget_per_person_usual_among_peers
from services.validation.domain.rules.budget_per_recipient_plausible import budget_per_recipient_plausible
from services.validation.domain.rules.cost_per_person_usual_for_region import cost_per_person_usual_for_region
from services.validation.domain.rules.counts_reported import counts_reported
from services.validation.domain.rules.cumulative_does_not_fall import cumulative_does_not_fall
from services.validation.domain.rules.deliveries_within_pregnancies import deliveries_within_pregnancies
from services.validation.domain.rules.disaster_told_alike import disaster_told_alike
from services.validation.domain.rules.figures_or_nil_return import figures_or_nil_return
from services.validation.domain.rules.fulfilled_within_required import fulfilled_within_required
from services.validation.domain.rules.item_units_agree import item_units_agree
from services.validation.domain.rules.justifications_name_a_rule import justifications_name_a_rule
from services.validation.domain.rules.newborns_agree_with_deliveries import newborns_agree_with_deliveries
from services.validation.domain.rules.newborns_within_toddlers import newborns_within_toddlers
from services.validation.domain.rules.nil_return_before_figures import nil_return_before_figures
from services.validation.domain.rules.nil_return_early_in_year import nil_return_early_in_year
from services.validation.domain.rules.nil_return_stands_alone import nil_return_stands_alone
from services.validation.domain.rules.no_target_has_no_spending import no_target_has_no_spending
from services.validation.domain.rules.no_target_has_reason import no_target_has_reason
from services.validation.domain.rules.official_is_another import official_is_another
from services.validation.domain.rules.patients_within_adults import patients_within_adults
from services.validation.domain.rules.people_are_whole import people_are_whole
from services.validation.domain.rules.period_has_ended import period_has_ended
from services.validation.domain.rules.problems_have_solutions import problems_have_solutions
from services.validation.domain.rules.problems_name_own_services import problems_name_own_services
from services.validation.domain.rules.quality_amounts_reported import quality_amounts_reported
from services.validation.domain.rules.quality_items_once import quality_items_once
from services.validation.domain.rules.quality_reported import quality_reported
from services.validation.domain.rules.realised_reported import realised_reported
from services.validation.domain.rules.realised_within_allocated import realised_within_allocated
from services.validation.domain.rules.reason_has_no_target import reason_has_no_target
from services.validation.domain.rules.region_reports import region_reports
from services.validation.domain.rules.report_is_not_the_last_again import report_is_not_the_last_again
from services.validation.domain.rules.requirement_is_above_zero import requirement_is_above_zero
from services.validation.domain.rules.school_ages_agree import school_ages_agree
from services.validation.domain.rules.served_grows_steadily import served_grows_steadily
from services.validation.domain.rules.served_has_quality import served_has_quality
from services.validation.domain.rules.served_like_last_year import served_like_last_year
from services.validation.domain.rules.served_pace_usual_for_region import served_pace_usual_for_region
from services.validation.domain.rules.served_within_target import served_within_target
from services.validation.domain.rules.service_has_spending import service_has_spending
from services.validation.domain.rules.service_types_of_level import service_types_of_level
from services.validation.domain.rules.service_types_reported_once import service_types_reported_once
from services.validation.domain.rules.service_types_stay import service_types_stay
from services.validation.domain.rules.shortfall_is_explained import shortfall_is_explained
from services.validation.domain.rules.spending_has_service import spending_has_service
from services.validation.domain.rules.stages_in_order import stages_in_order
from services.validation.domain.rules.stages_reported import stages_reported
from services.validation.domain.rules.target_does_not_change import target_does_not_change
from services.validation.domain.rules.target_has_budget import target_has_budget
from services.validation.domain.rules.target_like_last_year import target_like_last_year
from services.validation.domain.rules.team_decree_dated import team_decree_dated
from services.validation.domain.rules.team_formed import team_formed
from services.validation.domain.rules.unit_of_service_type import unit_of_service_type

Rule = Callable[..., Iterable[Violation]]
"""Takes a case, and as keyword-only arguments the thresholds that ``regulation/rulesets.toml`` gives it."""

RULES: Final[Mapping[str, Rule]] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        action_plan_dated,
        action_plan_made,
        all_service_types_reported,
        allocation_changes_little,
        allocation_like_last_year,
        attainment_usual_among_peers,
        budget_per_person_usual_among_peers,
        budget_per_recipient_plausible,
        cost_per_person_usual_for_region,
        counts_reported,
        cumulative_does_not_fall,
        deliveries_within_pregnancies,
        disaster_told_alike,
        figures_or_nil_return,
        fulfilled_within_required,
        item_units_agree,
        justifications_name_a_rule,
        newborns_agree_with_deliveries,
        newborns_within_toddlers,
        nil_return_before_figures,
        nil_return_early_in_year,
        nil_return_stands_alone,
        no_target_has_no_spending,
        no_target_has_reason,
        official_is_another,
        patients_within_adults,
        people_are_whole,
        period_has_ended,
        problems_have_solutions,
        problems_name_own_services,
        quality_amounts_reported,
        quality_items_once,
        quality_reported,
        realised_reported,
        realised_within_allocated,
        reason_has_no_target,
        region_reports,
        report_is_not_the_last_again,
        requirement_is_above_zero,
        school_ages_agree,
        served_grows_steadily,
        served_has_quality,
        served_like_last_year,
        served_pace_usual_for_region,
        served_within_target,
        service_has_spending,
        service_types_of_level,
        service_types_reported_once,
        service_types_stay,
        shortfall_is_explained,
        spending_has_service,
        stages_in_order,
        stages_reported,
        target_does_not_change,
        target_has_budget,
        target_like_last_year,
        team_decree_dated,
        team_formed,
        unit_of_service_type,
    )
}
