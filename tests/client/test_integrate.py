"""docs/integrate.md: every example is run in its order against a real intake, and says what the page says."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.generate import ROOT
from tests.intake.reports import KOTA
from tests.processes import service_process, started
from tests.running import Keys, settings_for

PAGE = ROOT / "docs" / "integrate.md"
_BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```\n(?:```output\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)
_SPM = """spm() { "$PYTHON" -c 'import typer; from cli.submit import submit; from cli.verdict import verdict
app = typer.Typer(); app.command()(submit); app.command()(verdict); app(prog_name="spm")' "$@"; }
"""
"""``spm`` without the commands that no example uses; they take seconds to load."""


@dataclass(frozen=True)
class Example:
    language: str
    text: str
    said: tuple[str, ...]

    @property
    def command(self) -> tuple[str, ...]:
        if self.language == "python":
            return (sys.executable, "-c", self.text)
        return ("bash", "-euo", "pipefail", "-c", _SPM + self.text)


def examples() -> Iterator[Example]:
    for language, text, said in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        yield Example(language, text, tuple(said.splitlines()))


async def test_every_example_of_the_page_does_what_the_page_says(
    kafka: str, mongo: str, keys: Keys, tmp_path: Path
) -> None:
    trying = keys.issue("percobaan", ["submissions:write", "submissions:read"], KOTA, sandbox=True)
    settings = settings_for(kafka, mongo, keys)
    async with started(service_process("intake", settings, tmp_path)) as running:
        given = {
            "SPM_URL": running.address,
            "SPM_TOKEN": trying["Authorization"].removeprefix("Bearer "),
            "PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
        }
        folder = tmp_path / "afternoon"
        folder.mkdir()
        for example in examples():
            process = await asyncio.create_subprocess_exec(
                *example.command,
                cwd=folder,
                env=os.environ | given,  # noqa: TID251 - passed on
                stdout=PIPE,
                stderr=STDOUT,
            )
            out, _ = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 0, f"{example.text}\n{out.decode()}"
            missing = [each for each in example.said if each not in out.decode()]
            assert not missing, f"{missing} not in what was said by\n{example.text}\n{out.decode()}"


def test_the_page_has_examples_of_both_kinds_and_each_says_something() -> None:
    found = list(examples())
    assert {example.language for example in found} == {"sh", "python"}
    assert all(example.said for example in found)
    assert len(found) == PAGE.read_text(encoding="utf-8").count("```output\n")
