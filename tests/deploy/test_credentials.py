import json
from pathlib import Path

import pytest

from deploy.local.credentials import write_private


def test_a_private_file_is_its_owners_alone_whatever_lay_beside_it(tmp_path: Path) -> None:
    file, left = tmp_path / "keys.json", tmp_path / "keys.part"
    left.write_text("of somebody else")
    left.chmod(0o666)
    write_private(file, {"key": "secret"})
    assert json.loads(file.read_text()) == {"key": "secret"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert left.read_text() == "of somebody else"


def test_what_cannot_be_written_leaves_the_file_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    write_private(file, ["first"])
    with pytest.raises(TypeError):
        write_private(file, [object()])
    assert (json.loads(file.read_text()), list(tmp_path.iterdir())) == (["first"], [file])
