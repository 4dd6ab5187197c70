from pathlib import Path

import pytest

from deploy.local.mongod import binary, major_version, missing_libraries, package_of

LDD = """\
	linux-vdso.so.1 (0x00007ffd)
	libcurl.so.4 => not found
	liblzma.so.5 => /lib/x86_64-linux-gnu/liblzma.so.5 (0x00007f)
	libssl.so.3 => not found
/opt/mongod: /lib/libcrypto.so.3: version `OPENSSL_3.0.9' not found (required by /opt/mongod)
"""


def test_missing_libraries_are_read_from_what_ldd_says() -> None:
    assert missing_libraries(LDD) == ["libcurl.so.4", "libssl.so.3"]


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libcurl.so.4", "libcurl4"),
        ("libssl.so.3", "libssl3"),
        ("libcrypto.so.3", "libssl3"),
        ("liblzma.so.5", "liblzma5"),
        ("libnever.so.1", "libnever.so.1"),
    ],
)
def test_a_missing_library_is_named_by_its_package(library: str, package: str) -> None:
    assert package_of(library) == package


@pytest.mark.parametrize(
    ("said", "version"),
    [("echo 'db version v7.0.14'", 7), ("echo 'db version v10.1.0'", 10), ("echo broken", None), ("exit 127", None)],
)
def test_the_major_version_is_read_from_what_mongod_says(tmp_path: Path, said: str, version: int | None) -> None:
    program = tmp_path / "mongod"
    program.write_text(f"#!/bin/sh\n{said}\n", encoding="utf-8")
    program.chmod(0o755)

    assert major_version(program) == version


def test_a_program_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert major_version(tmp_path / "mongod") is None


def test_an_old_mongod_on_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "mongod"
    old.write_text("#!/bin/sh\necho 'db version v5.0.1'\n", encoding="utf-8")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert binary() != old


def test_a_new_mongod_on_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = tmp_path / "mongod"
    new.write_text("#!/bin/sh\necho 'db version v8.0.1'\n", encoding="utf-8")
    new.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert binary() == new
