"""What an earlier version could not read is told from its schemas, before both run."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.two_versions import pinned, unreadable
from tests.processes import ROOT

SETTLED = Path("contracts/schemas/notice-settled-v1.schema.json")


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A copy of this version's contracts."""
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    return tmp_path


def change(file: Path, how: Callable[[dict[str, Any]], object]) -> None:
    schema = json.loads(file.read_text(encoding="utf-8"))
    how(schema)
    file.write_text(json.dumps(schema), encoding="utf-8")


def test_a_version_reads_what_it_writes(earlier: Path) -> None:
    assert unreadable(earlier) == []


def test_a_field_that_came_since_is_passed_over(earlier: Path) -> None:
    change(earlier / SETTLED, lambda schema: schema["properties"].pop("submission_id"))
    assert unreadable(earlier) == []


def test_a_value_that_came_since_is_told(earlier: Path) -> None:
    change(earlier / SETTLED, lambda schema: schema["$defs"]["NoticeKind"]["enum"].remove("correction"))
    assert unreadable(earlier) == ["notice-settled-v1 $.kind: values ['correction'] are taken no more"]


def test_a_message_that_came_to_a_known_topic_since_is_told(earlier: Path) -> None:
    (earlier / "contracts/schemas/notice-unread-v1.schema.json").unlink()
    assert unreadable(earlier) == ["notice-unread-v1, which is new on spm-notice-acknowledged-v1"]


def test_a_message_on_a_topic_of_its_own_disturbs_no_earlier_version(earlier: Path) -> None:
    topics = earlier / "contracts" / "topics.py"
    (earlier / "contracts/schemas/award-reasons-asked-v1.schema.json").unlink()
    topics.write_text(topics.read_text(encoding="utf-8").replace("spm-award-reasons-asked-v1", ""), encoding="utf-8")
    assert unreadable(earlier) == []


def test_a_lock_tells_each_library_with_its_version(tmp_path: Path) -> None:
    lock = "# by uv\nalpha==1.0 \\\n    --hash=sha256:00\nbeta==2.1 \\\n    --hash=sha256:01\n"
    (tmp_path / "requirements.lock").write_text(lock, encoding="utf-8")
    assert pinned(tmp_path) == {"alpha==1.0", "beta==2.1"}
