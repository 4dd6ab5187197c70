import subprocess
import sys
from pathlib import Path

from cli.generate import ROOT


def test_imports_keep_the_contracts_of_the_house() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
