import shutil
from pathlib import Path

import pytest

from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import FOLDER, load_law
from regulation.published_results import PublishedResult, load_published_results

RESULTS = load_published_results()


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: result.row_id)
def test_a_published_region_exists_and_is_of_its_category(law: Law, result: PublishedResult) -> None:
    region = law.regions[result.region]
    assert result.category not in {"provinsi", "kabupaten", "kota"} or region.kind == result.category


@pytest.mark.parametrize(
    ("edition_year", "category", "winners"),
    [
        (2022, "provinsi", ["35", "73", "33"]),
        (2023, "provinsi", ["65", "32", "13"]),
        (2023, "kabupaten", ["33.13", "73.12", "32.01"]),
        (2023, "kota", ["36.71", "16.74", "13.71"]),
        (2024, "provinsi", ["32", "35", "64"]),
        (2024, "kabupaten", ["32.01"]),
        (2024, "kota", ["73.71", "36.74", "36.71"]),
        (2025, "provinsi", ["32", "31", "35"]),
    ],
)
def test_published_winners_stand_in_their_order(edition_year: int, category: str, winners: list[str]) -> None:
    ranked = sorted(
        (result.rank, result.region)
        for result in RESULTS
        if (result.edition_year, result.category, result.standing) == (edition_year, category, "winner")
        and result.rank is not None
    )
    assert [region for _, region in ranked] == winners


def test_no_rank_is_given_twice() -> None:
    ranks = [(row.edition_year, row.category, row.rank) for row in RESULTS if row.rank is not None]
    assert len(ranks) == len(set(ranks))


def test_the_law_reads_no_published_result(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    (tmp_path / "published_results.toml").unlink()
    assert load_law(tmp_path).regions


def test_a_score_without_unit_is_refused(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "published_results.toml"
    path.write_text(path.read_text().replace('unit = "percent"\n', ""))
    with pytest.raises(RegulationError, match="'score_pct' and 'unit' belong together") as refused:
        load_published_results(tmp_path)
    assert "published_results.toml, [[published_results]] row 1" in str(refused.value)
