"""Every query of every dashboard, asked of a Prometheus that watches an installation.

``python -m tests.deploy.panels http://127.0.0.1:9090`` fails where a panel is empty that has no reason to be.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from deploy.grafana.boards import BOARDS
from deploy.grafana.panels import Panel


@dataclass(frozen=True)
class Answered:
    board: str
    panel: Panel
    series: int
    fault: str = ""

    @property
    def good(self) -> bool:
        return not self.fault and (self.series > 0 or self.panel.silent is not None)

    def __str__(self) -> str:
        said = self.fault or (f"{self.series} series" if self.series else f"empty: {self.panel.silent or 'no reason'}")
        return f"{'ok ' if self.good else 'BAD'} {self.board:<18}{self.panel.title:<45}{said}"


def ask(prometheus: str) -> Iterator[Answered]:
    with httpx.Client(base_url=prometheus, trust_env=False, timeout=30) as client:
        for board in BOARDS:
            for panel in (panel for panels in board.rows.values() for panel in panels):
                for query in panel.queries:
                    said: dict[str, Any] = client.get("/api/v1/query", params={"query": query.expression}).json()
                    found = [one for one in said.get("data", {}).get("result", ()) if one["value"][1] != "NaN"]
                    yield Answered(board.uid, panel, len(found), str(said.get("error", "")))


def main(prometheus: str) -> int:
    answered = list(ask(prometheus))
    for one in answered:
        sys.stdout.write(f"{one}\n")
    bad = sum(not one.good for one in answered)
    sys.stdout.write(f"{len(answered)} queries, {bad} without an answer or a reason\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
