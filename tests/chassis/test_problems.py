"""What the framework refuses by itself is told as a problem, too."""

import httpx
from fastapi import APIRouter, FastAPI

from chassis import problems
from chassis.problems import FAULTS_MAX, Fault, Problem, told


async def test_a_method_that_a_path_does_not_take_is_told_all_that_it_takes() -> None:
    inner, outer, app = APIRouter(), APIRouter(), FastAPI()

    @inner.get("/v1/things/{name:path}")
    async def read(name: str) -> None: ...

    @inner.put("/v1/things/{name:path}")
    async def write(name: str) -> None: ...

    outer.include_router(inner)
    app.include_router(outer)
    problems.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        answer = await client.request("OPTIONS", "/v1/things/a")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PUT")
    assert answer.json()["type"] == "urn:spm:problem:method-not-allowed"


def test_an_answer_lists_no_more_faults_than_anybody_reads() -> None:
    faults = [Fault(code="extra_forbidden", pointer=f"/{number}", detail="No.") for number in range(FAULTS_MAX + 1)]
    assert len(told(Problem(422, "unprocessable-request", "Too many.", errors=faults), "/").errors) == FAULTS_MAX
