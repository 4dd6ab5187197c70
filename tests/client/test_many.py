"""Streams: parts that fit into the buffers, each line told of once, and a cut part that goes on where it was."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from client import Receipt, Refused, Unavailable
from client.spm import STREAM_LINES_MAX
from contracts.submission import Submission
from tests.client.test_retrying import RECEIPT, Door
from tests.intake.reports import submission


def reports(count: int) -> Iterator[Submission]:
    return (submission(served=number) for number in range(count))


def results(*lines: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, content=b"".join(json.dumps(line).encode() + b"\n" for line in lines))


def taken(line: int) -> dict[str, Any]:
    return {"line": line, "status": 202, "replayed": False, "receipt": RECEIPT | {"submission_id": f"s-{line}"}}


def refused(line: int) -> dict[str, Any]:
    return {"line": line, "status": 409, "problem": {"type": "urn:spm:problem:period-not-open", "detail": "x"}}


def served_of(request: httpx.Request) -> list[int]:
    return [json.loads(line)["services"][0]["recipients"]["served"] for line in request.content.splitlines()]


async def outcomes(door: Door, given: Iterator[Submission]) -> Sequence[tuple[int, str]]:
    async with door.client() as spm:
        return [
            (
                handed.number,
                handed.outcome.submission_id if isinstance(handed.outcome, Receipt) else handed.outcome.slug,
            )
            async for handed in spm.submit_many(given)
        ]


async def test_each_report_is_told_of_in_order() -> None:
    door = Door(results(taken(1), refused(2), taken(3), {"summary": {"lines": 3}}))
    assert await outcomes(door, reports(3)) == [(1, "s-1"), (2, "period-not-open"), (3, "s-3")]
    assert door.asked[0].headers["Content-Type"] == "application/x-ndjson"
    assert served_of(door.asked[0]) == [0, 1, 2]


async def test_a_stream_that_was_cut_goes_on_with_the_first_line_without_a_result() -> None:
    cut = {"line": 2, "status": 503, "problem": {"type": "urn:spm:problem:unavailable"}, "retry_after_s": 0}
    door = Door(results(taken(1), cut), results(taken(1), taken(2)))
    assert [number for number, _ in await outcomes(door, reports(3))] == [1, 2, 3]
    assert [served_of(request) for request in door.asked] == [[0, 1, 2], [1, 2]]


async def test_a_stream_without_any_result_is_not_sent_for_ever() -> None:
    with pytest.raises(Unavailable):
        await outcomes(Door(results({"summary": {"lines": 0}})), reports(2))


async def test_a_long_stream_goes_in_parts() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return results(*(taken(number) for number in served_of(request)))

    door = Door(answer)
    told = await outcomes(door, reports(STREAM_LINES_MAX + 1))
    assert [number for number, _ in told] == list(range(1, STREAM_LINES_MAX + 2))
    assert [len(served_of(request)) for request in door.asked] == [STREAM_LINES_MAX, 1]


def test_a_refusal_keeps_what_was_written() -> None:
    assert Refused.told(400, b"<html>").written == b"<html>"
