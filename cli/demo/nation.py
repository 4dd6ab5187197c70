"""Which regions take part, and how strong each is."""

from bisect import bisect
from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Final

from cli.demo.catalogue import load_catalogue
from cli.demo.chance import chance
from cli.demo.figures import RegionYear, Strength, draw_year
from cli.demo.podium import Podium, strength_at
from contracts.submission import Stage
from regulation.law import Law
from regulation.rows import Region

NATION_LEAST: Final = 20
"""The places of the podium and a few regions that have faults."""

_YEAR_END_ATTAINMENT: Final = ((0.0, 0.44), (0.08, 0.60), (0.25, 0.70), (0.55, 0.80), (0.82, 0.90), (0.97, 0.97))
"""Shares of the regions, and the attainment that they stay below; those above the last reach everything."""
_EVERYTHING: Final = 1.0
_STRONG: Final = 0.88
_MIDDLING: Final = 0.6
_TEAM_FROM_THE_START: Final = 0.95


def choose_regions(law: Law, podium: Podium, count: int | None, random: Random) -> tuple[Region, ...]:
    """Every reporting region, or those of the podium and enough others.

    Raises:
        ValueError: so many or so few cannot be chosen.
    """
    reporting = law.regions.reporting()
    if count is None:
        return reporting
    if not NATION_LEAST <= count <= len(reporting):
        raise ValueError(f"a nation of {count} regions cannot be; choose {NATION_LEAST} to {len(reporting)}")
    others = [region.code for region in reporting if region.code not in podium.regions]
    chosen = podium.regions.union(random.sample(others, k=count - len(podium.regions)))
    return tuple(region for region in reporting if region.code in chosen)


def draw_years(
    law: Law, nation: Sequence[Region], podium: Podium, last_day: date, *, seed: int, random: Random
) -> Mapping[str, RegionYear]:
    """Each region's year by its code."""
    catalogue = load_catalogue()
    strengths = _strengths([region.code for region in nation], podium, seed, random)
    return {
        region.code: draw_year(
            region,
            law.service_types(region, last_day),
            strengths[region.code],
            catalogue,
            chance(seed, "year", region.code),
        )
        for region in nation
    }


def _strengths(codes: Sequence[str], podium: Podium, seed: int, random: Random) -> Mapping[str, Strength]:
    others = [code for code in codes if code not in podium.regions]
    random.shuffle(others)
    strengths = {
        place.region_code: strength_at(rank, len(Stage))
        for ranked in podium.places.values()
        for rank, place in enumerate(ranked)
    }
    for number, code in enumerate(others):
        attainment = _attainment((number + 0.5) / len(others))
        strengths[code] = _strength(attainment, chance(seed, "strength", code))
    return strengths


def _attainment(share: float) -> float:
    """What the region reaches below which this share of the nation stays."""
    at = bisect(_YEAR_END_ATTAINMENT, (share, _EVERYTHING))
    if at == len(_YEAR_END_ATTAINMENT):
        return _EVERYTHING
    (from_share, from_attainment), (to_share, to_attainment) = _YEAR_END_ATTAINMENT[at - 1 : at + 1]
    return from_attainment + (to_attainment - from_attainment) * (share - from_share) / (to_share - from_share)


def _strength(attainment: float, random: Random) -> Strength:
    """A region as strong as the podium in its services falls behind it in a stage, which every edition counts."""
    action_plan = random.random() < attainment
    stages_done = random.choice((len(Stage) - 1, len(Stage)))
    if attainment > _STRONG:
        stages_done = len(Stage) - 1
    elif attainment < _MIDDLING:
        stages_done = len(Stage) // 2
    return Strength(
        attainment=attainment,
        spending=min(0.99, attainment + random.uniform(-0.1, 0.15)),
        stages_done=stages_done,
        team_from=1 if random.random() < _TEAM_FROM_THE_START else random.choice((2, 3, None)),
        action_plan=action_plan,
    )
