"""The rules as the law has them on the last day of a period: which, how severe, by which figures, in what words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from inspect import Parameter, signature
from types import MappingProxyType
from typing import Final

from contracts.message import Bilingual
from contracts.quarter import Quarter
from contracts.verdict import Severity
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.rows import Rule, RuleTerms, ServiceType
from regulation.rulesets import RuleSet
from services.validation.domain.case import Case, Violation
from services.validation.domain.rules import RULES

_PERIODS_KEPT: Final = 64
_LISTS_KEPT: Final = 4_096


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule in force."""

    code: str
    breaches: Callable[[Case], Iterable[Violation]]
    severity: Severity
    summary: Bilingual
    remedy: Bilingual


@dataclass(frozen=True, slots=True)
class Rulebook:
    ruleset_id: str
    ruleset_digest: str
    clauses: tuple[Clause, ...]
    """In the order in which findings are told."""
    codes: frozenset[str]


@lru_cache(maxsize=_PERIODS_KEPT)
def rulebook_of(law: Law, period: str) -> Rulebook:
    """Raises:
    RegulationError: no rule was in force in the period, or one that is in force cannot be tested.
    """
    ruleset = law.ruleset(Quarter.parse(period).last_day)
    clauses = tuple(_clause(ruleset, code) for code in ruleset.rules)
    return Rulebook(ruleset.id, ruleset.digest, clauses, frozenset(ruleset.rules))


def with_testable_rules(law: Law) -> Law:
    """The law itself, when each of its rule sets can be tested.

    Raises:
        RegulationError: a rule set names a rule that nobody wrote, or gives one other thresholds than it asks for.
    """
    first_days = {row.valid_from for kind in (RuleTerms, Rule) for row in law.rows.of(kind)}
    for day in sorted(first_days):
        ruleset = law.ruleset(day)
        for code in ruleset.rules:
            _clause(ruleset, code)
    return law


@lru_cache(maxsize=_LISTS_KEPT)
def services_of(law: Law, region_code: str, period: str) -> Mapping[str, ServiceType]:
    """What the region must serve in the period, by id and in the order of the law; empty for an unknown code.

    Raises:
        RegulationError: no service type was in force in the period.
    """
    region = law.regions.get(region_code)
    services = law.service_types(region, Quarter.parse(period).last_day) if region else ()
    return MappingProxyType({service.id: service for service in services})


def _clause(ruleset: RuleSet, code: str) -> Clause:
    words, terms = ruleset.rules[code], ruleset.terms[code]
    rule = RULES.get(code)
    if rule is None:
        raise RegulationError(f"{terms.row_id}: no rule of this code can be tested; known are {', '.join(RULES)}.")
    thresholds = ruleset.thresholds(code)
    asked = {name for name, given in signature(rule).parameters.items() if given.kind is Parameter.KEYWORD_ONLY}
    if asked != thresholds.keys():
        found, expected = ", ".join(sorted(thresholds)) or "none", ", ".join(sorted(asked)) or "none"
        raise RegulationError(f"{terms.row_id}: its thresholds are {found}, expected {expected}.")
    return Clause(
        code=code,
        breaches=partial(rule, **thresholds) if thresholds else rule,
        severity=Severity(terms.severity),
        summary=Bilingual(id=words.what_id, en=words.what_en),
        remedy=Bilingual(id=words.remedy_id, en=words.remedy_en),
    )
