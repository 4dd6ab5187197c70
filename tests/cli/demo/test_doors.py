import httpx
import pytest

from cli.demo.doors import Doors, RefusedError
from cli.demo.plan import Plan


def doors_to(answering: httpx.MockTransport) -> Doors:
    client = httpx.AsyncClient(transport=answering, base_url="http://service")
    return Doors(client, client, client, importer={"Authorization": "i"}, secretariat={"Authorization": "s"})


async def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_content(small_plan: Plan) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            raise httpx.ReadError("the line went dead", request=request)
        if len(asked) == 2:
            return httpx.Response(503, headers={"Retry-After": "5"})
        return httpx.Response(202, json={"submission_id": "s1"}, headers={"Idempotency-Replayed": "true"})

    report = small_plan.reports[0]
    receipt, replayed = await doors_to(httpx.MockTransport(answer)).send(report)
    assert (receipt, replayed, len(asked)) == ({"submission_id": "s1"}, True, 3)
    assert {request.headers["Idempotency-Key"] for request in asked} == {f'"{report.key}"'}
    assert len({request.content for request in asked}) == 1
    assert asked[0].headers["Spm-Arrived-At"] == report.arrived_at.isoformat()


async def test_a_refusal_tells_which_door_and_why() -> None:
    problem = {"type": "urn:spm:problem:figures-in-flight", "detail": "2023Q4 is open."}
    doors = doors_to(httpx.MockTransport(lambda _: httpx.Response(409, json=problem)))
    with pytest.raises(RefusedError, match="POST /v1/awards/2024/nominate was answered 409 figures-in-flight: 2023Q4"):
        await doors.order_award(2024, "nominate")


async def test_a_refusal_without_a_problem_document_is_told_too() -> None:
    doors = doors_to(httpx.MockTransport(lambda _: httpx.Response(500, text="oh")))
    with pytest.raises(RefusedError, match="answered 500 : oh"):
        await doors.ledger(2023)


async def test_a_period_that_was_never_opened_is_none() -> None:
    problem = {"type": "urn:spm:problem:not-found", "detail": "2023Q1 was never opened."}
    doors = doors_to(httpx.MockTransport(lambda _: httpx.Response(404, json=problem)))
    assert await doors.period("2023Q1") is None
