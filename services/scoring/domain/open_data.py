"""What is given to everybody, as rows: scorecards, their parts, regions and awards, in a stable order.

Figures are unrounded and None is what was not reported or does not apply. The heading of each set says where its
figures come from, what they mean, and by the digest of which rows of law they were computed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from contracts.quarter import Quarter
from contracts.scorecard import ScorecardUpdatedV1
from contracts.submission import Submission
from regulation.law import Law
from regulation.rows import BothLists, CatalogueLevel, Checked
from services.scoring.domain.digests import digest_of
from services.scoring.domain.edition_view import ShownAward, ShownEdition
from services.scoring.domain.law_rows import written
from services.scoring.domain.league import Place

Cell = str | int | bool | Decimal | None
Row = Sequence[Cell]

_REPORTS: Final = "SPM reports of the regions, accepted by the SPM Awards system; scored by its published rows of law"
_INDEX: Final = (
    "index_pct: 0 to 100, mean of the sectors, each the mean of its services; completeness_pct stands beside it and is"
    " no part of it; before the fourth quarter compare with expected_pct, figures are cumulative; never rounded here"
)
REASON_STATED: Final = "(stated in the report)"
_ALL_LEVELS: Final[frozenset[CatalogueLevel]] = frozenset({"prov", "kab"})
_DIGESTS_KEPT_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Heading:
    dataset: str
    source: str
    definition: str
    law_digest: str
    """SHA-256 over the rows of law that were used, as canonical JSON."""
    columns: tuple[str, ...]


def scorecards_heading(law: Law, quarter: Quarter) -> Heading:
    """Raises:
    RegulationError: the law is silent on the quarter's last day.
    """
    columns = (
        *("region_code", "region_name", "kind", "province_code", "period", "reported", "rank_in_nation", "index_pct"),
        *("band", "completeness_pct", "expected_pct", "on_time", "arrived_at", "due_at", "revision", "submission_id"),
    )
    return Heading(f"scorecards {quarter.text}", _REPORTS, _INDEX, law_digest(law, (quarter,)), columns)


def scorecard_rows(law: Law, quarter: Quarter, places: Iterable[Place]) -> Iterator[Row]:
    """One a region that must report, in the order of their codes, whether it reported or not."""
    expected_pct = law.expected_path(quarter.number, quarter.last_day).expected_pct
    for place in sorted(places, key=lambda place: place.region.code):
        region, found = place.region, place.figures
        named = (region.code, region.name, region.kind, place.province.code, quarter.text, found is not None)
        if found is None:
            yield (*named, None, None, None, None, expected_pct, None, None, None, None, None)
        else:
            yield (
                *(*named, place.rank, found.index_pct, found.band, found.completeness_pct, expected_pct),
                *(found.on_time, _instant(found.arrived_at), _instant(found.due_at), found.revision),
                found.submission_id,
            )


def parts_heading(law: Law, dataset: str, quarters: Iterable[Quarter]) -> Heading:
    columns = (
        *("region_code", "period", "part", "sector", "service_type", "state"),
        *("recipients_pct", "quality_pct", "index_pct"),
    )
    return Heading(dataset, _REPORTS, _INDEX, law_digest(law, tuple(quarters)), columns)


def part_rows(scorecard: ScorecardUpdatedV1) -> Iterator[Row]:
    """The region as a whole, each sector, and each service, in the order of the law."""
    begin = (scorecard.region_code, scorecard.period)
    yield (*begin, "region", None, None, None, None, None, scorecard.index_pct)
    for sector in scorecard.sectors:
        yield (*begin, "sector", sector.sector, None, None, None, None, sector.index_pct)
        for one in sector.services:
            figures = (one.recipients_pct, one.quality_pct, one.index_pct)
            yield (*begin, "service", sector.sector, one.service_type, one.state.value, *figures)


def regions_heading(law: Law) -> Heading:
    definition = "must_report: autonomous regions, which report SPM; code of the ministry, text with its dot"
    columns = ("region_code", "region_name", "kind", "province_code", "island_group", "must_report")
    rows = [law.regions[code] for code in sorted(law.regions)]
    return Heading("regions", law.sources[rows[0].source].title, definition, digest_of(written(rows)), columns)


def region_rows(law: Law) -> Iterator[Row]:
    for code in sorted(law.regions):
        region = law.regions[code]
        yield (code, region.name, region.kind, region.parent or code, region.island_group, region.reports_spm)


def awards_heading(shown: ShownEdition, digest: str) -> Heading:
    columns = (
        *("edition_year", "fiscal_year", "category", "outcome", "place", "region_code", "region_name"),
        *("score", "panel_pct", "final_score", "index_pct", "criterion", "score_pct", "weight_pct", "reason"),
    )
    definition = (
        "score: sum of criteria, each 0 to 100 by its weight; weights and definitions are our own and not official;"
        " outcome: winner or nominee, one row a criterion, or excluded, one row a reason; no winners until announced"
    )
    return Heading(f"awards {shown.edition_year}", _REPORTS, definition, digest, columns)


def award_rows(shown: ShownEdition) -> Iterator[Row]:
    for award in shown.awards:
        begin = (shown.edition_year, shown.fiscal_year, award.category)
        for row in (*_nominee_rows(award), *_excluded_rows(award)):
            yield (*begin, *row)


def _nominee_rows(award: ShownAward) -> Iterator[Row]:
    for one in award.nominees:
        won = one.region_code in award.winners
        place = award.winners.index(one.region_code) + 1 if won else one.rank
        begin = ("winner" if won else "nominee", place, one.region_code, one.region_name)
        totals = (one.score, one.panel_pct, one.final_score, one.index_pct)
        for scored in one.criteria:
            yield (*begin, *totals, scored.criterion, scored.score_pct, scored.weight_pct, None)


def _excluded_rows(award: ShownAward) -> Iterator[Row]:
    for one in award.excluded:
        for reason in one.reasons:
            begin = ("excluded", None, one.region_code, one.region_name)
            yield (*begin, None, None, None, None, None, None, None, reason)


def without_reasons(report: Submission) -> Submission:
    """The report without what a region says in its own words: figures are public, free text nobody has looked over."""
    services = tuple(
        replace(one, no_target_reason=REASON_STATED) if one.no_target_reason is not None else one
        for one in report.services
    )
    return report.model_copy(update={"services": services})


@lru_cache(maxsize=_DIGESTS_KEPT_MAX)
def law_digest(law: Law, quarters: tuple[Quarter, ...]) -> str:
    """Over every row that a scorecard of these quarters can rest on, whatever its region."""
    rows: dict[str, Checked] = {}
    for quarter in quarters:
        on = quarter.last_day
        found: list[Checked] = [
            *(law.index_weights(on), law.index_choices(on), law.expected_path(quarter.number, on)),
            *(law.index_method(sector, on) for sector in law.sectors),
            *(*law.bands(on), *law.catalogue(_ALL_LEVELS, on), *law.rows.of(BothLists), *law.regions.values()),
        ]
        rows |= {row.row_id: row for row in found}
    return digest_of(written(rows[row_id] for row_id in sorted(rows)))


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
