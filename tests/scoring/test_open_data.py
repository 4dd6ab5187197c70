"""Scorecards, regions and awards as CSV and JSON, on the real database."""

import csv
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from contracts.award import AwardStep
from regulation.law import Law
from services.scoring.domain.open_data import REASON_STATED, Heading, Row
from services.scoring.domain.tree import evaluate
from services.scoring.routes.open_data import Rows, as_csv, as_json
from services.scoring.routes.questions import ShownExplanation
from tests.scoring.nation import REASON, SERVED, award
from tests.scoring.site import Site, site_of_a_year

SETS = (
    *("scorecards/2023Q4", "scorecards/2023Q1", "services/2023Q4", "regions", "regions/64.71", "regions/12"),
    "awards/2024",
)
HEADING = Heading("example", "synthetic", "none", "0" * 64, ("region_code", "words", "pct"))


@pytest_asyncio.fixture(scope="module")
async def site(kafka: str, mongo: str, law: Law) -> AsyncIterator[Site]:
    async with site_of_a_year(kafka, mongo, law, until=AwardStep.NOMINATED) as site:
        yield site


async def rows_of(site: Site, name: str) -> list[dict[str, Any]]:
    answer = await site.client.get(f"/open-data/{name}.json")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


@pytest.mark.parametrize("name", SETS)
async def test_both_forms_say_the_same_and_say_it_again(site: Site, name: str) -> None:
    first, again = [await site.client.get(f"/open-data/{name}.csv") for _ in range(2)]
    assert first.content == again.content
    told, columns, *lines = csv.reader(first.text.splitlines())
    written = (await site.client.get(f"/open-data/{name}.json")).json()
    assert columns == written["heading"]["columns"]
    assert lines == [[text_of(row[column]) for column in columns] for row in written["rows"]]
    heading = written["heading"]
    assert told == ["# " + "; ".join(f"{key}: {heading[key]}" for key in heading if key != "columns")]
    assert len(heading["law_digest"]) == 64


def text_of(cell: object) -> str:
    return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)


async def test_every_region_that_must_report_has_one_row(site: Site) -> None:
    rows = await rows_of(site, "scorecards/2023-TW4")
    assert len(rows) == 546
    assert [row["region_code"] for row in rows] == sorted(row["region_code"] for row in rows)
    by_region = {row["region_code"]: row for row in rows}
    assert {code for code, row in by_region.items() if row["reported"]} == set(SERVED)
    kota, silent = by_region["64.71"], by_region["12"]
    assert (Decimal(kota["index_pct"]), kota["band"], kota["on_time"], kota["rank_in_nation"]) == (
        Decimal(90),
        "tuntas_utama",
        True,
        4,
    )
    assert (silent["index_pct"], silent["on_time"], silent["expected_pct"]) == (None, None, "100")


async def test_a_region_is_given_by_service_sector_and_as_a_whole(site: Site) -> None:
    rows = await rows_of(site, "regions/64.02")
    assert {row["period"] for row in rows} == {"2023Q1", "2023Q2", "2023Q4"}
    last = [row for row in rows if row["period"] == "2023Q4"]
    assert [row["part"] for row in last].count("service") == 29
    assert [row["part"] for row in last].count("sector") == 6
    assert last[0] == dict.fromkeys(last[0]) | {
        "region_code": "64.02",
        "period": "2023Q4",
        "part": "region",
        "index_pct": last[0]["index_pct"],
    }


async def test_an_index_is_explained_to_everybody_but_for_what_a_region_says_in_its_own_words(site: Site) -> None:
    answer = await site.client.get("/open-data/regions/64.71/2023Q4/explanation.json")
    assert answer.status_code == 200, answer.text
    shown = ShownExplanation.model_validate_json(answer.content)
    assert evaluate(shown.index) == shown.index.value == Decimal(90)
    assert REASON not in answer.text
    assert REASON_STATED in answer.text
    unknown = await site.client.get("/open-data/regions/64.02/2023Q3/explanation.json")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:spm:problem:not-found")


async def test_winners_are_told_once_they_are_announced(site: Site, law: Law) -> None:
    before = await rows_of(site, "awards/2024")
    assert {row["outcome"] for row in before} == {"nominee", "excluded"}
    assert (await site.client.get("/open-data/awards/2024/bundle.json")).status_code == 404
    await award(site.store, law, law.award_edition(2024), until=AwardStep.ANNOUNCED)
    after = await rows_of(site, "awards/2024")
    won = {(row["category"], row["place"]): row["region_code"] for row in after if row["outcome"] == "winner"}
    assert [won["provinsi", place] for place in (1, 2, 3)] == ["64", "32", "35"]
    bundle = (await site.client.get("/open-data/awards/2024/bundle.json")).json()
    assert bundle["bundle"]["edition_year"] == 2024


async def test_the_law_of_another_quarter_has_another_digest(site: Site) -> None:
    found = {
        (await site.client.get(f"/open-data/scorecards/2023Q{n}.json")).json()["heading"]["law_digest"] for n in (3, 4)
    }
    assert len(found) == 2


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("scorecards/2018Q4.csv", 404, "not-found"),
        ("scorecards/2023Q5.csv", 422, "unprocessable-request"),
        ("scorecards/2023Q4.xml", 422, "unprocessable-request"),
        ("regions/99.json", 404, "not-found"),
        ("awards/1999.csv", 404, "edition-unknown"),
        ("awards/1999/bundle.json", 404, "edition-unknown"),
    ],
)
async def test_what_is_not_there_is_a_problem(site: Site, path: str, status: int, slug: str) -> None:
    answer = await site.client.get(f"/open-data/{path}")
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:spm:problem:{slug}")


async def test_a_download_has_a_name_and_may_be_read_from_anywhere(site: Site) -> None:
    answer = await site.client.get("/open-data/services/2023Q4.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="spm-services-2023Q4.csv"'
    assert answer.headers["access-control-allow-origin"] == "*"


async def given(*rows: Row) -> Rows:
    yield rows[:1]
    yield []
    yield rows[1:]


@pytest.mark.parametrize(
    "words", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", '=HYPERLINK("http://x.invalid")']
)
async def test_no_cell_begins_like_a_formula(words: str) -> None:
    text = "".join([part async for part in as_csv(HEADING, given(("11", words, None), ("12", "a,b", Decimal("1E+2"))))])
    _, _, first, second = csv.reader(text.splitlines(keepends=True))
    assert first == ["11", f"'{words}", ""]
    assert second == ["12", "a,b", "100"]


async def test_a_set_in_several_parts_is_one_json_document() -> None:
    text = "".join([part async for part in as_json(HEADING, given(("11", "é", None), ("12", "x", Decimal("1.50"))))])
    assert json.loads(text)["rows"] == [
        {"region_code": "11", "words": "é", "pct": None},
        {"region_code": "12", "words": "x", "pct": "1.50"},
    ]
