"""What becomes of an edition of the SPM Awards."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.message import COUNT_MAX, Digest, Frozen, Identifier, Instant, Message, RegionCode, ShortWords, Words
from contracts.scorecard import Percent


class AwardState(StrEnum):
    NOMINATED = "nominated"
    DECIDED = "decided"


class CriterionScore(Frozen):
    criterion: str
    score_pct: Percent
    weight_pct: Percent


class Nominee(Frozen):
    rank: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    region_code: RegionCode
    score: Annotated[Decimal, Field(ge=0, le=100)]
    index_pct: Percent
    criteria: tuple[CriterionScore, ...]


class Excluded(Frozen):
    """A region that was not ranked, and every reason why."""

    region_code: RegionCode
    reasons: tuple[Words, ...]


class AwardChangedV1(Message):
    """An award of one category was nominated or decided."""

    TYPE: ClassVar[str] = "id.go.spm.award-changed.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:scoring"

    edition_year: Annotated[int, Field(ge=2022, le=2100)]
    fiscal_year: Annotated[
        int, Field(ge=2021, le=2100, description="The year that is judged, not the year of the award.")
    ]
    category: Annotated[str, Field(pattern=r"^[a-z_]{2,40}$", examples=["provinsi"])]
    revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    state: AwardState
    nominees: tuple[Nominee, ...]
    winners: Annotated[tuple[RegionCode, ...], Field(description="Best first; empty until decided.")] = ()
    ranked: Annotated[int, Field(ge=0, le=COUNT_MAX, description="Regions that were eligible and compared.")]
    excluded: tuple[Excluded, ...] = ()
    figures_digest: Annotated[Digest, Field(description="Over every figure that the ranking used.")]
    law_rows: tuple[str, ...]
    changed_at: Instant
    changed_by: Identifier
    author_role: ShortWords
    reason: Words | None = None

    def identity(self) -> str:
        return f"{self.edition_year}/{self.category}/{self.revision}"

    @property
    def key(self) -> str:
        return f"{self.edition_year}/{self.category}"

    @property
    def occurred_at(self) -> datetime:
        return self.changed_at
