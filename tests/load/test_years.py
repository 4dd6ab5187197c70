"""A year's bytes as another year's: what differs, and what must not."""

import json
from itertools import product
from uuid import UUID

import bson
import pytest

from contracts.message import deterministic_id
from contracts.quarter import Quarter
from tests.load.likeness import unlike
from tests.load.years import FIRST, LAST, Mould, Year

ID, OTHER = deterministic_id("a"), deterministic_id("b")
DOCUMENT = {
    "_id": ID,
    "period": "2023Q4",
    "fiscal_year": 2023,
    "offset": 41,
    "figures": {"target": 2023, "offset_of": 41},
    "event": {"headers": {"ce_causationid": OTHER}, "value": b'{"supersedes":"%b","period":"2023Q4"}' % OTHER.encode()},
    "content_digest": "2023" * 16,
}


def copied(number: int, *, begins_at: int = 0) -> dict[str, object]:
    whole = Mould.of(bson.encode(DOCUMENT)).cast(Year(number), begins_at=begins_at)
    document: dict[str, object] = bson.decode(whole)
    return document


def test_a_document_gets_ids_quarters_fiscal_year_and_offset_of_its_year_and_nothing_else() -> None:
    year = Year(7)
    id_, other = (year.id_of(first.encode()).decode() for first in (ID, OTHER))
    assert copied(7, begins_at=700) == DOCUMENT | {
        "_id": id_,
        "period": "2030Q4",
        "fiscal_year": 2030,
        "offset": 741,
        "event": {
            "headers": {"ce_causationid": other},
            "value": b'{"supersedes":"%b","period":"2030Q4"}' % other.encode(),
        },
    }


def test_what_names_one_thing_in_several_places_still_names_one_thing() -> None:
    record = Mould.of(b'"submission_id":"%b"' % ID.encode()).cast(Year(3))
    assert record == b'"submission_id":"%b"' % str(copied(3)["_id"]).encode()


def test_no_two_years_and_no_two_things_share_an_id() -> None:
    ids = [Year(number).id_of(first.encode()) for number, first in product(range(1, 77), (ID, OTHER))]
    assert len({ID.encode(), OTHER.encode(), *ids}) == len(ids) + 2
    assert all(str(UUID(one.decode())).encode() == one for one in ids)


def test_the_copy_of_a_copied_number_is_the_same_to_the_byte_in_another_run() -> None:
    assert Year(5).id_of(ID.encode()) == Year(5).id_of(ID.encode()) != Year(6).id_of(ID.encode())


@pytest.mark.parametrize("first", [b"", b"no slot", b"2023", b"2023Q5", b"12023-Q1", ID.encode()[:-1]])
def test_what_only_looks_like_it_stays(first: bytes) -> None:
    assert Year(1).told(first) == first


@pytest.mark.parametrize("number", [0, LAST - FIRST + 1])
def test_years_that_no_quarter_can_name_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="76 years after it"):
        Year(number)


def test_the_last_year_can_be_read() -> None:
    text = Year(LAST - FIRST).told(b"2023Q1").decode()
    assert Quarter.parse(text) == Quarter(LAST, 1)


def answer(**body: object) -> bytes:
    return b"404 " + json.dumps({"detail": f"{ID} has no scorecard", **body}).encode()


def test_a_copied_year_reads_like_the_first_whatever_the_request_was() -> None:
    year = Year(7)
    copied_answer = year.told(answer(trace_id="b" * 32))
    assert unlike([answer(trace_id="a" * 32)], [copied_answer], year) == []
    assert len(unlike([answer(trace_id="a" * 32)], [answer(trace_id="a" * 32)], year)) == 1
    assert len(unlike([answer()], [copied_answer.replace(b"404", b"503")], year)) == 1
