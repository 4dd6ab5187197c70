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


def test_a_year_that_names_a_method_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    folder = copytree(FOLDER, tmp_path / "regulation")
    with (folder / "index_choices.toml").open("a") as file:
        file.write(
            '\n[[index_methods]]\nfrom = 2024-01-01\nsector = "edu"\nmethod = "education_311_2022"\narticle = "x"\n'
        )
    expected = "index_methods/edu/2024-01-01 names the index method 'education_311_2022', which is not there; known are"
    with pytest.raises(Unscorable, match=expected):
        refuse_unknown(load_law(folder))
