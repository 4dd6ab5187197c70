"""The dashboards as Grafana reads them, written with its own foundation SDK; `spm generate` keeps them."""

from itertools import count
from string import ascii_uppercase
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from deploy.grafana.boards import Board
from deploy.grafana.panels import Panel

_WIDTH: Final = 24
_HEIGHT: Final = 8
_IN_A_LINE: Final = 4
_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="spm-prometheus")


def drawn(board: Board) -> str:
    page = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .tags(["spm"])
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("Asia/Jakarta")
        .readonly()
    )
    numbers = count(1)
    for title, panels in board.rows.items():
        page = page.with_row(dashboard.Row(title).id(next(numbers)))
        width = _WIDTH // min(len(panels), _IN_A_LINE)
        for panel in panels:
            page = page.with_panel(_drawn(panel).id(next(numbers)).span(width).height(_HEIGHT))
    return JSONEncoder(sort_keys=True, indent=2).encode(page.build()) + "\n"


def _drawn(panel: Panel) -> timeseries.Panel:
    drawing = (
        timeseries.Panel()
        .title(panel.title)
        .description(f"{panel.tells} Empty: {panel.silent}" if panel.silent else panel.tells)
        .datasource(_SOURCE)
        .unit(panel.unit)
        .min(0)
        .legend(common.VizLegendOptions().show_legend(True))  # noqa: FBT003 - the SDK's own form
    )
    for ref, query in zip(ascii_uppercase, panel.queries, strict=False):
        drawing = drawing.with_target(
            prometheus.Dataquery().ref_id(ref).expr(query.expression).legend_format(query.legend or panel.title)
        )
    return drawing
