"""Why a region was not nominated: answered from the nomination that stands, and told as it was answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.award import AwardReasonsAskedV1, CategoryAward
from contracts.language import Language
from contracts.message import Bilingual, Message
from contracts.quarter import quarters_of
from regulation.law import Law
from services.notify.domain.facts import NotNominated
from services.notify.domain.matters import region_name
from services.notify.domain.notice import Matter
from services.notify.domain.rounding import Rounding
from services.notify.domain.wording import one_line


@dataclass(frozen=True, slots=True)
class Nominations:
    """What a nomination that stands says of every category."""

    edition_year: int
    fiscal_year: int
    step: int
    awards: tuple[CategoryAward, ...]


def leaves_out(standing: Nominations, region: str) -> bool:
    """Whether any category compared the region, or left it out, and nominated others."""
    named = [one.region_code for award in standing.awards for one in award.others or ()]
    named += [one.region_code for award in standing.awards for one in award.excluded]
    return region in named


def answers(standing: Nominations, region: str, *, asked_by: str, at: datetime) -> list[AwardReasonsAskedV1]:
    """One for each category that compared the region or left it out; none of one that nominates it."""
    return [answer for award in standing.awards for answer in _of_category(standing, award, region, asked_by, at)]


def _of_category(
    standing: Nominations, award: CategoryAward, region: str, asked_by: str, at: datetime
) -> Iterable[AwardReasonsAskedV1]:
    behind = next((one for one in award.others or () if one.region_code == region), None)
    left_out = next((one for one in award.excluded if one.region_code == region), None)
    if behind is None and left_out is None:
        return []
    return [
        AwardReasonsAskedV1(
            region_code=region,
            edition_year=standing.edition_year,
            fiscal_year=standing.fiscal_year,
            category=award.category,
            step=standing.step,
            ranked=award.ranked,
            nominees=len(award.nominees),
            last_score=award.nominees[-1].score if award.nominees else None,
            rank=None if behind is None else behind.rank,
            score=None if behind is None else behind.score,
            reasons=() if left_out is None else left_out.reasons,
            asked_at=at,
            asked_by=asked_by,
        )
    ]


def matters_of_answer(message: Message, fact_id: str, law: Law) -> list[Matter]:
    return [_told(message, fact_id, law)] if isinstance(message, AwardReasonsAskedV1) else []


def _told(message: AwardReasonsAskedV1, fact_id: str, law: Law) -> Matter:
    rounded = Rounding(law, quarters_of(message.fiscal_year)[-1])
    category = law.award_edition(message.edition_year).category(message.category)
    last, own = message.last_score, message.score
    return Matter(
        region_code=message.region_code,
        region_name=region_name(message.region_code, law),
        fiscal_year=message.fiscal_year,
        period=None,
        fact_id=fact_id,
        fact_at=message.asked_at,
        submission_id=None,
        facts=NotNominated(
            edition_year=message.edition_year,
            category=Bilingual(id=category.name_id, en=category.name_en),
            ranked=message.ranked,
            nominees=message.nominees,
            last_score=None if last is None else rounded.to_nearest(last),
            rank=message.rank,
            score=None if own is None else rounded.to_nearest(own),
            lacking=None if last is None or own is None else rounded.up(last - own),
            reasons=tuple(_both(reason) for reason in message.reasons),
        ),
    )


def _both(reason: str) -> Bilingual:
    written = one_line(reason)
    return Bilingual(id=Language.INDONESIAN.half(written), en=Language.ENGLISH.half(written))
