import json
from pathlib import Path

import pytest

from chassis.errors import Misconfigured
from contracts.recipient import Role
from services.notify.recipients import Directory


def written(folder: Path, directory: object) -> Path:
    file = folder / "recipients.json"
    file.write_text(json.dumps(directory))
    return file


@pytest.mark.parametrize(("region", "host"), [("64", "64.daerah.example"), ("64.71", "64-71.daerah.example")])
def test_without_a_file_each_region_has_addresses_that_no_mail_can_reach(region: str, host: str) -> None:
    assert {recipient.role: recipient.address for recipient in Directory.read(None).of(region)} == {
        Role.TEAM: f"tim-spm@{host}",
        Role.SECRETARY: f"sekda@{host}",
    }


def test_a_file_says_who_is_written_to_and_a_region_it_does_not_name_has_nobody(tmp_path: Path) -> None:
    rows = [
        {"role": "Tim Penerapan SPM", "address": "one@region.example"},
        {"role": "Tim Penerapan SPM", "address": "two@region.example"},
    ]
    directory = Directory.read(written(tmp_path, {"64.71": rows}))

    assert [recipient.address for recipient in directory.of("64.71")] == ["one@region.example", "two@region.example"]
    assert directory.of("64.72") == ()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"64.71": [{"role": "Bupati", "address": "private@region.example"}]}, "/64.71/0/role"),
        ({"64.71": [{"role": "Sekretaris Daerah", "address": "private@x"}]}, "/64.71/0/address"),
        ({"64.71": [{"role": "Sekretaris Daerah", "address": "a@b.example", "phone": "private"}]}, "/64.71/0/phone"),
        ({"64.71": "private@region.example"}, "/64.71"),
    ],
)
def test_a_faulty_file_is_refused_with_the_place_and_without_the_address(
    tmp_path: Path, content: object, place: str
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        Directory.read(written(tmp_path, content))

    assert place in str(refusal.value)
    assert "private" not in str(refusal.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"SPM_RECIPIENTS: .*absent\.json cannot be read"):
        Directory.read(tmp_path / "absent.json")
