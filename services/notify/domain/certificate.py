"""What a certificate states, and how its number and digest follow from the step of the edition that it rests on.

Names of regions and categories are not part of the statement: a name that is written anew makes no paper false.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Final

from contracts.award import AwardStep, AwardStepTakenV1, CategoryAward, Nominee
from services.notify.domain.facts import Value
from services.notify.domain.wording import one_line


class Paper(StrEnum):
    WINNER = "winner"
    NOMINEE = "nominee"
    RANK = "rank"


class Standing(StrEnum):
    """What is found of a paper that somebody holds."""

    GENUINE = "genuine"
    WITHDRAWN = "withdrawn"
    NOT_GENUINE = "not_genuine"


_MARKS: Final[Mapping[Paper, str]] = {Paper.WINNER: "PP", Paper.NOMINEE: "PN", Paper.RANK: "SP"}
_NUMBER: Final = re.compile(r"(?:PP|PN|SP)-([1-9][0-9]{0,8})/[a-z_]{2,40}/[0-9.]{2,5}/([0-9]{4})")


class Certificate(Value):
    """Frozen when the step was taken, figures unrounded."""

    paper: Paper
    edition_year: int
    fiscal_year: int
    category: str
    region_code: str
    step: int
    """The number of the step, counted within the edition."""
    place: int
    among: int
    """Winners, nominees, or regions that were ranked."""
    score: Decimal
    index_pct: Decimal
    figures_digest: str
    stated_at: datetime
    author_role: str

    @property
    def number(self) -> str:
        """PP-5/kota/64.71/2024"""
        return f"{_MARKS[self.paper]}-{self.step}/{self.category}/{self.region_code}/{self.edition_year}"

    @property
    def digest(self) -> str:
        """SHA-256 over the statement as canonical JSON: names sorted, no blanks."""
        stated = self.model_dump(mode="json") | {"number": self.number}
        return sha256(json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Withdrawal(Value):
    """The correction that undid the step."""

    step: int
    at: datetime
    author_role: str


@dataclass(frozen=True, slots=True)
class Issued:
    certificate: Certificate
    withdrawn: Withdrawal | None = None
    """None: the step stands."""

    def standing(self, digest: str) -> Standing:
        """Of a paper with this certificate's number that bears the digest."""
        if digest != self.certificate.digest:
            return Standing.NOT_GENUINE
        return Standing.WITHDRAWN if self.withdrawn else Standing.GENUINE


def step_id(edition_year: int, step: int) -> str:
    return f"{edition_year}/{step}"


def step_named(number: str) -> str | None:
    """The id of the step that a certificate's number names; None where it is no such number."""
    match = _NUMBER.fullmatch(number)
    return step_id(int(match[2]), int(match[1])) if match else None


def certificates_of(step: AwardStepTakenV1) -> list[Certificate]:
    """Two for each nominee once nominated, one for each winner once announced; none before."""
    if step.step is AwardStep.NOMINATED:
        return [
            _certificate(step, award, nominee, paper, nominee.rank, among)
            for award in step.awards
            for nominee in award.nominees
            for paper, among in ((Paper.NOMINEE, len(award.nominees)), (Paper.RANK, award.ranked))
        ]
    if step.step is AwardStep.ANNOUNCED:
        return [
            _certificate(step, award, nominee, Paper.WINNER, place, len(award.winners))
            for award in step.awards
            for place, code in enumerate(award.winners, start=1)
            for nominee in award.nominees
            if nominee.region_code == code
        ]
    return []


def latest(issued: Iterable[Issued], paper: Paper) -> Issued | None:
    """The one that a later step issued in the place of one before; a correction withdraws and issues none."""
    return max(
        (one for one in issued if one.certificate.paper is paper), key=lambda one: one.certificate.step, default=None
    )


def _certificate(
    step: AwardStepTakenV1,
    award: CategoryAward,
    nominee: Nominee,
    paper: Paper,
    place: int,
    among: int,
) -> Certificate:
    final = nominee.score if nominee.final_score is None else nominee.final_score
    return Certificate(
        paper=paper,
        edition_year=step.edition_year,
        fiscal_year=step.fiscal_year,
        category=award.category,
        region_code=nominee.region_code,
        step=step.number,
        place=place,
        among=among,
        score=final if paper is Paper.WINNER else nominee.score,
        index_pct=nominee.index_pct,
        figures_digest=award.figures_digest,
        stated_at=step.taken_at,
        author_role=one_line(step.author_role),
    )
