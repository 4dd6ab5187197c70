"""Who may be ranked. Every reason against a region is told, in Indonesian and in English."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from contracts.award import Excluded
from regulation.award_rows import EligibilityRule
from regulation.awards import AwardEdition
from services.scoring.domain.candidate import Candidate


def _autonomous_region(candidate: Candidate, _: EligibilityRule) -> list[str]:
    if candidate.region.reports_spm:
        return []
    return ["Bukan daerah otonom yang wajib melaporkan SPM / Not an autonomous region that must report SPM"]


def _all_quarters_accepted(candidate: Candidate, _: EligibilityRule) -> list[str]:
    return [
        f"Tidak ada laporan {quarter.text} yang diterima / No report of {quarter.text} was accepted"
        for quarter, figures in candidate.year.items()
        if figures is None
    ]


def _no_open_integrity_finding(candidate: Candidate, rule: EligibilityRule) -> list[str]:
    last = candidate.last
    if last is None:
        return []
    return [
        f"Temuan {code} pada laporan {last.period} belum dijelaskan"
        f" / Finding {code} in the report of {last.period} has no justification"
        for code in last.open_warnings
        if code in rule.findings
    ]


GATES: Final[Mapping[str, Callable[[Candidate, EligibilityRule], list[str]]]] = MappingProxyType(
    {
        "autonomous_region": _autonomous_region,
        "all_quarters_accepted": _all_quarters_accepted,
        "no_open_integrity_finding": _no_open_integrity_finding,
    }
)


def exclusion(candidate: Candidate, edition: AwardEdition) -> Excluded | None:
    """None when the region may be ranked."""
    reasons = tuple(reason for rule in edition.eligibility for reason in GATES[rule.id](candidate, rule))
    return Excluded(region_code=candidate.region.code, reasons=reasons) if reasons else None
