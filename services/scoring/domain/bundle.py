"""Everything needed to recompute an edition offline, as one JSON document with one digest.

``bundle`` holds the figures of every region, the rows of law, every step with the panel's scores, and the result.
``digest`` is SHA-256 over its canonical bytes. ``copy`` is the same once more, deflated, with a digest of its own: it
proves nothing, it tells which of thousands of figures was changed, and from what.
"""

import zlib
from base64 import b64encode
from typing import Any, Final

from contracts.award import AwardStep
from contracts.quarter import quarters_of
from regulation.awards import AwardEdition
from regulation.law import Law
from services.scoring.domain.digests import canonical, digest_of
from services.scoring.domain.law_rows import rows_used, written
from services.scoring.domain.nomination import standing
from services.scoring.domain.snapshot import Snapshot
from services.scoring.domain.steps import Progress

FORMAT: Final = "spm-award-bundle/1"


def bundle_of(law: Law, edition: AwardEdition, progress: Progress, snapshot: Snapshot) -> bytes:
    """The document; ``snapshot`` is the one that the nomination froze."""
    return sealed(
        {
            "format": FORMAT,
            "edition_year": edition.edition_year,
            "fiscal_year": edition.fiscal_year,
            "law": written(rows_used(law, edition)),
            "rulesets": rulesets(law, edition),
            "figures": snapshot.written,
            "steps": [step.model_dump(mode="json") for step in progress.steps],
            "result": result_of(law, edition, progress, snapshot),
        }
    )


def sealed(bundle: dict[str, Any]) -> bytes:
    content = canonical(bundle)
    copy = b64encode(zlib.compress(content, level=9)).decode()
    return canonical({"bundle": bundle, "digest": digest_of(bundle), "copy": copy, "copy_digest": digest_of(copy)})


def rulesets(law: Law, edition: AwardEdition) -> dict[str, Any]:
    """The rules by which the reports of each quarter were judged, by their digest."""
    found = {quarter.text: law.ruleset(quarter.last_day) for quarter in quarters_of(edition.fiscal_year)}
    return {period: {"id": ruleset.id, "digest": ruleset.digest} for period, ruleset in found.items()}


def result_of(law: Law, edition: AwardEdition, progress: Progress, snapshot: Snapshot) -> dict[str, Any]:
    """What follows from figures, law and panel: the whole ranking of every category, and who won."""
    awards = {award.category: award for award in progress.awards}
    categories = {}
    for category in edition.categories:
        ranking, digest = standing(law, edition, category, snapshot.figures)
        categories[category.id] = {
            "ranked": [one.model_dump(mode="json") for one in ranking.ranked],
            "excluded": [one.model_dump(mode="json") for one in ranking.excluded],
            "figures_digest": digest,
            "nominees": [one.model_dump(mode="json") for one in awards[category.id].nominees],
            "winners": list(awards[category.id].winners),
        }
    nomination = progress.taken(AwardStep.NOMINATED)
    return {"snapshot_digest": snapshot.digest, "law_digest": nomination.law_digest, "categories": categories}
