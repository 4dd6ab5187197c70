"""The dashboards ask for what is measured."""

import json

import pytest

from cli.generate import ROOT
from deploy.grafana.boards import BOARDS, Board
from tests.deploy.test_alerts import asked, measured, rules


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: str(board.uid))
def test_a_board_asks_for_what_is_measured_or_recorded(board: Board) -> None:
    known = measured() | {rule["record"] for rule in rules("record")}
    for panel in (panel for panels in board.rows.values() for panel in panels):
        for query in panel.queries:
            assert asked(query.expression) <= known, panel.title


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: str(board.uid))
def test_a_panel_of_a_drawn_board_can_be_told_from_the_others(board: Board) -> None:
    drawn = json.loads((ROOT / "deploy" / "grafana" / "dashboards" / f"{board.uid}.json").read_bytes())

    numbers = [panel["id"] for panel in drawn["panels"]]
    assert len(numbers) == len(set(numbers)) == len(board.rows) + sum(map(len, board.rows.values()))
