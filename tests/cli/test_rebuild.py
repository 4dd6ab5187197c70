import pytest
from typer.testing import CliRunner

from chassis.kafka import ensure_topics
from chassis.settings import Settings
from cli.main import app
from cli.rebuild import forget

RUN = CliRunner()


def test_without_yes_it_only_says_what_it_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPM_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("SPM_MONGO", "mongodb://127.0.0.1:1/")
    done = RUN.invoke(app, ["rebuild"])
    assert done.exit_code == 1
    assert "Would drop spm_intake, spm_validation, spm_scoring, spm_notify" in done.output
    assert "--yes" in done.output


def test_an_installation_that_does_not_answer_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPM_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("SPM_MONGO", "mongodb://127.0.0.1:1/")
    done = RUN.invoke(app, ["rebuild", "--yes"])
    assert done.exit_code == 1
    assert "Kafka or MongoDB cannot be used" in done.output
    assert "Nothing is lost" in done.output


@pytest.mark.engines
async def test_forgetting_twice_is_as_good_as_once(settings: Settings) -> None:
    await ensure_topics(settings)
    said: list[str] = []
    await forget(settings, said.append)
    await forget(settings, said.append)
    assert said.count(f"dropped the database {settings.mongo_prefix}notify") == 2
