"""The preview of a proposed rule set, on a small log: the list is right and nothing is written."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console
from typer.testing import CliRunner, Result

from chassis.events import Event
from chassis.kafka import Publisher, ensure_topics
from chassis.mongo import Mongo
from chassis.replay import count_all
from chassis.settings import Settings
from cli.demo.screen import Screen
from cli.main import app
from cli.preview import Impact, Walk
from cli.rules import proposed_law, walk
from contracts.message import Message
from contracts.topics import EVERY_TOPIC, SUBMISSION_RECEIVED
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.loading import FOLDER, load_law
from tests.validation.reports import KOTA, PROVINSI, closed, faultless, received

RUN = CliRunner()
RULESETS = "rulesets.toml"
YEAR_END = date(2023, 12, 31)


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law()


@pytest.fixture(scope="module")
def proposal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team becomes a must, and stages may be left out."""
    folder = tmp_path_factory.mktemp("proposal")
    written = (FOLDER / RULESETS).read_text(encoding="utf-8")
    harder = written.replace('code = "team-formed", severity = "warning"', 'code = "team-formed", severity = "error"')
    kept = [line for line in harder.splitlines() if 'code = "stages-reported"' not in line]
    (folder / RULESETS).write_text("\n".join(kept), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def log(law: Law) -> list[Message]:
    first = faultless(law, period="2023Q1", served=400)
    return [
        received(first, "kota-q1"),
        received(faultless(law, period="2023Q2", served=500, team=None), "kota-q2"),
        received(first.model_copy(update={"stages": ()}), "kota-q1-again"),
        closed(period="2023Q1"),
        received(faultless(law, region_code=PROVINSI, period="2023Q1", team=None), "prov-q1"),
        received(faultless(law, region_code=PROVINSI, period="2023Q1"), "prov-q1-again"),
        received(first, "kota-q1"),
    ]


def of(law: Law, proposal: Path, *periods: str) -> Impact:
    return Impact(Walk(law), Walk(proposed_law(proposal)), frozenset(periods))


def newly(impact: Impact, outcome: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(change.submission_id, change.before, change.after, change.by) for change in impact.newly(outcome)]


def preview(*words: str) -> Result:
    return RUN.invoke(app, ["rules", "preview", *words])


def test_those_whose_outcome_changes_are_listed_with_the_rules_that_did_it(
    law: Law, proposal: Path, log: list[Message]
) -> None:
    impact = of(law, proposal)
    for message in log:
        impact.take(message)
    assert impact.reports == 5
    assert newly(impact, "returned") == [
        ("prov-q1", "accepted_with_warnings", "returned", ("team-formed",)),
        ("kota-q2", "accepted_with_warnings", "returned", ("team-formed",)),
    ]
    (better,) = newly(impact, "accepted")
    assert better[:3] == ("kota-q1-again", "accepted_with_warnings", "accepted")
    assert "stages-reported" in better[3]
    assert newly(impact, "accepted_with_warnings") == []
    assert impact.rules()["team-formed"] == (2, 2, 0, 0)
    assert impact.rules()["stages-reported"] == (1, 0, 0, 1)


def test_the_law_in_force_changes_nothing(law: Law, log: list[Message]) -> None:
    impact = of(law, FOLDER)
    for message in log:
        impact.take(message)
    assert (impact.changes, impact.reports) == ([], 5)
    assert {(id_, digest) for _, id_, digest in impact.rulesets} == {
        (id_, digest) for whose, id_, digest in impact.rulesets if whose == "present"
    }


def test_other_periods_are_judged_but_not_told_of(law: Law, proposal: Path, log: list[Message]) -> None:
    impact = of(law, proposal, "2023Q2")
    for message in log:
        impact.take(message)
    assert impact.reports == 1
    assert [change.submission_id for change in impact.changes] == ["kota-q2"]


def test_a_report_on_which_the_law_is_silent_is_told_as_unjudged(law: Law, proposal: Path) -> None:
    timeless = faultless(law, items=0).model_copy(update={"period": "2017Q4"})
    impact = of(law, proposal)
    impact.take(received(timeless))
    assert (impact.outcomes, impact.changes) == ({("unjudged", "unjudged"): 1}, [])


def test_one_file_of_rules_is_a_proposal_too(law: Law, proposal: Path) -> None:
    assert proposed_law(proposal / RULESETS).ruleset(YEAR_END).digest != law.ruleset(YEAR_END).digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules = 1", "rules"),
        ('rules = [{ code = "no-such-rule", severity = "error" }]', "no-such-rule"),
        ("=", "is no TOML"),
    ],
)
def test_a_proposal_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    head = (FOLDER / RULESETS).read_text(encoding="utf-8").partition("rules = [")[0]
    (tmp_path / RULESETS).write_text(f"{head}{text}", encoding="utf-8")
    done = preview(str(tmp_path))
    assert done.exit_code == 1
    assert said in done.output
    assert "Traceback" not in done.output


def test_a_proposal_that_is_not_there_is_named(tmp_path: Path) -> None:
    for missing in (tmp_path, tmp_path / "missing.toml"):
        with pytest.raises(RegulationError, match=missing.name):
            proposed_law(missing)
    assert preview(str(tmp_path / RULESETS)).exit_code == 1


@pytest_asyncio.fixture
async def installed(settings: Settings, log: list[Message]) -> AsyncIterator[Settings]:
    await ensure_topics(settings)
    publisher = Publisher(settings, "test", linger_ms=0)
    await publisher.start()
    await publisher.publish([Event.of(message) for message in log])
    await publisher.publish_raw([(SUBMISSION_RECEIVED.name, KOTA.encode(), [], b"no event")])
    await publisher.stop()
    yield settings


async def traces(settings: Settings) -> dict[str, int]:
    """How much stands in each topic, and that there is no database."""
    mongo = Mongo(settings)
    try:
        listed = await mongo.database("validation").command("listCollections")
        assert listed["cursor"]["firstBatch"] == []
    finally:
        await mongo.close()
    return {topic.name: await count_all(settings, topic) for topic in EVERY_TOPIC}


@pytest.mark.engines
async def test_the_log_is_read_and_nothing_is_written(installed: Settings, law: Law, proposal: Path) -> None:
    before = await traces(installed)
    told = StringIO()
    impact = of(law, proposal)
    await walk(installed, impact, Screen(Console(file=told)))
    assert await traces(installed) == before
    assert before[SUBMISSION_RECEIVED.name] == 8
    assert {change.submission_id for change in impact.changes} == {"kota-q2", "kota-q1-again", "prov-q1"}
    assert "records read" in told.getvalue()


@pytest.mark.engines
async def test_the_command_answers_with_tables_and_as_json(
    installed: Settings, proposal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPM_KAFKA", installed.kafka)
    monkeypatch.setenv("SPM_KAFKA_PREFIX", installed.kafka_prefix)
    told = await asyncio.to_thread(preview, str(proposal), "--period", "2023-TW1")
    assert told.exit_code == 0
    assert "1 would newly be returned" in told.stdout
    assert "team-formed" in told.stdout
    assert "Nothing was written" in told.stdout
    answer = json.loads((await asyncio.to_thread(preview, str(proposal), "--json")).stdout)
    assert answer["reports"] == 5
    assert [(change["submission_id"], change["proposed"]) for change in answer["changes"]] == [
        ("prov-q1", "returned"),
        ("kota-q2", "returned"),
        ("kota-q1-again", "accepted"),
    ]
    assert {each["law"] for each in answer["rulesets"]} == {"present", "proposed"}
