"""What was told and holds no more: a later report reached the path, in all or in a sector, or a step was undone.

Not every change is one. A returned report that comes again, or a gap that is smaller now, is told by a notice of its
own; a letter that nobody can trust any more is taken back here.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from contracts.award import AwardChangedV1, AwardStep, AwardStepTakenV1
from contracts.message import Bilingual, deterministic_id
from contracts.notice import NoticeKind
from contracts.quarter import Quarter
from contracts.scorecard import ScorecardUpdatedV1
from regulation.law import Law
from services.notify.domain.certificate import Certificate, Paper
from services.notify.domain.facts import (
    Correction,
    Deficiency,
    PathReached,
    RecoveredSector,
    SectorsRecovered,
    Withdrawn,
)
from services.notify.domain.matters import region_name
from services.notify.domain.notice import Matter
from services.notify.domain.rounding import Rounding
from services.notify.domain.wording import one_line

TAKEN_BACK: Final = (NoticeKind.ACHIEVEMENT_DEFICIENCY, NoticeKind.CORRECTION)
"""What is asked for of a quarter's past notices, to see whether a letter about its figures still stands."""
_OF_PAPER: Final = {Paper.NOMINEE: NoticeKind.AWARD_NOMINATED, Paper.WINNER: NoticeKind.AWARD_WON}


class Letter(NamedTuple):
    """What was told of the figures of a quarter's revision, and one of the notices that say it."""

    region_code: str
    period: str
    revision: int
    notice_id: str


def last_before(messages: Iterable[ScorecardUpdatedV1], letters: Iterable[Letter]) -> list[str]:
    """Of each of these scorecards a notice of the last letter before it, where there was one."""
    by_quarter: dict[tuple[str, str], dict[int, str]] = {}
    for letter in letters:
        by_quarter.setdefault((letter.region_code, letter.period), {})[letter.revision] = letter.notice_id
    last = set[str]()
    for message in messages:
        told = by_quarter.get((message.region_code, message.period), {})
        if earlier := [revision for revision in told if revision < message.revision]:
            last.add(told[max(earlier)])
    return sorted(last)


def may_correct(message: ScorecardUpdatedV1) -> bool:
    """Whether a letter about an earlier report of the quarter could have ceased to hold."""
    return message.revision > 1


def figures_corrected(message: ScorecardUpdatedV1, fact_id: str, told: Iterable[Matter], law: Law) -> Matter | None:
    """The correction of the last letter about this quarter's figures, where that said that they lie below the path.

    All of it where the region has reached the path; else of the sectors that have, to the agencies they belong to.
    """
    earlier = [
        (revision, matter)
        for matter in told
        if (matter.region_code, matter.period) == (message.region_code, message.period)
        and (revision := _revision(matter)) is not None
        and revision < message.revision
    ]
    _, last = max(earlier, key=lambda pair: pair[0], default=(0, None))
    if last is None or not isinstance(last.facts, Deficiency):
        return None
    rounded = Rounding(law, Quarter.parse(message.period))
    correction = Correction(replaces=last.kind, replaced_fact=last.fact_id, told_at=last.fact_at)
    if message.index_pct >= message.expected_pct:
        correction = correction.model_copy(update={"path_reached": _path_reached(last.facts, message, rounded)})
    elif recovered := _recovered(last.facts, message, rounded):
        correction = correction.model_copy(update={"sectors_recovered": recovered})
    else:
        return None
    return Matter(
        region_code=last.region_code,
        region_name=last.region_name,
        fiscal_year=last.fiscal_year,
        period=last.period,
        fact_id=fact_id,
        fact_at=message.occurred_at,
        submission_id=message.submission_id,
        facts=correction,
    )


def _path_reached(told: Deficiency, message: ScorecardUpdatedV1, rounded: Rounding) -> PathReached:
    return PathReached(
        told_revision=told.revision,
        told_index_pct=told.index_pct,
        told_gap_pct=told.gap_pct,
        told_sectors=tuple(weak.sector for weak in told.sectors if weak.sector is not None),
        revision=message.revision,
        index_pct=rounded.to_nearest(message.index_pct),
        expected_pct=rounded.to_nearest(message.expected_pct),
    )


def _recovered(told: Deficiency, message: ScorecardUpdatedV1, rounded: Rounding) -> SectorsRecovered | None:
    """None where each sector that was named still lies below the path, or nothing of it applies any more."""
    now = {one.sector: one.index_pct for one in message.sectors}
    sectors = tuple(
        RecoveredSector(
            sector=weak.sector,
            name=weak.name,
            told_index_pct=weak.index_pct,
            index_pct=rounded.to_nearest(index_pct),
        )
        for weak in told.sectors
        if weak.sector is not None
        and (index_pct := now.get(weak.sector)) is not None
        and index_pct >= message.expected_pct
    )
    if not sectors:
        return None
    expected_pct = rounded.to_nearest(message.expected_pct)
    return SectorsRecovered(
        told_revision=told.revision, revision=message.revision, expected_pct=expected_pct, sectors=sectors
    )


def withdrawn(correction: AwardStepTakenV1, issued: Sequence[Certificate], law: Law) -> list[Matter]:
    """To each nominee or winner of the step that was undone; ``issued`` are that step's certificates."""
    if correction.step is not AwardStep.CORRECTED:
        return []
    return [
        Matter(
            region_code=paper.region_code,
            region_name=region_name(paper.region_code, law),
            fiscal_year=paper.fiscal_year,
            period=None,
            fact_id=deterministic_id("withdrawn", correction.event_id, paper.category, kind),
            fact_at=correction.taken_at,
            submission_id=None,
            facts=Correction(
                replaces=kind,
                replaced_fact=_told_by(paper),
                told_at=paper.stated_at,
                withdrawn=Withdrawn(
                    edition_year=paper.edition_year,
                    category=_category(paper, law),
                    place=paper.place,
                    among=paper.among,
                    author_role=one_line(correction.author_role),
                    reason=one_line(correction.reason),
                ),
            ),
        )
        for paper in issued
        if (kind := _OF_PAPER.get(paper.paper)) is not None
    ]


def _revision(matter: Matter) -> int | None:
    match matter.facts:
        case Deficiency(revision=revision):
            return revision
        case Correction(path_reached=PathReached(revision=revision)):
            return revision
        case _:
            return None


def _told_by(paper: Certificate) -> str:
    """The id of the event by which the region was told of the step: its identity is that of ``AwardChangedV1``."""
    return deterministic_id(AwardChangedV1.TYPE, f"{paper.edition_year}/{paper.category}/{paper.step}")


def _category(paper: Certificate, law: Law) -> Bilingual:
    category = law.award_edition(paper.edition_year).category(paper.category)
    return Bilingual(id=category.name_id, en=category.name_en)
