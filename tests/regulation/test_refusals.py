"""A law with one fault is not used, and all its faults are told at once."""

import re
import shutil
import time
import tomllib
from pathlib import Path

import pytest

from regulation.errors import RegulationError
from regulation.loading import FOLDER, KINDS, load_law
from regulation.rows import Row, Source

MISSING = "is missing; write it in the row or in [provenance]"
LAW_FILES = sorted({kind.table.partition("/")[0] for kind in KINDS if not kind.in_folder})
REQUIRED = [
    (kind.table, key)
    for kind in KINDS
    for key in ("source", "article", "checked_on", "confidence", "unit")
    if key in kind.model_fields and kind.model_fields[key].is_required()
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    return tmp_path


def faults_of(folder: Path) -> tuple[str, ...]:
    with pytest.raises(RegulationError) as refused:
        load_law(folder)
    return refused.value.faults[1:]


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(("table", "key"), REQUIRED)
def test_a_row_without_provenance_or_unit_is_refused_by_file_and_row(folder: Path, table: str, key: str) -> None:
    stem, _, name = table.partition("/")
    path = next(iter(sorted((folder / stem).glob("*.toml"))), folder / f"{stem}.toml")
    path.write_text(re.sub(rf"^(provenance\.)?{key} = .*\n", "", path.read_text(), flags=re.MULTILINE))
    where = f"{path.relative_to(folder)}, [[{name or stem}]] row 1 "
    told = [fault for fault in faults_of(folder) if fault.startswith(where)]
    assert len(told) == 1
    assert f"'{key}' {MISSING}" in told[0]


def test_every_kind_of_row_requires_its_provenance() -> None:
    for kind in KINDS:
        assert kind.model_fields["checked_on"].is_required()
        if kind is not Source:
            assert issubclass(kind, Row)
            assert kind.model_fields["source"].is_required()
            assert kind.model_fields["article"].is_required()


@pytest.mark.parametrize("stem", LAW_FILES)
def test_a_missing_file_is_told(folder: Path, stem: str) -> None:
    (folder / f"{stem}.toml").unlink()
    assert any(fault.startswith(f"{stem}.toml is missing from") for fault in faults_of(folder))


def test_a_folder_without_files_is_told(folder: Path) -> None:
    shutil.rmtree(folder / "rules")
    assert any(fault.startswith("rules/*.toml is missing from") for fault in faults_of(folder))


@pytest.mark.parametrize("stem", LAW_FILES)
def test_a_file_that_is_no_toml_is_told(folder: Path, stem: str) -> None:
    (folder / f"{stem}.toml").write_text("from = = 1")
    assert any(fault.startswith(f"{stem}.toml is no TOML: ") for fault in faults_of(folder))


@pytest.mark.parametrize("stem", LAW_FILES)
def test_a_table_that_nothing_reads_is_told(folder: Path, stem: str) -> None:
    with (folder / f"{stem}.toml").open("a") as file:
        file.write("\n[[afterthoughts]]\nid = 1\n")
    assert any(f"{stem}.toml holds 'afterthoughts', which nothing reads" in fault for fault in faults_of(folder))


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("index_weights", 'article = "headings', 'article = "-"  # "headings', "'article' is '-'"),
        ("index_weights", 'source = "S19"', 'source = "S99"', "source 'S99' is not registered in sources.toml"),
        ("index_weights", "0.20", '"0.20"', "'quality_ratio' is '0.20'"),
        ("index_weights", "0.20", "0.30", "should sum to 1"),
        ("index_weights", "0.20", "-0.20", "'quality_ratio' is Decimal('-0.20')"),
        ("index_weights", "0.20", "nan", "'quality_ratio'"),
        ("index_weights", 'unit = "ratio"', 'unit = "percent"', "'unit' is 'percent'"),
        ("index_weights", "quality_ratio", "quality_ration", "'quality_ration' is not a key of this table"),
        ("index_weights", "from = 2019-01-01", "from = 2019-01-01T00:00:00", "'from'"),
        ("index_weights", "from = 2019-01-01", "from = 2019-01-01\nuntil = 2018-01-01", "lies before 'from'"),
        ("index_choices", 'sector = "edu"', 'sector = "education"', "sector 'education' is not in sectors.toml"),
        ("index_choices", 'sector = "edu"', 'sector = "health"', "health/2019-01-01 is written 2 times"),
        ("bands", "upper_pct = 60", "upper_pct = 59", "ends at 59 and bands/tuntas_muda/2019-01-01 begins at 60"),
        ("bands", "upper_pct = 60", "upper_pct = 61", "ends at 61 and bands/tuntas_muda/2019-01-01 begins at 60"),
        ("bands", "lower_pct = 0", "lower_pct = 1", "is the lowest band and should begin at 0"),
        ("bands", "lower_pct = 100", "lower_pct = 100\nupper_pct = 101", "should have no upper_pct"),
        ("regions", 'code = "11.01", kind = "kabupaten"', 'code = "11.01", kind = "provinsi"', "cannot be"),
        ("regions", 'parent = "11"', 'parent = "12"', "a kabupaten with code 11.01 and parent 12 cannot be"),
        ("regions", 'code = "11"', 'code = "10"', "regions/11.01: 11 is no provinsi of regions.toml"),
        ("regions", 'code = "11.02"', 'code = "11.01"', "regions/11.01 is written 2 times"),
        ("service_types", 'sector = "edu"', 'sector = "health"', "should begin with health.prov."),
        ("service_types", 'region = "31"', 'region = "32.01"', "32.01 is no provinsi of regions.toml"),
        ("calendar", "due_at = 2023-07-05", "due_at = 2022-07-05", "should lie before due_at"),
        ("calendar", "opens_at = 2023-04-01T00:00:00+07:00", "opens_at = 2023-04-01T00:00:00", "'opens_at'"),
        ("calendar", "Asia/Jakarta", "Asia/Jakarda", "no such time zone"),
        ("index_weights", "[[index_weights]]", "[index_weights]", "is a dict, expected rows [[index_weights]]"),
        ("index_weights", "[[index_weights]]", "provenance = 1\n[[index_weights]]", "expected a table [provenance]"),
        ("award_editions", "weight_pct = 45", "weight_pct = 44", "criteria sum to 99, expected 100"),
        ("award_editions", "weight_pct = 60", "weight_pct = 50", "criteria for pembinaan sum to 90, expected 100"),
        ("award_editions", 'category = "pembinaan"', 'category = "panutan"', "are for panutan, which is no category"),
        ("award_editions", "seats = []", 'seats = ["ketua"]', "1 seats cannot weigh 0 percent"),
        ("award_editions", "seats = []", 'seats = ["ketua", "ketua"]', "should name each seat once"),
        ("award_editions", 'island_group = "jawa"', 'provinsi = "30"', "30 is no provinsi of regions.toml"),
        ("award_editions", 'island_group = "jawa"', 'regions = ["10.01"]', "10.01 is no region of regions.toml"),
        ("award_editions", "fiscal_year = 2022", "fiscal_year = 2023", "cannot judge fiscal year 2023"),
        ("award_editions", "fiscal_year = 2023", "fiscal_year = 2022", "2 editions judge fiscal year 2022"),
        ("award_editions", "winner_count = 3", "winner_count = 6", "6 winners of 5 nominees cannot be"),
        ("award_editions", "place = 2", "place = 3", "places of its tie breaks are [1, 3, 3, 4]"),
        ("award_editions", '["served-within-target"', '["unheard-of"', "'unheard-of' is no rule of rulesets.toml"),
        ("award_editions", '["provinsi"]', '["provinsi", "provinsi"]', "should name each kind of region once"),
        ("award_editions", '["provinsi"]', "[]", "should name each kind of region once"),
        ("award_editions", '["provinsi"]', '"provinsi"', "'region_kinds' is 'provinsi'"),
        ("rules/completeness", "basic service of", "basic {service} of", "'what_en'"),
        ("rules/completeness", 'kind = "completeness"', 'kind = "complete"', "'kind' is 'complete'"),
        ("rules/value", 'code = "counts-reported"', 'code = "counts"', "no row of rules/ has the code 'counts-"),
        ("rulesets", 'severity = "error"', 'severity = "fatal"', "'severity' is 'fatal'"),
    ],
)
def test_a_fault_is_told_with_what_was_found(folder: Path, file: str, old: str, new: str, told: str) -> None:
    replace(folder / f"{file}.toml", old, new)
    assert any(told in fault for fault in faults_of(folder)), faults_of(folder)


