"""What a stream does when its world, its client or the clock is against it; on a fake of admission."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from starlette.types import Message

from chassis.access import KeyRing, KeyRow
from chassis.clock import FixedClock
from chassis.errors import Retryable
from chassis.gate import Gate
from chassis.problems import Problem
from chassis.quota import Quota
from services.intake.domain.arrival import Arrival
from services.intake.domain.status import Receipt
from services.intake.routes.commit import IN_FLIGHT, Admitted
from services.intake.routes.streams import GROUP_LINES, REFUSED_MAX, STREAMS_A_CLIENT_MAX, STREAMS_MAX, Streams
from tests.intake.reports import ANOTHER_KOTA, KOTA, NOW, PERIOD, body, submission

CALLER = KeyRow(key_id="0" * 12, client_id="kota-contoh", scopes=frozenset(), region=KOTA, sha256="0" * 64)
NDJSON = {"Content-Type": "application/x-ndjson"}


class FakeAdmission:
    """Admits everything in groups; ``trouble`` is asked before each group."""

    def __init__(self, trouble: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.groups: list[list[Arrival]] = []
        self.known: set[str] = set()
        self.trouble = trouble

    async def admit(self, arrival: Arrival, *, wait_s: float = 0) -> Admitted:  # noqa: ARG002 - as the real one
        repeated = arrival.submission_id in self.known
        self.known.add(arrival.submission_id)
        return _receipt(arrival), repeated

    async def admit_all(self, arrivals: Sequence[Arrival]) -> list[Admitted | Problem]:
        if self.trouble is not None:
            await self.trouble(len(self.groups))
        self.groups.append(list(arrivals))
        return [await self.admit(arrival) for arrival in arrivals]


def _receipt(arrival: Arrival) -> Receipt:
    return Receipt(
        submission_id=arrival.submission_id,
        region_code=arrival.submission.region_code,
        period=PERIOD,
        arrived_at=arrival.arrived_at,
        due_at=NOW,
        on_time=True,
        imported=False,
        content_digest=arrival.content_digest,
        status_url="/v1/submissions/x",
        proof="contoh",
    )


class Client:
    """Sends the pieces one after the other; what is answered is kept as it comes."""

    def __init__(self, *pieces: bytes, cut: bool = False, headers: dict[str, str] | None = None) -> None:
        self.taken = 0
        self.answer = b""
        self.status: int | None = None
        self.ended = False
        self._pieces = pieces
        self._cut = cut
        raw = [(name.lower().encode(), text.encode()) for name, text in (NDJSON | (headers or {})).items()]
        self.app = FastAPI()
        self.hold_key(CALLER)
        self.scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/v1/submissions", "app": self.app}
        self.scope |= {"headers": raw, "query_string": b""}

    def hold_key(self, row: KeyRow) -> None:
        """What the gate knows of the client's key from now on."""
        self.app.state.gate = Gate(KeyRing([row]), FixedClock(NOW), requests=Quota(1), failures=Quota(1))

    async def receive(self) -> Message:
        if self.taken == len(self._pieces):
            return {"type": "http.disconnect"} if self._cut else {"type": "http.request", "body": b""}
        piece = self._pieces[self.taken]
        self.taken += 1
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(self, message: Message) -> None:
        self.status = message.get("status", self.status)
        self.answer += message.get("body", b"")
        self.ended = message["type"] == "http.response.body" and not message.get("more_body")

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.answer.splitlines()]

    async def run(self, streams: Streams, first_line: int = 1, caller: KeyRow = CALLER) -> list[dict[str, Any]]:
        response = streams.answer(Request(self.scope, self.receive), caller, first_line)
        await response(self.scope, self.receive, self.send)
        return self.results


def line(served: int, region: str = KOTA) -> bytes:
    return body(submission(region, served=served)) + b"\n"


def streams(admission: FakeAdmission, **options: float) -> Streams:
    return Streams(admission, FixedClock(NOW), **options)


async def test_every_line_has_its_result_in_order_and_a_repeated_one_its_receipt_again() -> None:
    admission = FakeAdmission()
    results = await Client(
        line(1) + line(2), b"\n" + line(1), line(3, ANOTHER_KOTA), b"[", b"\n", b"9" * 600_000 + b"\n", line(4)[:-1]
    ).run(streams(admission))
    told = [
        (r["line"], r["status"], r.get("replayed"), r.get("problem", {}).get("type", "")[16:]) for r in results[:-1]
    ]
    assert told == [
        (1, 202, False, ""),
        (2, 202, False, ""),
        (4, 202, True, ""),
        (5, 403, None, "outside-region"),
        (6, 400, None, "malformed-json"),
        (7, 413, None, "body-too-large"),
        (8, 202, False, ""),
    ]
    assert results[2]["receipt"] == results[0]["receipt"]
    assert results[-1] == {
        "summary": {"lines": 7, "accepted": 3, "replayed": 1, "refused": 3, "content_digest": "absent"}
    }


