"""The doors at which anyone reads the rules, as JSON and as pages."""

from collections.abc import AsyncIterator
from decimal import Decimal
from html.parser import HTMLParser
from typing import get_args

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from chassis import problems
from chassis.clock import FixedClock
from contracts.language import Language
from contracts.quarter import Quarter
from regulation.law import Law
from regulation.loading import load_law
from regulation.rows import RuleKind
from services.validation.domain.explanation import KINDS, Explanation, explain
from services.validation.domain.judge import FURTHER_FINDINGS
from services.validation.domain.rulebook import rulebook_of
from services.validation.domain.rules import RULES
from services.validation.pages import entry, rule_pages
from services.validation.routes import rules
from tests.validation.reports import ARRIVED, PERIOD

LAW = load_law()
CODES = sorted(explain(LAW).rules)
_VOID = {"meta", "link", "br", "hr", "img", "input"}


@pytest.fixture(scope="module")
def explanation(law: Law) -> Explanation:
    return explain(law)


@pytest_asyncio.fixture(scope="module")
async def client(law: Law) -> AsyncIterator[httpx.AsyncClient]:
    """The doors alone: they need neither Kafka nor MongoDB."""
    app = FastAPI()
    problems.install(app)
    clock = FixedClock(ARRIVED)
    app.include_router(rules.router(law, clock))
    app.include_router(rule_pages(law, clock))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client


class Page(HTMLParser):
    """What a reader of the page meets; refuses tags that are not closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def test_every_rule_that_can_be_tested_is_explained_and_no_other() -> None:
    assert sorted(RULES) == CODES


def test_every_kind_of_rule_has_a_name() -> None:
    assert set(KINDS) == set(get_args(RuleKind))


@pytest.mark.parametrize("lang", ["id", "en"])
@pytest.mark.parametrize("code", CODES)
async def test_every_rule_has_a_page_that_tells_what_why_how_to_mend_and_an_example(
    client: httpx.AsyncClient, explanation: Explanation, code: str, lang: str
) -> None:
    rule = explanation.rules[code]
    answer = await client.get(rule.page, params={"lang": lang})
    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == lang
    page = Page(answer.text)
    for words in (rule.name, rule.what, rule.why, rule.remedy, rule.right.sentence, rule.wrong.sentence):
        assert " ".join(getattr(words, lang).split()) in page.words
    assert rule.source.title in page.words
    assert rule.source.article in page.words
    assert "script" not in page.tags
    assert rule.wrong.finding_at is not None
    assert rule.wrong.finding_at in page.words


@pytest.mark.parametrize("lang", ["id", "en"])
async def test_the_list_leads_to_the_page_of_every_rule_in_the_readers_language(
    client: httpx.AsyncClient, explanation: Explanation, lang: str
) -> None:
    page = Page((await client.get("/rules", params={"lang": lang})).text)
    more = "" if lang == "id" else "?lang=en"
    assert {f"{rule.page}{more}" for rule in explanation.rules.values()} <= set(page.links)
    assert ("/rules?lang=en" if lang == "id" else "/rules") in page.links


@pytest.mark.parametrize(
    ("value", "indonesian", "english"),
    [
        (1_050, "1.050", "1,050"),
        (Decimal("3.50"), "3,50", "3.50"),
        ([1_000, 2], "1.000; 2", "1,000; 2"),
        ([], "[]", "[]"),
        ("2023Q1", "2023Q1", "2023Q1"),
        ({"target": 0}, '{"target": 0}', '{"target": 0}'),
        (None, "null", "null"),
    ],
)
def test_an_entry_is_written_as_its_reader_writes_it(value: object, indonesian: str, english: str) -> None:
    assert (entry(Language.INDONESIAN, value), entry(Language.ENGLISH, value)) == (indonesian, english)


async def test_a_rule_that_is_none_is_told_on_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/rules/no-such-rule")
    assert (answer.status_code, "/rules" in Page(answer.text).links) == (404, True)


async def test_the_finding_that_counts_others_leads_to_the_list(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/rules/{FURTHER_FINDINGS}?lang=en")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/rules?lang=en")


async def test_what_a_reader_writes_into_the_address_is_not_shown(client: httpx.AsyncClient) -> None:
    answer = await client.get("/rules/<script>alert(1)<")
    assert "alert" not in answer.text
    assert (await client.get("/rules?lang=<script>")).status_code == 422


async def test_a_rule_is_answered_as_json(client: httpx.AsyncClient) -> None:
    rule = (await client.get("/v1/rules/served-within-target")).json()
    assert (rule["kind"], rule["page"]) == ("service_type", "/rules/served-within-target")
    assert rule["terms"][0]["severity"] == "warning"
    assert rule["wrong"]["figures"] == {"/services/edu.kab.basic/recipients/served": 1050}
    assert [each["code"] for each in (await client.get("/v1/rules")).json()] == list(explain(LAW).rules)
    unknown = await client.get("/v1/rules/no-such-rule")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:spm:problem:not-found")


async def test_the_rule_set_of_a_quarter_is_the_one_that_its_verdicts_name(client: httpx.AsyncClient, law: Law) -> None:
    book = rulebook_of(law, PERIOD)
    (ruleset,) = (await client.get("/v1/rulesets", params={"on": f"{Quarter.parse(PERIOD).last_day}"})).json()
    assert (ruleset["id"], ruleset["digest"]) == (book.ruleset_id, book.ruleset_digest)
    assert [(rule["code"], rule["severity"]) for rule in ruleset["rules"]] == [
        (clause.code, clause.severity) for clause in book.clauses
    ]


async def test_the_current_rule_set_is_todays(client: httpx.AsyncClient, explanation: Explanation) -> None:
    answer = await client.get("/v1/rulesets/current")
    expected = explanation.ruleset(ARRIVED.date())
    assert expected is not None
    assert answer.json() == expected.model_dump(mode="json")
    assert answer.headers["ETag"] == f'"{expected.digest}"'


async def test_rule_sets_follow_each_other_without_overlap(client: httpx.AsyncClient, explanation: Explanation) -> None:
    told = (await client.get("/v1/rulesets")).json()
    assert [each["digest"] for each in told] == [each.digest for each in explanation.rulesets]
    for before, after in zip(explanation.rulesets, explanation.rulesets[1:], strict=False):
        assert before.last_day is not None
        assert before.last_day < after.first_day
    assert (await client.get("/v1/rulesets", params={"on": "1990-01-01"})).json() == []
    assert (await client.get("/v1/rulesets", params={"on": "yesterday"})).status_code == 422


@pytest.mark.parametrize("path", ["/v1/rulesets", "/v1/rulesets/current", "/v1/rules", "/v1/rules/team-formed"])
async def test_who_has_the_answer_is_told_that_it_still_holds(client: httpx.AsyncClient, path: str) -> None:
    first = await client.get(path)
    tag = first.headers["ETag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await client.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


def test_a_rule_holds_until_the_day_before_its_next_terms(law: Law) -> None:
    for rule in explain(law).rules.values():
        for later, earlier in zip(rule.terms, rule.terms[1:], strict=False):
            assert earlier.last_day is not None
            assert earlier.last_day < later.first_day
        assert rule.terms[0].last_day is None or rule.terms[0].last_day >= rule.terms[0].first_day
