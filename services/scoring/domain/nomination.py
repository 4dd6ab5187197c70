"""Who is nominated and who wins, with a digest over every figure that it rests on."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from contracts.award import AwardChangedV1, AwardState, Excluded, Nominee
from contracts.message import Identifier, ShortWords, Words
from regulation.award_rows import AwardCategory
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.candidate import Candidate, candidates
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.ranking import rank


@dataclass(frozen=True, slots=True)
class Author:
    client_id: Identifier
    role: ShortWords
    reason: Words | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What law and figures alone say of one category."""

    nominees: tuple[Nominee, ...]
    ranked: int
    excluded: tuple[Excluded, ...]
    figures_digest: str
    law_rows: tuple[str, ...]

    def stands_in(self, award: AwardChangedV1) -> bool:
        """Whether the award says the same."""
        return self == Proposal(award.nominees, award.ranked, award.excluded, award.figures_digest, award.law_rows)


def propose(law: Law, edition: AwardEdition, category: AwardCategory, figures: Iterable[QuarterFigures]) -> Proposal:
    compared = candidates(law, category, edition.fiscal_year, figures)
    ranking = rank(compared, edition)
    return Proposal(
        nominees=ranking.ranked[: category.nominee_count],
        ranked=len(ranking.ranked),
        excluded=ranking.excluded,
        figures_digest=figures_digest(compared),
        law_rows=edition.row_ids,
    )


def figures_digest(compared: Sequence[Candidate]) -> str:
    """SHA-256 over the figures of every region of the category, in the order of codes and quarters.

    Written as JSON without blanks and with sorted keys; a quarter without an accepted report is null.
    """
    written = [
        [candidate.region.code, [quarter and quarter.model_dump(mode="json") for quarter in candidate.year.values()]]
        for candidate in compared
    ]
    return sha256(json.dumps(written, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def nominated(
    proposal: Proposal, edition: AwardEdition, category: AwardCategory, *, revision: int, author: Author
) -> AwardChangedV1:
    return AwardChangedV1(
        edition_year=edition.edition_year,
        fiscal_year=edition.fiscal_year,
        category=category.id,
        revision=revision,
        state=AwardState.NOMINATED,
        nominees=proposal.nominees,
        ranked=proposal.ranked,
        excluded=proposal.excluded,
        figures_digest=proposal.figures_digest,
        law_rows=proposal.law_rows,
        changed_at=author.at,
        changed_by=author.client_id,
        author_role=author.role,
        reason=author.reason,
    )


def decided(nomination: AwardChangedV1, category: AwardCategory, author: Author) -> AwardChangedV1:
    """The best of the nominees win, as many as the category has winners."""
    return nomination.model_copy(
        update={
            "revision": nomination.revision + 1,
            "state": AwardState.DECIDED,
            "winners": tuple(nominee.region_code for nominee in nomination.nominees[: category.winner_count]),
            "changed_at": author.at,
            "changed_by": author.client_id,
            "author_role": author.role,
            "reason": author.reason,
        }
    )