SECOND_WEIGHTS = """
[[index_weights]]
from = {begins}
recipients_ratio = 0.70
quality_ratio = 0.30
unit = "ratio"
source = "ours"
article = "invented for this test"
checked_on = 2026-11-22
confidence = "REC"
"""


def test_a_row_that_is_added_takes_over_on_its_first_day(folder: Path) -> None:
    with (folder / "index_weights.toml").open("a") as file:
        file.write(SECOND_WEIGHTS.format(begins="2030-01-01"))
    law = load_law(folder)
    days = tomllib.loads("eve = 2029-12-31\nday = 2030-01-01")
    assert law.index_weights(days["eve"]).row_id == "index_weights/2019-01-01"
    assert law.index_weights(days["day"]).row_id == "index_weights/2030-01-01"


def test_rows_that_overlap_are_refused(folder: Path) -> None:
    path = folder / "index_weights.toml"
    replace(path, "from = 2019-01-01", "from = 2019-01-01\nuntil = 2030-06-30")
    with path.open("a") as file:
        file.write(SECOND_WEIGHTS.format(begins="2030-01-01"))
    assert any("are both in force on 2030-01-01" in fault for fault in faults_of(folder))


def test_rows_with_a_gap_are_refused(folder: Path) -> None:
    path = folder / "index_weights.toml"
    replace(path, "from = 2019-01-01", "from = 2019-01-01\nuntil = 2029-06-30")
    with path.open("a") as file:
        file.write(SECOND_WEIGHTS.format(begins="2030-01-01"))
    assert any("add the row that held between them" in fault for fault in faults_of(folder))


