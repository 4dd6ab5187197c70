"""What rows must have in common, beyond each being well written: the faults of those that contradict each other."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise

from regulation.award_rows import (
    EDITION_ROWS,
    AwardCategory,
    AwardCriterion,
    Edition,
    EligibilityRule,
    ReportingPoint,
    TieBreak,
)
from regulation.dated import all_in_force, series_faults
from regulation.index_rows import ExpectedPath, IndexChoices, IndexMethod, IndexRollup, IndexWeights
from regulation.reading import Rows
from regulation.rows import (
    Band,
    BothLists,
    Checked,
    DatedRow,
    DefaultCalendar,
    OverdueDay,
    Region,
    ReminderDay,
    Rule,
    RuleTerms,
    Sector,
    ServiceType,
)

LOWEST_PCT = Decimal(0)
WHOLE_PCT = Decimal(100)
DATED: tuple[type[DatedRow], ...] = (
    ServiceType,
    BothLists,
    IndexWeights,
    IndexChoices,
    IndexMethod,
    IndexRollup,
    ExpectedPath,
    Band,
    DefaultCalendar,
    ReminderDay,
    OverdueDay,
    Rule,
    RuleTerms,
)


def disagreements(rows: Rows) -> list[str]:
    return [
        *(fault for kind in DATED for fault in series_faults(rows.of(kind))),
        *_unknown_regions(rows),
        *_unknown_sectors(rows),
        *(fault for on in _first_days(rows.of(Band)) for fault in _uncovered(rows.of(Band), on)),
        *_editions_apart(rows),
        *_unknown_rules(rows),
        *_unknown_findings(rows),
        *(fault for edition in rows.of(Edition) for fault in _edition_unsound(rows, edition)),
    ]


def _first_days(rows: Iterable[DatedRow]) -> list[date]:
    return sorted({row.valid_from for row in rows})


def _unknown_regions(rows: Rows) -> list[str]:
    provinces = {region.code for region in rows.of(Region) if region.kind == "provinsi"}
    named: list[tuple[Checked, str]] = [(row, row.region) for row in rows.of(BothLists)]
    named += [(row, row.parent) for row in rows.of(Region) if row.parent is not None]
    named += [(row, row.provinsi) for row in rows.of(AwardCategory) if row.provinsi is not None]
    faults = [f"{row.row_id}: {code} is no provinsi of regions.toml" for row, code in named if code not in provinces]
    known = {region.code for region in rows.of(Region)}
    return faults + [
        f"{row.row_id}: {code} is no region of regions.toml"
        for row in rows.of(AwardCategory)
        for code in row.regions
        if code not in known
    ]


def _unknown_sectors(rows: Rows) -> list[str]:
    known = {sector.id for sector in rows.of(Sector)}
    named: tuple[ServiceType | IndexMethod, ...] = (*rows.of(ServiceType), *rows.of(IndexMethod))
    faults = [f"{row.row_id}: sector {row.sector!r} is not in sectors.toml" for row in named if row.sector not in known]
    without_method = known - {row.sector for row in rows.of(IndexMethod)}
    return faults + [f"index_choices/index_methods: sector {sector} has no row" for sector in sorted(without_method)]


def _uncovered(bands: tuple[Band, ...], on: date) -> list[str]:
    """Where the bands of a day leave a gap or overlap between 0 and the top."""
    ordered = sorted(all_in_force(bands, on), key=lambda band: band.lower_pct)
    faults = [
        f"{below.row_id} ends at {below.upper_pct} and {above.row_id} begins at {above.lower_pct}: both should be one"
        for below, above in pairwise(ordered)
        if below.upper_pct != above.lower_pct
    ]
    if ordered[0].lower_pct != LOWEST_PCT:
        faults.append(f"{ordered[0].row_id} is the lowest band and should begin at {LOWEST_PCT}")
    if ordered[-1].upper_pct is not None:
        faults.append(f"{ordered[-1].row_id} is the highest band and should have no upper_pct")
    return faults


def _editions_apart(rows: Rows) -> list[str]:
    judged = Counter(edition.fiscal_year for edition in rows.of(Edition))
    faults = [f"award_editions: {times} editions judge fiscal year {y}" for y, times in judged.items() if times > 1]
    known = {edition.edition_year for edition in rows.of(Edition)}
    return faults + [
        f"{row.row_id}: edition {row.edition_year} is not in award_editions.toml"
        for kind in EDITION_ROWS
        for row in rows.of(kind)
        if row.edition_year not in known
    ]


def _edition_unsound(rows: Rows, edition: Edition) -> list[str]:
    year = edition.edition_year
    faults = [
        f"{edition.row_id}: has no row in [[{kind.table.partition('/')[2]}]]"
        for kind in EDITION_ROWS
        if not any(row.edition_year == year for row in rows.of(kind))
    ]
    faults += _weights_apart(rows, edition)
    places = sorted(row.place for row in rows.of(TieBreak) if row.edition_year == year)
    if places != list(range(1, len(places) + 1)):
        faults.append(f"{edition.row_id}: places of its tie breaks are {places}, expected 1, 2, 3 and so on")
    points = {row.id for row in rows.of(ReportingPoint) if row.edition_year == year}
    if missing := {"on_time", "late", "missing"} - points:
        faults.append(f"{edition.row_id}: reporting points lack {', '.join(sorted(missing))}")
    return faults


def _weights_apart(rows: Rows, edition: Edition) -> list[str]:
    """Criteria, of the edition or of one category, that do not make a whole, or that are for no category."""
    year = edition.edition_year
    known = {None, *(row.id for row in rows.of(AwardCategory) if row.edition_year == year)}
    weights: dict[str | None, Decimal] = {}
    for row in rows.of(AwardCriterion):
        if row.edition_year == year:
            weights[row.category] = weights.get(row.category, LOWEST_PCT) + row.weight_pct
    return [
        f"{edition.row_id}: weights of its criteria{f' for {category}' if category else ''} sum to {weight}, expected"
        f" {WHOLE_PCT}"
        for category, weight in weights.items()
        if weight != WHOLE_PCT
    ] + [f"{edition.row_id}: criteria are for {category}, which is no category" for category in weights.keys() - known]


def _unknown_rules(rows: Rows) -> list[str]:
    codes = {rule.code for rule in rows.of(Rule)}
    return [
        f"{terms.row_id}: no row of rules/ has the code {terms.code!r}"
        for terms in rows.of(RuleTerms)
        if terms.code not in codes
    ]


def _unknown_findings(rows: Rows) -> list[str]:
    codes = {terms.code for terms in rows.of(RuleTerms)}
    return [
        f"{gate.row_id}: finding {code!r} is no rule of rulesets.toml"
        for gate in rows.of(EligibilityRule)
        for code in gate.findings
        if code not in codes
    ]
