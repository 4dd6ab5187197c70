"""Invented reports, good and absurd, the same for the same seed: whatever the form can hold."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from contracts.message import Message
from contracts.submission import (
    ActionPlan,
    Budget,
    ImplementationTeam,
    Justification,
    NilReturn,
    Problem,
    QualityItem,
    Recipients,
    ServiceReport,
    Stage,
    StageReport,
    StageStatus,
    Submission,
)
from regulation.law import Law
from services.validation.domain.figures import Figures
from services.validation.domain.rulebook import services_of
from tests.validation.reports import (
    ADMINISTRATIVE,
    JAKARTA,
    KOTA,
    PROVINSI,
    UNKNOWN,
    closed,
    faultless,
    passed,
    peers_fixed,
    received,
    submission,
)

REGIONS = (KOTA, "64.72", PROVINSI, JAKARTA, ADMINISTRATIVE, UNKNOWN)
PERIODS = tuple(f"{year}Q{quarter}" for year in (2022, 2023, 2024) for quarter in (1, 2, 3, 4))
STRAY = ("edu.kab.basic", "edu.prov.secondary", "health.kab.pregnancy", "sihir.kab.ajaib")
_TAME_SHARE = 0.25
_REASON = "Alasan sintetis yang cukup panjang."
_FIGURES = (None, 0, 1, 7, 800, 801, 999, 1_000, 1_001, 5_000, 10**9)
_RUPIAH = (None, 0, 1, 4_000_000_000, 5_000_000_000, 5_000_000_001, 9_999_999, 10**15)
_AMOUNTS = (None, 0, 1, 90, 100, 101, Decimal("0.5"), Decimal("99.9999"), 10**14)


def invented_log(law: Law, random: Random, reports: int, *, codes: tuple[str, ...]) -> Iterator[Message]:
    """Reports in a random order of regions and quarters, with marks and peer figures between them."""
    for number in range(reports):
        region, period = random.choice(REGIONS), random.choice(PERIODS)
        match random.random():
            case chance if chance < 0.05:
                yield closed(region, period, random.randint(1, 3))
            case chance if chance < 0.08:
                yield passed(random.choice((1, 7)), region, period)
            case chance if chance < 0.12:
                yield peers_fixed(
                    *_peers(random), region_code=region, period=period, period_revision=random.randint(0, 3)
                )
        tame = random.random() < _TAME_SHARE
        report = _tame(law, random, region, period) if tame else invented(law, random, region, period, codes=codes)
        yield received(report, f"s-{number}")


def _tame(law: Law, random: Random, region: str, period: str) -> Submission:
    """A whole report as it should be, so that there is something in force that others are held against."""
    step = random.choice((1, 1, 1, 2))
    return _whole(law, region, period, 200 * int(period[-1]) + step)


@cache
def _whole(law: Law, region: str, period: str, served: int) -> Submission:
    return faultless(law, region_code=region, period=period, served=served, items=1)


def invented(law: Law, random: Random, region: str, period: str, *, codes: tuple[str, ...]) -> Submission:
    names = [name for name in services_of(law, region, period) if random.random() < 0.1]
    if random.random() < 0.2:
        names += random.choices(STRAY, k=random.randint(1, 3))
    parts: dict[str, Any] = {
        "stages": _stages(random),
        "team": random.choice((None, _team(random))),
        "action_plan": random.choice((None, ActionPlan(document_number="1/RA", adopted_on=_day(random)))),
        "problems": tuple(
            Problem(
                service_type=random.choice((None, *STRAY)),
                problem="Kendala sintetis.",
                solution=random.choice((None, "Solusi sintetis.")),
            )
            for _ in range(random.choice((0, 0, 0, 1, 3)))
        ),
        "justifications": tuple(
            Justification(
                rule=random.choice(codes),
                service_type=random.choice((None, *STRAY)),
                author_role="Sekda",
                reason=_REASON,
            )
            for _ in range(random.choice((0, 0, 0, 1, 5)))
        ),
        "nil_return": random.choice((*[None] * 15, NilReturn(author_role="Sekda", reason=_REASON))),
    }
    return submission(*(_service(random, name) for name in names), region_code=region, period=period, **parts)


def _service(random: Random, name: str) -> ServiceReport:
    return ServiceReport(
        service_type=name,
        recipients=Recipients(
            target=random.choice(_FIGURES), served=random.choice(_FIGURES), unit=random.choice(("orang", "rumah"))
        ),
        quality=tuple(
            QualityItem(
                code=f"K{random.randint(1, 3)}",
                name="Butir sintetis",
                unit="unit",
                required=random.choice(_AMOUNTS),
                fulfilled=random.choice(_AMOUNTS),
            )
            for _ in range(random.randint(0, 3))
        ),
        budget=Budget(allocated=random.choice(_RUPIAH), realised=random.choice(_RUPIAH)),
        no_target_reason=random.choice((None, None, _REASON)),
    )


def _stages(random: Random) -> tuple[StageReport, ...]:
    stages = tuple(Stage) if random.random() < 0.6 else tuple(random.choices(tuple(Stage), k=random.randint(0, 5)))
    return tuple(StageReport(stage=stage, status=random.choice(tuple(StageStatus))) for stage in stages)


def _team(random: Random) -> ImplementationTeam:
    return ImplementationTeam(decree_number="1/SK", decree_date=_day(random), members=random.randint(1, 99))


def _day(random: Random) -> date:
    return date(random.choice((1999, 2022, 2023, 2031)), random.randint(1, 12), random.randint(1, 28))


def _peers(random: Random) -> list[dict[str, Figures]]:
    return [
        {name: Figures(1_000, random.randint(0, 1_000), random.randint(0, 10**10), 0) for name in STRAY[:3]}
        for _ in range(random.randint(1, 12))
    ]
