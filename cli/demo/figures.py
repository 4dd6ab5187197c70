"""A region's invented year: drawn once, reported four times, cumulative against annual targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from cli.demo.catalogue import Catalogue, Item, Service
from contracts.quarter import Quarter
from contracts.submission import (
    ActionPlan,
    Budget,
    ImplementationTeam,
    Official,
    Problem,
    QualityItem,
    Recipients,
    ServiceReport,
    Stage,
    StageReport,
    StageStatus,
    Submission,
)
from regulation.rows import Region, ServiceType

SOURCE_SYSTEM = "sintetis: spm demo"
_YEAR_END = 1.0
_ALLOCATION_STEP_RUPIAH = 100_000
_INHABITANTS_MEDIAN = {"provinsi": 4_200_000, "kabupaten": 310_000, "kota": 390_000}
_INHABITANTS_LEAST = 90_000
_TARGET_LEAST = 40
_TARGET_LEAST_OF_REGIONS = 4  # a service whose recipients are kabupaten and kota has few of them
_VICTIMS_OF_DISASTERS = ".disaster_protection"  # never idle, or the social office would contradict the others
_HEADS = {"provinsi": "Gubernur", "kabupaten": "Bupati", "kota": "Wali Kota"}
_IDLE_REASON = "Tidak ada kejadian yang memicu pelayanan ini pada tahun berjalan (data sintetis)."
_PROBLEMS = (
    ("Jumlah tenaga pelaksana belum sesuai standar.", "Penataan dan pelatihan tenaga dalam APBD perubahan."),
    ("Data sasaran antarperangkat daerah belum sama.", "Rekonsiliasi data sasaran setiap bulan."),
    ("Pengadaan barang terlambat.", "Percepatan pengadaan melalui katalog elektronik."),
    ("Jangkauan ke wilayah terpencil terbatas.", "Pelayanan keliling bersama kecamatan."),
)


@dataclass(frozen=True, slots=True)
class Strength:
    """How well a region does by the end of the year; ratios from 0 to 1."""

    attainment: float
    spending: float
    stages_done: int
    team_from: int | None
    """The quarter in which the implementation team was formed; None when it never was."""
    action_plan: bool
    scatter: float = 0.3
    """How unevenly the services do, the more the further they are from everything."""


@dataclass(frozen=True, slots=True)
class _Need:
    """An item of quality by the year's end, counted in its smallest unit."""

    item: Item
    required: int
    fulfilled: int


@dataclass(frozen=True, slots=True)
class _ServiceYear:
    service_type: ServiceType
    target: int
    served: int
    needs: tuple[_Need, ...]
    allocated: int
    realised: int

    def until(self, progress: float) -> ServiceReport:
        """What is reported when this share of the year's work is done."""
        return ServiceReport(
            service_type=self.service_type.id,
            recipients=Recipients(target=self.target, served=int(self.served * progress), unit=self.service_type.unit),
            quality=tuple(
                QualityItem(
                    code=need.item.code,
                    name=need.item.name,
                    unit=need.item.unit,
                    required=_amount(need.required, need.item.decimals),
                    fulfilled=_amount(int(need.fulfilled * progress), need.item.decimals),
                )
                for need in self.needs
            ),
            budget=Budget(allocated=self.allocated, realised=int(self.realised * progress)),
            no_target_reason=None if self.target else _IDLE_REASON,
        )


@dataclass(frozen=True, slots=True)
class RegionYear:
    region: Region
    strength: Strength
    services: tuple[_ServiceYear, ...]
    progress: tuple[float, ...]
    """Share of the year's work that is done at the end of each quarter; it never falls."""
    problems: tuple[Problem, ...]

    def has_team(self, quarter: Quarter) -> bool:
        team_from = self.strength.team_from
        return team_from is not None and quarter.number >= team_from

    def lacks_action_plan(self, quarter: Quarter) -> bool:
        """Whether the year ends without the plan that should have been made by then."""
        return quarter.number == len(self.progress) and not self.strength.action_plan

    def submission(self, quarter: Quarter) -> Submission:
        """The report as it should be, without a fault."""
        strength = self.strength
        year = quarter.fiscal_year
        return Submission(
            region_code=self.region.code,
            period=quarter.text,
            services=tuple(service.until(self.progress[quarter.number - 1]) for service in self.services),
            stages=_stages(strength.stages_done, quarter.number),
            team=_team(self.region.code, year) if self.has_team(quarter) else None,
            action_plan=_action_plan(self.region.code, year) if strength.action_plan else None,
            problems=self.problems,
            submitted_by=Official(role="Tim Penerapan SPM", unit=f"Sekretariat Daerah {self.region.name}"),
            accountable_official=Official(role=_HEADS[self.region.kind], unit=self.region.name),
            source_system=SOURCE_SYSTEM,
        )


