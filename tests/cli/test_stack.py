"""The commands ``spm up``, ``spm down`` and ``spm status``, as far as they need no engine."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from deploy.local import stack


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stack, "FOLDER", tmp_path / "run")
    return tmp_path / "run"


def spm(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_status_of_a_stack_that_was_never_started_says_how_to_start_it(folder: Path) -> None:
    result = spm("status")

    assert result.exit_code == 1
    assert "Start it with: spm up" in result.output


def test_down_of_a_stack_that_was_never_started_is_no_error(folder: Path) -> None:
    result = spm("down")

    assert (result.exit_code, result.output) == (0, "the stack was never started here\n")


def test_a_setting_that_is_no_port_is_named_without_a_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPM_PORT_KAFKA", "ninety")

    result = spm("up")

    assert result.exit_code == 1
    assert "SPM_PORT_KAFKA: Input should be a valid integer" in result.output
    assert "Traceback" not in result.output


def test_a_folder_that_cannot_be_written_to_is_named(folder: Path) -> None:
    folder.write_text("a file stands where the folder should be", encoding="utf-8")

    result = spm("up")

    assert result.exit_code == 1
    assert f"{folder} cannot be written to (File exists)" in result.output
