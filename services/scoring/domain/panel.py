"""What the people of the panel give the nominees, and what becomes of the places by it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from contracts.award import CategoryAward, Nominee, PanelScore
from regulation.award_rows import Panel
from services.scoring.domain.rounding import EXACT, WHOLE_PCT, mean, weighted

Given = Mapping[tuple[str, str], Decimal]
"""One seat's scores, by category and region."""


def given(scores: Sequence[PanelScore]) -> Given:
    return {(score.category, score.region_code): score.score_pct for score in scores}


def placed(award: CategoryAward, panel: Panel, scores: Mapping[str, Given]) -> tuple[Nominee, ...]:
    """The nominees with the panel's score and the final one; as they were, where no panel sits.

    The panel's score is the mean over its seats. Every seat must have scored every nominee.
    """
    if not panel.seats:
        return award.nominees
    share = EXACT.scaleb(panel.weight_pct, -2)
    rest = EXACT.scaleb(EXACT.subtract(WHOLE_PCT, panel.weight_pct), -2)
    placed = []
    for nominee in award.nominees:
        by_seat = [scores[seat][award.category, nominee.region_code] for seat in panel.seats]
        panel_pct = mean(by_seat)
        final = weighted([(rest, nominee.score), (share, panel_pct)])
        placed.append(nominee.model_copy(update={"panel_pct": panel_pct, "final_score": final}))
    return tuple(placed)


def score_faults(scores: Sequence[PanelScore], nomination: Sequence[CategoryAward]) -> list[tuple[int | None, str]]:
    """Why a seat's scores cannot be taken, each with its place; None for what is missing."""
    nominees = {(award.category, one.region_code) for award in nomination for one in award.nominees}
    faults: list[tuple[int | None, str]] = []
    seen = set()
    for place, score in enumerate(scores):
        named = (score.category, score.region_code)
        if named not in nominees:
            faults.append((place, f"{score.region_code} is no nominee of {score.category}."))
        elif named in seen:
            faults.append((place, f"{score.region_code} of {score.category} is scored twice; give one score."))
        seen.add(named)
    missing = sorted(nominees - seen)
    return faults + [
        (None, f"{region} of {category} has no score; score every nominee.") for category, region in missing
    ]
