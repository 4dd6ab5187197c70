"""The rules as they are told: what each demands, why, how it is mended, on what it rests and since when it holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import Field

from contracts.message import Bilingual, Digest, Frozen
from contracts.verdict import Severity
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.rows import DatedRow, Example, Rule, RuleKind, RuleTerms

KINDS: Final[Mapping[RuleKind, Bilingual]] = {
    "pre_check": Bilingual(id="Pemeriksaan awal", en="Pre-check"),
    "value": Bilingual(id="Nilai", en="Values"),
    "service_type": Bilingual(id="Dalam satu jenis pelayanan", en="Within a service type"),
    "across": Bilingual(id="Antarpelayanan dan antarsektor", en="Across service types and sectors"),
    "submission": Bilingual(id="Dalam laporan", en="Within the report"),
    "historical": Bilingual(id="Terhadap laporan sebelumnya", en="Against earlier reports"),
    "outlier": Bilingual(id="Pencilan", en="Outliers"),
    "completeness": Bilingual(id="Kelengkapan", en="Completeness"),
}
"""In the order in which people are shown them."""
SEVERITIES: Final[Mapping[Severity, Bilingual]] = {
    Severity.ERROR: Bilingual(id="Kesalahan: laporan dikembalikan", en="Error: the report is returned"),
    Severity.WARNING: Bilingual(id="Peringatan: perlu penjelasan", en="Warning: a reason is asked for"),
}
_LAWS_KEPT: Final = 4
_DAY: Final = timedelta(days=1)


class ToldThreshold(Frozen):
    id: str
    value: Decimal
    unit: str


class ToldTerms(Frozen):
    """From when to when the rule holds, how severely, by which figures."""

    first_day: date
    last_day: Annotated[date | None, Field(description="Null while it holds.")]
    severity: Severity
    thresholds: tuple[ToldThreshold, ...]


class ToldSource(Frozen):
    id: str
    title: str
    address: str
    article: str
    confidence: str
    checked_on: date


class ToldExample(Frozen):
    """Figures on a report that is faultless but for them; pointers name service types by their id."""

    sentence: Bilingual
    figures: Mapping[str, Any]
    left_out: tuple[str, ...]
    quarter_before: Mapping[str, Any] | None
    year_before: Mapping[str, Any] | None
    quarters_before: Annotated[
        Mapping[str, Any] | None, Field(description="One figure for each of the reports before, newest first.")
    ]
    peers: Annotated[Mapping[str, Any] | None, Field(description="One figure for each region of the same level.")]
    finding_at: Annotated[str | None, Field(description="Where the rule speaks; null where it is silent.")]


class ToldRule(Frozen):
    """One rule, in its latest words."""

    code: str
    kind: RuleKind
    name: Bilingual
    what: Bilingual
    why: Bilingual
    remedy: Bilingual
    source: ToldSource
    terms: Annotated[tuple[ToldTerms, ...], Field(description="Latest first; for reports of quarters that end then.")]
    right: ToldExample
    wrong: ToldExample
    page: str


class ToldClause(Frozen):
    """One rule of a rule set."""

    code: str
    kind: RuleKind
    severity: Severity
    name: Bilingual
    thresholds: tuple[ToldThreshold, ...]
    page: str


class ToldRuleSet(Frozen):
    """The rules for reports of quarters that end within these days, in the order in which findings are told."""

    id: str
    digest: Digest
    first_day: date
    last_day: Annotated[date | None, Field(description="Null while it holds.")]
    rules: tuple[ToldClause, ...]

    def holds(self, on: date) -> bool:
        return self.first_day <= on and (self.last_day is None or on <= self.last_day)


@dataclass(frozen=True, slots=True)
class Explanation:
    rules: Mapping[str, ToldRule]
    """By code, in the order in which their rows are written."""
    rulesets: tuple[ToldRuleSet, ...]
    """Earliest first."""

    def ruleset(self, on: date) -> ToldRuleSet | None:
        """The rule set that holds on a day; None where the law has none."""
        return next((ruleset for ruleset in self.rulesets if ruleset.holds(on)), None)


def page_of(code: str) -> str:
    return f"/rules/{code}"


@lru_cache(maxsize=_LAWS_KEPT)
def explain(law: Law) -> Explanation:
    latest = {row.code: row for row in sorted(law.rows.of(Rule), key=lambda row: row.valid_from)}
    codes = dict.fromkeys(terms.code for terms in law.rows.of(RuleTerms))
    return Explanation({code: _rule(law, latest[code]) for code in codes}, tuple(_rulesets(law)))


def _rule(law: Law, row: Rule) -> ToldRule:
    source = law.sources[row.source]
    return ToldRule(
        code=row.code,
        kind=row.kind,
        name=Bilingual(id=row.name_id, en=row.name_en),
        what=Bilingual(id=row.what_id, en=row.what_en),
        why=Bilingual(id=row.why_id, en=row.why_en),
        remedy=Bilingual(id=row.remedy_id, en=row.remedy_en),
        source=ToldSource(
            id=source.id,
            title=source.title,
            address=source.address,
            article=row.article,
            confidence=row.confidence,
            checked_on=row.checked_on,
        ),
        terms=tuple(_terms(terms for terms in law.rows.of(RuleTerms) if terms.code == row.code)),
        right=_example(row.passes),
        wrong=_example(row.fails),
        page=page_of(row.code),
    )


def _terms(rows: Iterable[RuleTerms]) -> Iterable[ToldTerms]:
    """A row holds until the day before the next of its series."""
    ends: date | None = None
    for row in sorted(rows, key=lambda row: row.valid_from, reverse=True):
        yield ToldTerms(
            first_day=row.valid_from,
            last_day=row.valid_until or ends,
            severity=Severity(row.severity),
            thresholds=_thresholds(row),
        )
        ends = row.valid_from - _DAY


def _thresholds(row: RuleTerms) -> tuple[ToldThreshold, ...]:
    return tuple(ToldThreshold(id=each.id, value=each.value, unit=each.unit) for each in row.thresholds)


def _example(example: Example) -> ToldExample:
    return ToldExample(
        sentence=Bilingual(id=example.id, en=example.en),
        figures=example.set,
        left_out=example.without,
        quarter_before=example.earlier,
        year_before=example.last_year,
        quarters_before=example.history,
        peers=example.peers,
        finding_at=example.at or None,
    )


def _rulesets(law: Law) -> Iterable[ToldRuleSet]:
    days = sorted(_days_of_change((*law.rows.of(RuleTerms), *law.rows.of(Rule))))
    for first_day, following in zip(days, [*days[1:], None], strict=True):
        try:
            ruleset = law.ruleset(first_day)
        except RegulationError:
            continue
        yield ToldRuleSet(
            id=ruleset.id,
            digest=ruleset.digest,
            first_day=first_day,
            last_day=following - _DAY if following else None,
            rules=tuple(
                ToldClause(
                    code=code,
                    kind=ruleset.rules[code].kind,
                    severity=Severity(terms.severity),
                    name=Bilingual(id=ruleset.rules[code].name_id, en=ruleset.rules[code].name_en),
                    thresholds=_thresholds(terms),
                    page=page_of(code),
                )
                for code, terms in ruleset.terms.items()
            ),
        )


def _days_of_change(rows: Iterable[DatedRow]) -> Iterable[date]:
    days = set[date]()
    for row in rows:
        days.add(row.valid_from)
        if row.valid_until is not None:
            days.add(row.valid_until + _DAY)
    return days
