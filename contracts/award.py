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


CategoryId = Annotated[str, Field(pattern=r"^[a-z_]{2,40}$", examples=["provinsi"])]


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
    panel_pct: Annotated[Percent | None, Field(description="Null where no panel sits, or not yet scored.")] = None
    final_score: Annotated[
        Percent | None, Field(description="Score and panel together, by which winners are decided; null until then.")
    ] = None


class Excluded(Frozen):
    """A region that was not ranked, and every reason why."""

    region_code: RegionCode
    reasons: tuple[Words, ...]


class Ranked(Frozen):
    """A region that was compared and not nominated."""

    rank: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    region_code: RegionCode
    score: Percent


Others = Annotated[
    tuple[Ranked, ...] | None,
    Field(description="Ranked behind the nominees, best first; of a nomination, null where it was not kept."),
]


class AwardChangedV1(Message):
    """The nominees of one category were named, or its winners announced; follows from a step of the edition."""

    TYPE: ClassVar[str] = "id.go.spm.award-changed.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:scoring"

    edition_year: Annotated[int, Field(ge=2022, le=2100)]
    fiscal_year: Annotated[
        int, Field(ge=2021, le=2100, description="The year that is judged, not the year of the award.")
    ]
    category: CategoryId
    revision: Annotated[int, Field(ge=1, le=COUNT_MAX)]
    state: AwardState
    nominees: tuple[Nominee, ...]
    winners: Annotated[tuple[RegionCode, ...], Field(description="Best first; empty until decided.")] = ()
    ranked: Annotated[int, Field(ge=0, le=COUNT_MAX, description="Regions that were eligible and compared.")]
    excluded: tuple[Excluded, ...] = ()
    others: Others = None
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


class AwardStep(StrEnum):
    """The order of work. ``scored`` and ``confirmed`` are the panel's, where one sits; ``corrected`` undoes a step."""

    CLOSED = "closed"
    NOMINATED = "nominated"
    SCORED = "scored"
    CONFIRMED = "confirmed"
    DECIDED = "decided"
    ANNOUNCED = "announced"
    CORRECTED = "corrected"


class CategoryAward(Frozen):
    """What stands for one category after a step."""

    category: CategoryId
    nominees: tuple[Nominee, ...]
    winners: Annotated[tuple[RegionCode, ...], Field(description="Best first; empty until decided.")] = ()
    ranked: Annotated[int, Field(ge=0, le=COUNT_MAX, description="Regions that were eligible and compared.")]
    excluded: tuple[Excluded, ...] = ()
    others: Others = None
    figures_digest: Annotated[Digest, Field(description="Over every figure that the ranking used.")]


class PanelScore(Frozen):
    """What one seat of the panel gives one nominee."""

    category: CategoryId
    region_code: RegionCode
    score_pct: Percent


class AwardStepTakenV1(Message):
    """One step of an edition's order of work was taken: by whom, when and why."""

    TYPE: ClassVar[str] = "id.go.spm.award-step-taken.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:scoring"

    edition_year: Annotated[int, Field(ge=2022, le=2100)]
    fiscal_year: Annotated[int, Field(ge=2021, le=2100, description="The year that is judged.")]
    number: Annotated[int, Field(ge=1, le=COUNT_MAX, description="Counts the edition's steps, without gaps.")]
    step: AwardStep
    refers_to: Annotated[
        int | None, Field(ge=1, le=COUNT_MAX, description="The scores that are confirmed, or the step that is undone.")
    ] = None
    snapshot_digest: Annotated[
        Digest | None, Field(description="Over the figures of every region; of closing, nomination and decision.")
    ] = None
    submissions: Annotated[
        tuple[Identifier, ...],
        Field(description="The reports in the snapshot, by region and quarter; of a nomination."),
    ] = ()
    law_digest: Annotated[Digest | None, Field(description="Over the rows of law that the step rests on.")] = None
    law_rows: tuple[str, ...] = ()
    awards: Annotated[
        tuple[CategoryAward, ...], Field(description="Of nomination, decision and announcement: every category.")
    ] = ()
    seat: Annotated[str | None, Field(max_length=100, description="Whose scores these are.")] = None
    scores: tuple[PanelScore, ...] = ()
    taken_at: Instant
    taken_by: Identifier
    key_id: Annotated[Identifier, Field(description="The API key that was used; no secret.")]
    author_role: ShortWords
    reason: Words

    def identity(self) -> str:
        return f"{self.edition_year}/{self.number}"

    @property
    def key(self) -> str:
        return str(self.edition_year)

    @property
    def occurred_at(self) -> datetime:
        return self.taken_at


class AwardReasonsAskedV1(Message):
    """A region asked why it was not nominated, and this was the answer."""

    TYPE: ClassVar[str] = "id.go.spm.award-reasons-asked.v1"
    SOURCE: ClassVar[str] = "urn:spm:service:notify"

    region_code: RegionCode
    edition_year: Annotated[int, Field(ge=2022, le=2100)]
    fiscal_year: Annotated[int, Field(ge=2021, le=2100)]
    category: CategoryId
    step: Annotated[int, Field(ge=1, le=COUNT_MAX, description="The number of the nomination that is asked about.")]
    ranked: Annotated[int, Field(ge=0, le=COUNT_MAX)]
    nominees: Annotated[int, Field(ge=0, le=COUNT_MAX)]
    last_score: Annotated[Percent | None, Field(description="Of the last nominee; null where nobody was nominated.")]
    rank: Annotated[int | None, Field(ge=1, le=COUNT_MAX, description="Null for who was not ranked.")] = None
    score: Percent | None = None
    reasons: Annotated[tuple[Words, ...], Field(description="Why the region was not ranked.")] = ()
    asked_at: Instant
    asked_by: Identifier

    def identity(self) -> str:
        return f"{self.region_code}/{self.edition_year}/{self.category}/{self.step}"

    @property
    def key(self) -> str:
        return self.region_code

    @property
    def occurred_at(self) -> datetime:
        return self.asked_at
