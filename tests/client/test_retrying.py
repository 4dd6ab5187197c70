"""When the client asks again, with what, and when it gives up."""

import asyncio
from collections.abc import Callable, Sequence

import httpx
import pytest

from client import Refused, Retry, SpmClient, Unavailable
from client.retrying import retry_after_s
from tests.intake.reports import submission

RECEIPT = {
    "submission_id": "s-1",
    "region_code": "64.71",
    "period": "2023Q4",
    "arrived_at": "2024-01-10T03:00:00Z",
    "due_at": "2024-01-20T16:59:59Z",
    "on_time": True,
    "imported": False,
    "content_digest": "0" * 64,
    "status": "received",
    "status_url": "/v1/submissions/s-1",
    "a_later_member": 1,
}
TAKEN = httpx.Response(202, json=RECEIPT)
HASTY = Retry(within_s=1.0, first_delay_s=0.001, delay_s_max=0.002)


def problem(status: int, slug: str, **headers: str) -> httpx.Response:
    body = {
        "type": f"urn:spm:problem:{slug}",
        "detail": "Kata-kata.",
        "errors": [{"pointer": "/a", "detail": "Salah."}],
    }
    return httpx.Response(status, json=body, headers=headers)


def lost(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("the line went dead")


class Door:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, *answers: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def client(self, retry: Retry = HASTY) -> SpmClient:
        return SpmClient("https://door", "spm_k", retry=retry, transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer(request) if callable(answer) else answer


@pytest.mark.parametrize(
    "troubles",
    [
        [lost],
        [problem(503, "unavailable")],
        [problem(429, "quota-exceeded")],
        [problem(409, "request-in-flight")],
        [problem(500, "mistake")],
        [httpx.Response(502, text="<html>a proxy</html>")],
        [lost, problem(503, "unavailable"), problem(409, "request-in-flight")],
    ],
)
async def test_what_passes_is_asked_again_with_the_same_key_and_bytes(
    troubles: Sequence[httpx.Response | Callable[[httpx.Request], httpx.Response]],
) -> None:
    door = Door(*troubles, TAKEN)
    async with door.client() as spm:
        receipt = await spm.submit(submission())
    assert receipt.submission_id == "s-1"
    assert len(door.asked) == len(troubles) + 1
    assert {request.headers["Idempotency-Key"] for request in door.asked} == {f'"{submission().content_digest}"'}
    assert len({request.content for request in door.asked}) == 1
    assert {request.headers["Authorization"] for request in door.asked} == {"Bearer spm_k"}


@pytest.mark.parametrize(
    ("status", "slug"), [(409, "period-not-open"), (422, "unprocessable-submission"), (401, "unauthenticated")]
)
async def test_a_refusal_is_told_at_once_with_its_faults(status: int, slug: str) -> None:
    door = Door(problem(status, slug))
    async with door.client() as spm:
        with pytest.raises(Refused) as refusal:
            await spm.submit(submission(), key="kunci")
    assert (refusal.value.status, refusal.value.slug, len(door.asked)) == (status, slug, 1)
    assert [(fault.pointer, fault.detail) for fault in refusal.value.errors] == [("/a", "Salah.")]


async def test_a_door_that_never_opens_is_given_up_in_time_and_says_what_was_last() -> None:
    door = Door(problem(503, "unavailable"))
    async with door.client(Retry(within_s=0.05, first_delay_s=0.01)) as spm:
        with pytest.raises(Unavailable, match="503 unavailable"):
            await spm.submit(submission())
    assert len(door.asked) > 1


async def test_a_door_that_wants_more_time_than_there_is_is_not_waited_for() -> None:
    door = Door(problem(503, "unavailable", **{"Retry-After": "3600"}))
    started = asyncio.get_running_loop().time()
    async with door.client(Retry(within_s=5)) as spm:
        with pytest.raises(Unavailable) as away:
            await spm.submit(submission())
    assert (away.value.retry_after_s, len(door.asked)) == (3600, 1)
    assert asyncio.get_running_loop().time() - started < 2


async def test_retry_after_is_never_undercut() -> None:
    door = Door(problem(429, "quota-exceeded", **{"Retry-After": "1"}), TAKEN)
    started = asyncio.get_running_loop().time()
    async with door.client(Retry(within_s=5, first_delay_s=0.001)) as spm:
        await spm.submit(submission())
    assert asyncio.get_running_loop().time() - started >= 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Wed, 10 Jan 2024 03:00:30 GMT", "Date": "Wed, 10 Jan 2024 03:00:00 GMT"}, 30),
        ({"Retry-After": "Wed, 10 Jan 2024 02:00:00 GMT", "Date": "Wed, 10 Jan 2024 03:00:00 GMT"}, 0),
        ({"Retry-After": "Wed, 10 Jan 2024 03:00:30 GMT"}, None),
        ({"Retry-After": "Wed, 10 Jan 99999999999 03:00:30 GMT", "Date": "Wed, 10 Jan 2024 03:00:00 GMT"}, None),
    ],
)
def test_retry_after_is_read_in_each_of_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(httpx.Response(503, headers=headers)) == seconds