async def test_numbers_go_on_where_the_client_says() -> None:
    assert [r.get("line") for r in await Client(line(1), line(2)).run(streams(FakeAdmission()), 41)] == [41, 42, None]


async def test_a_stream_is_admitted_in_groups_of_bounded_size_and_in_order() -> None:
    admission = FakeAdmission()
    await Client(b"".join(line(served) for served in range(300))).run(streams(admission))
    assert max(map(len, admission.groups)) <= GROUP_LINES
    served = [a.submission.services[0].recipients.served for group in admission.groups for a in group]
    assert served == list(range(300))


async def test_while_a_group_is_on_its_way_no_more_than_the_next_one_is_read() -> None:
    held = asyncio.Event()

    async def hold(_: int) -> None:
        await held.wait()

    client = Client(*(line(served) for served in range(400)))
    running = asyncio.create_task(client.run(streams(FakeAdmission(hold))))
    taken = -1
    while client.taken != taken:
        taken = client.taken
        await asyncio.sleep(0.05)
    assert taken <= 2 * GROUP_LINES + 2
    held.set()
    assert len(await running) == 401


async def test_a_broken_world_ends_the_stream_with_the_line_to_go_on_from() -> None:
    async def break_at_the_second(group: int) -> None:
        if group == 1:
            raise Retryable("Kafka is away")

    admission = FakeAdmission(break_at_the_second)
    lines = [line(served) for served in range(200)]
    results = await Client(b"".join(lines)).run(streams(admission))
    last = results[-1]
    assert (last["status"], last["retry_after_s"], last["problem"]["type"]) == (503, 5, "urn:spm:problem:unavailable")
    assert last["line"] == len(admission.groups[0]) + 1 == len(results)
    admission.trouble = None
    rest = await Client(b"".join(lines[last["line"] - 1 :])).run(streams(admission), last["line"])
    assert [r["line"] for r in rest[:-1]] == list(range(last["line"], 201))
    assert len(admission.known) == 200


async def test_a_key_that_is_revoked_meanwhile_ends_the_stream_with_the_line_to_go_on_from() -> None:
    client = Client(*(line(served) for served in range(200)))

    async def revoke(_: int) -> None:
        client.hold_key(CALLER.model_copy(update={"revoked": True}))

    admission = FakeAdmission(revoke)
    results = await client.run(streams(admission))
    (group,) = admission.groups
    assert [result["status"] for result in results] == [202] * len(group) + [401]
    assert results[-1]["line"] == len(group) + 1
    assert results[-1]["problem"]["type"] == "urn:spm:problem:unauthenticated"
    assert client.ended


async def test_a_client_that_goes_away_leaves_whole_lines_alone() -> None:
    admission = FakeAdmission()
    client = Client(line(1), line(2)[:-20], cut=True)
    results = await client.run(streams(admission))
    assert [r["status"] for r in results] == [202, 400]
    assert results[-1]["problem"]["type"] == "urn:spm:problem:body-incomplete"
    assert len(admission.known) == 1


async def test_a_body_that_breaks_in_the_middle_keeps_the_results_so_far() -> None:
    packed = gzip.compress(line(1) + line(2))
    results = await Client(packed[:-3], headers={"Content-Encoding": "gzip"}).run(streams(FakeAdmission()))
    assert [(r["line"], r["status"]) for r in results] == [(1, 202), (2, 202), (3, 400)]
    assert results[-1]["problem"]["type"] == "urn:spm:problem:bad-encoding"


async def test_a_stream_of_refusals_is_given_up() -> None:
    client = Client(*[b"[\n" * 5_000] * 3)
    results = await client.run(streams(FakeAdmission()))
    assert results[-1]["problem"]["type"] == "urn:spm:problem:too-many-refused"
    assert results[-1]["line"] == len(results)
    assert REFUSED_MAX < len(results) <= REFUSED_MAX + GROUP_LINES + 1


