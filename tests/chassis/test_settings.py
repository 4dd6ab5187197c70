from pathlib import Path

import pytest

from chassis.errors import Misconfigured
from chassis.settings import read_settings


def secret(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")


def test_a_secret_is_read_from_the_file_with_its_variables_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret(tmp_path, "spm_kafka_password", "rahasia\n")
    secret(tmp_path, "spm_mongo", "mongodb://spm-intake:rahasia@m.example/?tls=true\n")
    monkeypatch.setenv("SPM_SECRETS_DIR", str(tmp_path))

    settings = read_settings()

    assert settings.kafka_password == "rahasia"  # noqa: S105 - an invented one
    assert settings.mongo == "mongodb://spm-intake:rahasia@m.example/?tls=true"
    assert "rahasia" not in repr(settings)


def test_the_environment_is_stronger_than_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret(tmp_path, "spm_smtp", "smtp://file.example:25")
    monkeypatch.setenv("SPM_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("SPM_SMTP", "smtp://environment.example:25")

    assert read_settings().smtp == "smtp://environment.example:25"


def test_a_folder_of_secrets_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPM_SECRETS_DIR", str(tmp_path / "absent"))

    with pytest.raises(Misconfigured, match=r"SPM_SECRETS_DIR is .*absent, and no such folder is there"):
        read_settings()
