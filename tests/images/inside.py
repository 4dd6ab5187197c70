"""What lies in the image in which this runs, as JSON; its text is given to the image's own Python."""

import json
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Final

COMPILERS: Final = ("as", "c++", "cargo", "cc", "clang", "g++", "gcc", "go", "ld", "make")
OURS: Final = ("chassis", "cli", "contracts", "regulation", "services")
SECRETS: Final = ("credentials.json", "keys.json", "receipt-keys.json", "webhook-secret.json")
INSTALLED: Final = Path("/opt/spm")
NOT_OF_THE_IMAGE: Final = {"dev", "proc", "run", "sys", "tmp"}


def lying_in(root: Path) -> tuple[list[str], list[str]]:
    """Histories of the source and keys, wherever they are."""
    histories, secrets = [], []
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in NOT_OF_THE_IMAGE]
        histories += [f"{folder}/{name}" for name in folders if name == ".git"]
        secrets += [f"{folder}/{name}" for name in files if name in SECRETS]
    return histories, secrets


def writable(root: Path) -> list[str]:
    found = [Path(folder, name) for folder, folders, files in os.walk(root) for name in (*folders, *files)]
    return [str(path) for path in (root, *found) if not path.is_symlink() and os.access(path, os.W_OK)]


def main() -> None:
    packages = Path(sysconfig.get_path("purelib"))
    histories, secrets = lying_in(Path("/"))
    bill = INSTALLED / "requirements.txt"
    sys.stdout.write(
        json.dumps(
            {
                "user": os.getuid(),
                "compilers": [name for name in COMPILERS if shutil.which(name)],
                "histories": histories,
                "secrets": secrets,
                "tests": [str(path) for path in (packages / "tests", Path("/src")) if path.exists()],
                "missing": [name for name in OURS if not (packages / name).is_dir()],
                "writable": writable(INSTALLED),
                "bill": bill.read_text(encoding="utf-8").split() if bill.exists() else [],
            }
        )
    )


if __name__ == "__main__":
    main()
