"""How a record is put aside, to the byte and with what is known of its fault."""

from types import SimpleNamespace

import pytest

from chassis.dead_letters import CAUSES_MAX, ERRORS, Letter, Place, digest_of, put_aside

PLACE = Place("spm-submission-received-v1", 3, 7)


def aside(key: bytes | None, value: bytes | None, fault: Exception) -> Letter:
    record = SimpleNamespace(key=key, value=value, headers=[("odd", None)])
    topic, key, headers, value = put_aside(
        record, place=PLACE, service="validation", stage="decide", reason="mistake", fault=fault
    )
    assert (key, value) != (None, None), "the client sends no record without both"
    return Letter.of(SimpleNamespace(topic=topic, key=key, value=value, headers=headers, timestamp=0, offset=0))


@pytest.mark.parametrize("key", [None, b"", b"64.71"])
@pytest.mark.parametrize("value", [None, b"", b"{"])
def test_whatever_a_record_lacks_it_can_be_put_aside_and_is_known_again(key: bytes | None, value: bytes | None) -> None:
    letter = aside(key, value, ValueError("bad"))
    assert letter.value == value
    assert letter.digest == digest_of(key, value)
    assert (letter.place, letter.headers) == (PLACE, [("odd", None)])


def test_the_causes_of_a_fault_are_told_the_nearest_first_and_not_for_ever() -> None:
    fault = outer = ValueError("0")
    for number in range(1, CAUSES_MAX + 3):
        outer.__cause__ = outer = KeyError(f"{number}\nnext line")  # type: ignore[assignment]
    found = aside(b"", b"", fault)
    assert found.fault == "ValueError: 0"
    assert len(found.causes) == CAUSES_MAX
    assert found.causes[0] == "KeyError: '1\\nnext line'"


def test_what_was_said_not_to_matter_is_left_out() -> None:
    fault = ValueError("told")
    fault.__context__, fault.__suppress_context__ = KeyError("secret"), True
    assert aside(b"", b"", fault).causes == ()
    assert ERRORS == "__spm.errors."
