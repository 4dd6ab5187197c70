"""How long it takes to rank the nation, from figures alone and from the database: ``python -m tests.bench.ranking``.

Printed, never asserted: figures of a shared machine are no test. 546 regions have reported four quarters each.
"""

import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from chassis.memory import calm_collector
from chassis.mongo import Mongo
from contracts.award import CategoryAward
from contracts.quarter import quarters_of
from regulation.loading import load_law
from services.scoring.domain.audit import audit
from services.scoring.domain.bundle import bundle_of
from services.scoring.domain.figures import QuarterFigures
from services.scoring.domain.nomination import nominated
from services.scoring.domain.snapshot import Snapshot
from services.scoring.store import Store
from tests.engines import private_engines, run_with_engines
from tests.running import settings_for
from tests.scoring.editions import in_announcement, in_nomination
from tests.scoring.years import year

EDITION: Final = 2024
ROUNDS: Final = 9
GOAL_MS: Final = 200
LAW: Final = load_law()
PERIODS: Final = [quarter.text for quarter in quarters_of(EDITION - 1)]


class Taken(NamedTuple):
    median_ms: float
    best_ms: float
    cpu_ms: float
    """Of this process, in the median: what remains when nobody else uses the machine."""


def nation() -> list[QuarterFigures]:
    draw = random.Random(EDITION)
    return [
        quarter
        for region in LAW.regions.reporting()
        for quarter in year(region.code, index_pct=Decimal(draw.randint(0, 10**28)).scaleb(-26))
    ]


async def main() -> None:
    figures, edition = nation(), LAW.award_edition(EDITION)
    progress = in_announcement(in_nomination(LAW, edition, figures), edition)
    snapshot = Snapshot.of(figures)
    bundle = bundle_of(LAW, edition, progress, snapshot)
    calm_collector()
    with tempfile.TemporaryDirectory() as folder:
        async with private_engines(Path(folder)) as engines:
            mongod = await engines.mongod()
            deployment = Mongo(settings_for("127.0.0.1:1", mongod.address))
            store = Store(deployment.database("scoring"))
            await store.raise_heads(figures)

            async def pure() -> list[CategoryAward]:
                return list(nominated(LAW, edition, figures))

            async def read() -> int:
                return len(await store.figures_of(PERIODS))

            async def from_database() -> list[CategoryAward]:
                return list(nominated(LAW, edition, await store.figures_of(PERIODS)))

            async def whole_bundle() -> bytes:
                return bundle_of(LAW, edition, progress, snapshot)

            async def verify() -> int:
                return len(audit(bundle, LAW).differences)

            rows = [
                ("the nation ranked, three categories, pure", await took(pure)),
                ("its figures read from the database", await took(read)),
                ("the nation ranked from the database", await took(from_database)),
                (f"its bundle written ({len(bundle):,} bytes)", await took(whole_bundle)),
                ("its bundle verified", await took(verify)),
            ]
            await deployment.close()
    show(len(figures), rows)


async def took(act: Callable[[], Awaitable[object]]) -> Taken:
    elapsed, cpu = [], []
    for _ in range(ROUNDS):
        begun, begun_cpu = time.perf_counter(), time.process_time()
        await act()
        elapsed.append((time.perf_counter() - begun) * 1_000)
        cpu.append((time.process_time() - begun_cpu) * 1_000)
    return Taken(median(elapsed), min(elapsed), median(cpu))


def show(figures: int, rows: list[tuple[str, Taken]]) -> None:
    table = Table(title=f"{figures:,} reports of a year; goal of a ranking: {GOAL_MS} ms", box=None)
    for column in ("", "median ms", "best ms", "CPU ms"):
        table.add_column(column, justify="right" if column else "left")
    for name, taken in rows:
        table.add_row(name, *(f"{one:,.0f}" for one in taken))
    Console(width=110).print(table)


if __name__ == "__main__":
    run_with_engines(main())