async def test_results_that_nobody_reads_end_the_stream() -> None:
    class Unread(Client):
        async def send(self, message: Message) -> None:
            await super().send(message)
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

    client = Unread(*(line(served) for served in range(500)))
    async with asyncio.timeout(5):
        await client.run(streams(FakeAdmission(), unread_s=0.1))
    assert not client.ended
    assert client.taken < 500


async def test_a_copy_that_is_on_its_way_is_waited_for() -> None:
    class Busy(FakeAdmission):
        async def admit_all(self, arrivals: Sequence[Arrival]) -> list[Admitted | Problem]:
            return [Problem(409, IN_FLIGHT, "contoh") for _ in arrivals]

    assert [r.get("status") for r in await Client(line(1)).run(streams(Busy()))] == [202, None]


async def test_many_copies_that_are_on_their_way_are_waited_for_at_once() -> None:
    copies = asyncio.Barrier(3)

    class Busy(FakeAdmission):
        async def admit_all(self, arrivals: Sequence[Arrival]) -> list[Admitted | Problem]:
            return [Problem(409, IN_FLIGHT, "contoh") for _ in arrivals]

        async def admit(self, arrival: Arrival, *, wait_s: float = 0) -> Admitted:
            await copies.wait()
            return await super().admit(arrival, wait_s=wait_s)

    client = Client(b"".join(line(served) for served in range(copies.parties)))
    async with asyncio.timeout(5):
        assert [r.get("status") for r in await client.run(streams(Busy()))] == [202, 202, 202, None]


async def test_a_world_that_breaks_while_a_copy_is_waited_for_is_told_of_like_any() -> None:
    class Broken(FakeAdmission):
        async def admit_all(self, arrivals: Sequence[Arrival]) -> list[Admitted | Problem]:
            return [Problem(409, IN_FLIGHT, "contoh") for _ in arrivals]

        async def admit(self, arrival: Arrival, *, wait_s: float = 0) -> Admitted:  # noqa: ARG002 - as the real one
            raise Retryable("contoh")

    assert [r.get("status") for r in await Client(line(1) + line(2)).run(streams(Broken()))] == [503]


async def test_nothing_reads_on_behind_a_stream_that_has_ended_early() -> None:
    async def away(_: int) -> None:
        raise Retryable("contoh")

    before = asyncio.all_tasks()
    client = Client(*(line(served) for served in range(3 * GROUP_LINES)))
    assert (await client.run(streams(FakeAdmission(away))))[-1]["status"] == 503
    assert asyncio.all_tasks() <= before


@pytest.mark.parametrize(
    ("headers", "slug"),
    [
        ({"Idempotency-Key": "satu"}, "bad-idempotency-key"),
        ({"Spm-Arrived-At": NOW.isoformat()}, "bad-arrival-time"),
        ({"Content-Encoding": "br"}, "unsupported-encoding"),
        ({"Content-Digest": "md5=:AA==:"}, "content-digest-mismatch"),
    ],
)
def test_headers_that_do_not_fit_a_stream_are_refused_before_it_begins(headers: dict[str, str], slug: str) -> None:
    client = Client(headers=headers)
    with pytest.raises(Problem) as refused:
        streams(FakeAdmission()).answer(Request(client.scope, client.receive), CALLER, 1)
    assert refused.value.slug == slug


async def test_only_so_many_streams_are_taken_at_a_time_and_fewer_of_one_client() -> None:
    held = asyncio.Event()

    async def hold(_: int) -> None:
        await held.wait()

    many = streams(FakeAdmission(hold))
    clients = [CALLER.model_copy(update={"client_id": name}) for name in ("satu", "dua", "tiga")]

    def answer(caller: KeyRow) -> Response:
        one_more = Client(line(99))
        return many.answer(Request(one_more.scope, one_more.receive), caller, 1)

    def refusal(caller: KeyRow) -> tuple[int, str]:
        with pytest.raises(Problem) as refused:
            answer(caller)
        assert "Retry-After" in (refused.value.headers or {})
        return refused.value.status, refused.value.slug

    running = []
    for caller in clients[: STREAMS_MAX // STREAMS_A_CLIENT_MAX]:
        sent = [Client(line(n)).run(many, caller=caller) for n in range(STREAMS_A_CLIENT_MAX)]
        running += [asyncio.create_task(each) for each in sent]
        await asyncio.sleep(0.05)
        assert refusal(caller) == (429, "too-many-streams")
    assert refusal(clients[-1]) == (503, "streams-full")
    held.set()
    await asyncio.gather(*running)
    assert all(isinstance(answer(caller), Response) for caller in clients)
