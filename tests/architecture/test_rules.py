"""The gate of the rulebook: no rule without its file, its tests, its page, its line in the docs and its source.

What pages say is tested in tests/validation/test_rules.py, examples in tests/validation/domain/rules/test_examples.py.
"""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis.clock import FixedClock
from cli.generate import ROOT
from regulation.loading import load_law
from regulation.rows import Rule
from services.validation.domain.explanation import explain
from services.validation.pages import rule_pages
from tests.validation.domain.rules import test_examples
from tests.validation.reports import ARRIVED

LAW = load_law()
ROWS = LAW.rows.of(Rule)
RULES_FOLDER = ROOT / "services" / "validation" / "domain" / "rules"
each_rule = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)


@pytest_asyncio.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(rule_pages(LAW, FixedClock(ARRIVED)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client


@each_rule
async def test_every_rule_has_file_page_source_and_two_examples(client: httpx.AsyncClient, row: Rule) -> None:
    assert (RULES_FOLDER / f"{row.code.replace('-', '_')}.py").is_file()
    assert (await client.get(f"/rules/{row.code}")).status_code == httpx.codes.OK
    assert LAW.sources[row.source].title
    assert row.article
    assert row.passes != row.fails
    assert row.fails.at


def test_every_rules_examples_are_run() -> None:
    for test in (
        test_examples.test_no_rule_speaks_of_the_example_that_passes,
        test_examples.test_the_rule_speaks_of_the_example_that_fails_where_it_says,
    ):
        marks: list[pytest.Mark] = getattr(test, "pytestmark")  # noqa: B009 - pytest's own, unknown to the type
        (mark,) = (mark for mark in marks if mark.name == "parametrize")
        assert {row.code for row in mark.args[1]} == {row.code for row in ROWS}


def test_docs_tell_of_every_rule_and_of_no_other() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert sorted(headings) == sorted(explain(LAW).rules)
