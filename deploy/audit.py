"""Ask whether what the image carries has known vulnerabilities; never say that all is well where nobody was asked.

Exit code 0: asked, none known; 1: asked, some are known; 3: the service that knows them could not be asked.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

LOCK: Final = Path(__file__).parent / "requirements.lock"
ANSWER_WITHIN_S: Final = 600
NOT_ASKED: Final = 3


def verdict(answer: str, *, said: str) -> tuple[int, str]:
    """The exit code and a sentence, from what pip-audit printed to its two outputs."""
    try:
        packages = json.loads(answer)["dependencies"]
        skipped = [package["name"] for package in packages if "skip_reason" in package]
        known = [f"{package['name']} {found['id']}" for package in packages for found in package.get("vulns", ())]
    except (ValueError, KeyError, TypeError):
        last = (said.strip().splitlines() or ["no word"])[-1]
        return NOT_ASKED, f"The vulnerability service could not be asked ({last[:300]}). Nothing is known; ask again."
    if known:
        return 1, f"{len(known)} known: {', '.join(known)}. Raise the versions in pyproject.toml, then make lock."
    if skipped or not packages:
        return (
            NOT_ASKED,
            f"Of {len(skipped)} packages nobody was asked: {', '.join(skipped[:3]) or 'the lock is empty'}.",
        )
    return 0, f"{len(packages)} packages were asked of; no vulnerability is known."


def main(program: str) -> int:
    command = (program, "--requirement", str(LOCK), "--require-hashes", "--disable-pip", "--format", "json")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_WITHIN_S, check=False)
    except subprocess.TimeoutExpired:
        code, sentence = verdict("", said=f"no answer within {ANSWER_WITHIN_S} s")
    else:
        code, sentence = verdict(done.stdout, said=done.stderr)
    print(sentence)
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
