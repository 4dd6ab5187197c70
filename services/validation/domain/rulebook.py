"""The rules as the law has them on the last day of a period: which, how severe, in what words."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from contracts.message import Bilingual
from contracts.quarter import Quarter
from contracts.verdict import Severity
from regulation.law import Law
from regulation.rows import Rule as RuleRow
from regulation.rows import ServiceType
from services.validation.domain.rules import RULES, Rule

_PERIODS_KEPT: Final = 64
_LISTS_KEPT: Final = 4_096


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule in force."""

    code: str
    breaches: Rule
    severity: Severity
    summary: Bilingual
    remedy: Bilingual


@dataclass(frozen=True, slots=True)
class Rulebook:
    ruleset_id: str
    ruleset_digest: str
    clauses: tuple[Clause, ...]


@lru_cache(maxsize=_PERIODS_KEPT)
def rulebook_of(law: Law, period: str) -> Rulebook:
    """Raises:
    RegulationError: no rule was in force in the period.
    """
    ruleset = law.ruleset(Quarter.parse(period).last_day)
    clauses = tuple(_clause(rule, ruleset.rules[code]) for code, rule in RULES.items() if code in ruleset.rules)
    return Rulebook(ruleset.id, ruleset.digest, clauses)


@lru_cache(maxsize=_LISTS_KEPT)
def services_of(law: Law, region_code: str, period: str) -> Mapping[str, ServiceType]:
    """What the region must serve in the period, by id and in the order of the law; empty for an unknown code.

    Raises:
        RegulationError: no service type was in force in the period.
    """
    region = law.regions.get(region_code)
    services = law.service_types(region, Quarter.parse(period).last_day) if region else ()
    return MappingProxyType({service.id: service for service in services})


def _clause(breaches: Rule, row: RuleRow) -> Clause:
    return Clause(
        code=row.code,
        breaches=breaches,
        severity=Severity(row.severity),
        summary=Bilingual(id=row.what_id, en=row.what_en),
        remedy=Bilingual(id=row.remedy_id, en=row.remedy_en),
    )
