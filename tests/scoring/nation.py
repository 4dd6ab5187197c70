"""A synthetic year in scoring's database: scored in memory and kept through the store, without a broker."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from chassis.events import Event
from contracts.award import AwardStep
from contracts.quarter import Quarter, quarters_of
from contracts.submission import ServiceReport
from contracts.verdict import SubmissionJudgedV1
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.nomination import decided, nominated
from services.scoring.domain.scorecard import score
from services.scoring.domain.snapshot import Snapshot
from services.scoring.domain.steps import Author, Progress
from services.scoring.store import KeptScorecard, Store
from tests.scoring.reports import full_reports, judged, report, submission

YEAR = quarters_of(2023)
PERIODS = tuple(quarter.text for quarter in YEAR)
AUTHOR = Author(
    client_id="secretariat",
    key_id="0123456789ab",
    role="Sekretariat Bersama (sintetis)",
    reason="Angka sintetis",
    at=datetime(2024, 3, 1, 3, tzinfo=UTC),
)
SERVED = {"11": 300, "32": 990, "33": 880, "35": 985, "64": 1_000, "64.02": 555, "64.71": 900, "64.72": 900, "73": 700}
"""Of 1,000, at the end of the year; every other region is silent. 64.02 does not report the third quarter."""
CORRECTED = 987
IDLE = "housing.kab.relocation_home"
REASON = "Tidak ada relokasi menurut catatan kantor (sintetis)"
SILENT = {("64.02", "2023Q3")}


def verdicts(law: Law) -> list[SubmissionJudgedV1]:
    """The year's path is walked evenly; 64.72 is late each time. Nobody is relocated in 64.71, and it says why.

    35 corrects its last report.
    """
    last = YEAR[-1]
    corrected = judged(submission("35", _services(law, "35", last, CORRECTED), last.text), revision=2)
    return [*_first_reports(law), corrected]


def _first_reports(law: Law) -> list[SubmissionJudgedV1]:
    return [
        judged(
            submission(region, _services(law, region, quarter, served * quarter.number // 4), quarter.text),
            late=region == "64.72",
            early_by=timedelta(days=1),
        )
        for region, served in SERVED.items()
        for quarter in YEAR
        if (region, quarter.text) not in SILENT
    ]


def _services(law: Law, region: str, quarter: Quarter, served: int) -> list[ServiceReport]:
    idle = report(IDLE, target=0, served=0, no_target_reason=REASON)
    services = full_reports(law, region, quarter.text, served=served, items=2)
    return [idle if region == "64.71" and one.service_type == IDLE else one for one in services]


async def keep(store: Store, law: Law, judgements: Iterable[SubmissionJudgedV1]) -> None:
    kept = [
        KeptScorecard(scored.figures, Event.of(scored.scorecard, caused_by=one.event_id), _report(one))
        for one in judgements
        for scored in [score(one, law)]
    ]
    await store.keep_scorecards(kept)
    await store.raise_heads(one.figures for one in kept)


def _report(judged: SubmissionJudgedV1) -> bytes:
    return judged.submission.model_dump_json().encode() if judged.submission else b""


async def award(store: Store, law: Law, edition: AwardEdition, *, until: AwardStep) -> Progress:
    """The edition's steps up to this one, from the figures that are kept."""
    figures = Snapshot.of(await store.figures_of(PERIODS))
    progress = Progress().after(edition, AUTHOR, AwardStep.CLOSED, snapshot_digest=figures.digest)
    awards = nominated(law, edition, figures.figures)
    frozen = {"snapshot_digest": figures.digest, "law_rows": edition.row_ids}
    progress = progress.after(
        edition, AUTHOR, AwardStep.NOMINATED, awards=awards, submissions=figures.submissions, **frozen
    )
    won = decided(awards, edition, {})
    for step in (AwardStep.DECIDED, AwardStep.ANNOUNCED):
        if progress.stage is not until:
            progress = progress.after(edition, AUTHOR, step, awards=won, **frozen)
    await store.keep_published(progress.steps)
    return progress
