from pathlib import Path
from shutil import copytree

import pytest

from regulation.loading import FOLDER, load_law
from services.scoring.app import read_law, refuse_unknown
from services.scoring.domain.errors import Unscorable


def test_all_that_the_law_names_can_be_computed() -> None:
    refuse_unknown(read_law())


def test_a_criterion_that_the_code_does_not_know_stops_the_start(tmp_path: Path) -> None:
    folder = copytree(FOLDER, tmp_path / "regulation")
    editions = folder / "award_editions.toml"
    editions.write_text(editions.read_text().replace('id = "action_plan"', 'id = "innovation"'))
    expected = (
        "award_editions/criteria/2024/innovation names the criterion 'innovation'; known are: action_plan, budget"
    )
    with pytest.raises(Unscorable, match=expected):
        refuse_unknown(load_law(folder))
