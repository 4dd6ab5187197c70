from collections.abc import Sequence

import pytest

from contracts.recipient import Channel, Role
from services.notify.domain.notice import MailAddress
from services.notify.domain.roster import LINES_MAX, Known, NewRecipient, read_roster

KNOWN = Known(frozenset({"64", "64.71"}), frozenset({"edu", "health"}))
HEAD = "region,role,sector,channel,address,mute\n"
ADDRESS: MailAddress = "sekda@kota-contoh.example"


def faults(text: str) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.column, fault.code) for fault in read_roster(text, KNOWN)[1]]


def test_a_file_is_read_with_its_offices_channels_and_mutes() -> None:
    text = HEAD + (
        f"64.71,Sekretaris Daerah,,email,{ADDRESS},award_won award_nominated\n"
        "64.71,Perangkat Daerah Pengampu,health,,dinkes@kota-contoh.example,\n"
        "\n"
        "64,Kepala Daerah,,inbox,,\n"
    )
    found, wrong = read_roster(text, KNOWN)
    assert wrong == []
    assert [(one.region, one.role, one.sector, one.channel) for one in found] == [
        ("64.71", Role.SECRETARY, None, Channel.EMAIL),
        ("64.71", Role.AGENCY, "health", Channel.EMAIL),
        ("64", Role.HEAD, None, Channel.INBOX),
    ]
    assert found[0].mute == ("award_won", "award_nominated")


@pytest.mark.parametrize(
    "text",
    [
        f"address;region;role\r\n{ADDRESS};64.71;Sekretaris Daerah\r\n",
        f' Region , ROLE ,address\n 64.71 ,"Sekretaris Daerah", {ADDRESS} \n',
    ],
    ids=["semicolons, another order, Windows", "blanks, quotes, capitals"],
)
def test_a_file_may_be_written_as_spreadsheets_write_it(text: str) -> None:
    found, wrong = read_roster(text, KNOWN)
    assert wrong == []
    assert found == [NewRecipient(region="64.71", role=Role.SECRETARY, address=ADDRESS)]


def test_every_fault_is_listed_with_its_line_and_column() -> None:
    text = HEAD + (
        f"6471,Sekretaris Daerah,,email,{ADDRESS},\n"
        f"64.72,Sekretaris Daerah,,email,{ADDRESS},\n"
        "64.71,Bupati,,email,not an address,\n"
        "64.71,Perangkat Daerah Pengampu,,email,a@b.example,\n"
        "64.71,Tim Penerapan SPM,edu,email,,report_overdue\n"
        f"64.71,Kepala Daerah,,inbox,{ADDRESS},\n"
        "64.71,Sistem Informasi,,webhook,x@y.example,\n"
        "too,few\n"
        f"64,Kepala Daerah,,email,{ADDRESS},\n"
        f"64,Kepala Daerah,,email,{ADDRESS},\n"
    )
    assert faults(text) == [
        (2, "region", "string_pattern_mismatch"),
        (3, "region", "unknown-region"),
        (4, "role", "literal_error"),
        (4, "address", "string_pattern_mismatch"),
        (5, "sector", "unknown-sector"),
        (6, "sector", "sector-of-no-agency"),
        (6, "address", "address-missing"),
        (6, "mute", "statutory-notice"),
        (7, "address", "address-of-inbox"),
        (8, "role", "literal_error"),
        (8, "channel", "literal_error"),
        (9, "", "cells"),
        (11, "address", "repeated"),
    ]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", ["region", "role"]),
        ("region\n64.71\n", ["role"]),
        ("region,role,telephone\n", ["telephone"]),
        ("region,role,role\n", ["role"]),
    ],
)
def test_a_file_without_its_head_is_told_so(text: str, columns: Sequence[str]) -> None:
    assert [(line, column) for line, column, _ in faults(text)] == [(1, column) for column in columns]


def test_a_file_without_end_is_refused_before_its_lines_are_read() -> None:
    assert faults("region,role\n" + "64.71,x\n" * LINES_MAX) == [(1, "", "too-many-lines")]


@pytest.mark.parametrize("text", ['region,role\n"64.71', "region,role\n64.71,\x00\n", "region,role\n\u202e,\u2028\n"])
def test_broken_text_is_a_fault_and_no_mistake(text: str) -> None:
    assert faults(text)