def test_rows_of_an_edition_that_is_not_written_are_refused(folder: Path) -> None:
    path = folder / "award_editions.toml"
    text = path.read_text()
    path.write_text(text.replace("[[award_editions]]\nedition_year = 2023", "[[award_editions]]\nedition_year = 2030"))
    faults = faults_of(folder)
    assert any("edition 2023 is not in award_editions.toml" in fault for fault in faults)
    assert "award_editions/2030: has no row in [[criteria]]" in faults
    assert "award_editions/2030: reporting points lack late, missing, on_time" in faults


def test_a_sector_without_index_method_is_refused(folder: Path) -> None:
    path = folder / "index_choices.toml"
    path.write_text(re.sub(r'\[\[index_methods\]\]\nsector = "edu"\n(.+\n)+', "", path.read_text()))
    assert faults_of(folder) == ("index_choices/index_methods: sector edu has no row",)


def test_all_faults_of_all_files_are_told_at_once(folder: Path) -> None:
    replace(folder / "index_weights.toml", "checked_on", "# checked_on")
    replace(folder / "bands.toml", 'id = "tuntas_madya"', "# no id")
    replace(folder / "sectors.toml", 'source = "S37"', 'source = "S99"')
    with pytest.raises(RegulationError) as refused:
        load_law(folder)
    assert refused.value.faults == (
        "The law was not loaded, 3 faults:",
        f"index_weights.toml, [[index_weights]] row 1 (2019-01-01): 'checked_on' {MISSING}",
        f"bands.toml, [[bands]] row 3 (without id): 'id' {MISSING}",
        "sectors/edu: source 'S99' is not registered in sources.toml; register it or mend the key",
    )
    assert str(refused.value).count("\n") == 3


def test_the_law_is_read_in_less_than_300_ms() -> None:
    begun = time.process_time()
    load_law()
    assert time.process_time() - begun < 0.3
