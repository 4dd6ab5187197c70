import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from chassis.problems import pointer
from cli.award import SHOWN_MAX
from cli.main import app
from regulation.loading import load_law
from services.scoring.domain.bundle import bundle_of
from services.scoring.domain.digests import canonical
from services.scoring.domain.snapshot import Snapshot
from tests.scoring.editions import in_announcement, in_nomination
from tests.scoring.years import year


@pytest.fixture(scope="module")
def document() -> bytes:
    law = load_law()
    edition, figures = law.award_edition(2024), [*year("64"), *year("32", on_time=False)]
    progress = in_announcement(in_nomination(law, edition, figures), edition)
    return bundle_of(law, edition, progress, Snapshot.of(figures))


@pytest.fixture
def file(tmp_path: Path, document: bytes) -> Path:
    path = tmp_path / "bundle.json"
    path.write_bytes(document)
    return path


def verify(file: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["award", "verify", str(file), *options])


def test_a_whole_edition_is_recomputed_from_its_bundle(file: Path, document: bytes) -> None:
    told = verify(file, "--digest", json.loads(document)["digest"])
    assert (told.exit_code, told.stderr) == (0, "")
    assert "Edition 2024, fiscal year 2023: recomputed, everything agrees." in told.stdout
    assert "provinsi: 64 Kalimantan Timur, 32 Jawa Barat" in told.stdout
    assert "kota: no winner yet" in told.stdout


def test_one_changed_figure_is_named(file: Path, document: bytes) -> None:
    forged = json.loads(document)
    forged["bundle"]["figures"][3]["on_time"] = True
    file.write_bytes(canonical(forged))
    told = verify(file)
    assert told.exit_code == 1
    where = pointer(["bundle", "figures", 3, "on_time"])
    assert told.stdout.splitlines()[1:] == [
        "This bundle does not verify; differences: 1",
        f"  {where}: found True, expected False",
    ]


def test_many_differences_are_counted(file: Path, document: bytes) -> None:
    forged = json.loads(document)
    for row in forged["bundle"]["law"]:
        row["checked_on"] = "2020-01-01"
    file.write_bytes(canonical(forged))
    shown = verify(file).stdout.splitlines()
    assert len(shown) == SHOWN_MAX + 3
    assert shown[-1] == f"  and {len(forged['bundle']['law']) - SHOWN_MAX:,} more"


def test_a_good_bundle_that_is_not_the_one_made_public_is_told(file: Path) -> None:
    told = verify(file, "--digest", "0" * 64)
    assert told.exit_code == 1
    assert f"expected {'0' * 64}" in told.stdout


def test_what_is_no_bundle_is_unusable(file: Path) -> None:
    file.write_text("{}")
    told = verify(file)
    assert told.exit_code == 2
    assert "No bundle of an edition" in told.stderr
    assert verify(file.with_name("nothing.json")).exit_code == 2