def draw_year(
    region: Region, service_types: Sequence[ServiceType], strength: Strength, catalogue: Catalogue, random: Random
) -> RegionYear:
    inhabitants = max(_INHABITANTS_LEAST, int(_INHABITANTS_MEDIAN[region.kind] * random.lognormvariate(0, 0.5)))
    conditional = [row.id for row in service_types if row.conditional and not row.id.endswith(_VICTIMS_OF_DISASTERS)]
    idle = set(random.sample(conditional, k=random.randint(1, 2)))
    spreads: dict[str, float] = {}
    services = tuple(
        _draw_service(row, 0 if row.id in idle else inhabitants, strength, catalogue, random, spreads)
        for row in service_types
    )
    progress = (random.uniform(0.17, 0.26), random.uniform(0.42, 0.53), random.uniform(0.68, 0.79), _YEAR_END)
    told = random.sample(_PROBLEMS, k=2)
    problems = tuple(Problem(problem=problem, solution=solution) for problem, solution in told)
    return RegionYear(region, strength, services, progress, problems)


def _draw_service(
    row: ServiceType,
    inhabitants: int,
    strength: Strength,
    catalogue: Catalogue,
    random: Random,
    spreads: dict[str, float],
) -> _ServiceYear:
    """``spreads`` keeps how far the region lies from the mean, so that offices count the same people alike."""
    if not inhabitants:
        return _ServiceYear(row, target=0, served=0, needs=(), allocated=0, realised=0)
    described: Service = catalogue.services[row.id]
    least = _TARGET_LEAST_OF_REGIONS if row.unit == "kabupaten/kota" else _TARGET_LEAST
    spread = spreads.setdefault(described.counted_with or row.id, random.uniform(0.8, 1.2))
    target = max(least, int(inhabitants * described.entitled_per_million * spread) // 1_000_000)
    needs = tuple(
        _draw_need(item, target, _near(strength.attainment, strength, random)) for item in catalogue.items_of(row.id)
    )
    steps = int(target * described.cost_rupiah * random.uniform(0.7, 1.3)) // _ALLOCATION_STEP_RUPIAH + 1
    allocated = steps * _ALLOCATION_STEP_RUPIAH
    return _ServiceYear(
        row,
        target=target,
        served=round(target * _near(strength.attainment, strength, random)),
        needs=needs,
        allocated=allocated,
        realised=int(allocated * _near(strength.spending, strength, random)),
    )


def _draw_need(item: Item, target: int, share: float) -> _Need:
    required = max(1, -(-target * item.per_hundred // 100)) * 10**item.decimals
    return _Need(item, required, round(required * share))


def _near(ratio: float, strength: Strength, random: Random) -> float:
    return min(1.0, max(0.05, random.gauss(ratio, strength.scatter * (1 - ratio))))


def _amount(count: int, decimals: int) -> int | Decimal:
    return Decimal(count).scaleb(-decimals) if decimals else count


def _stages(done_by_the_end: int, quarter: int) -> tuple[StageReport, ...]:
    """One stage is finished a quarter, until the region gets no further."""
    done = min(done_by_the_end, quarter)
    statuses = [StageStatus.DONE] * done + [StageStatus.IN_PROGRESS] + [StageStatus.NOT_STARTED] * len(Stage)
    return tuple(StageReport(stage=stage, status=status) for stage, status in zip(Stage, statuses, strict=False))


def _team(code: str, year: int) -> ImplementationTeam:
    return ImplementationTeam(decree_number=f"SINTETIS/{code}/{year}", decree_date=date(year, 1, 16), members=24)


def _action_plan(code: str, year: int) -> ActionPlan:
    return ActionPlan(document_number=f"SINTETIS/RENAKSI/{code}/{year}", adopted_on=date(year, 2, 20))
