"""Editions on their way, made in memory."""

from collections.abc import Sequence

from contracts.award import AwardStep, PanelScore
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.law_rows import law_digest
from services.scoring.domain.nomination import decided, nominated
from services.scoring.domain.snapshot import Snapshot
from services.scoring.domain.steps import Author, Progress
from tests.scoring.reports import AUTHOR

ENTERS = Author("panitera", "111111111111", "Panitera tim penilai", "Berita acara sintetis", AUTHOR.at)
CONFIRMS = Author("pemeriksa", "222222222222", "Pemeriksa nilai", "Sesuai berita acara sintetis", AUTHOR.at)


def closed(edition: AwardEdition, figures: Sequence[QuarterFigures]) -> Progress:
    return Progress().after(edition, AUTHOR, AwardStep.CLOSED, snapshot_digest=Snapshot.of(figures).digest)


def in_nomination(law: Law, edition: AwardEdition, figures: Sequence[QuarterFigures]) -> Progress:
    snapshot = Snapshot.of(figures)
    return closed(edition, figures).after(
        edition,
        AUTHOR,
        AwardStep.NOMINATED,
        snapshot_digest=snapshot.digest,
        submissions=snapshot.submissions,
        law_digest=law_digest(law, edition),
        law_rows=edition.row_ids,
        awards=nominated(law, edition, snapshot.figures),
    )


def scored(progress: Progress, edition: AwardEdition, seat: str, scores: Sequence[PanelScore]) -> Progress:
    """Entered by one, confirmed by another."""
    entered = progress.after(edition, ENTERS, AwardStep.SCORED, seat=seat, scores=tuple(scores))
    number = entered.steps[-1].number
    return entered.after(edition, CONFIRMS, AwardStep.CONFIRMED, seat=seat, refers_to=number)


def in_announcement(progress: Progress, edition: AwardEdition) -> Progress:
    nomination = progress.taken(AwardStep.NOMINATED)
    awards = decided(nomination.awards, edition, progress.panel_scores())
    rests_on = {"law_digest": nomination.law_digest, "law_rows": nomination.law_rows, "awards": awards}
    decision = progress.after(
        edition, AUTHOR, AwardStep.DECIDED, snapshot_digest=nomination.snapshot_digest, **rests_on
    )
    return decision.after(edition, AUTHOR, AwardStep.ANNOUNCED, **rests_on)
