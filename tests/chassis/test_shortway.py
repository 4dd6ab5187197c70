"""The short way: taken by the plain request alone, and known by the door that is described."""

from collections.abc import Mapping

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from chassis.problems import Problem, install
from chassis.shortway import ShortWay


def app() -> FastAPI:
    router = APIRouter()

    @router.post("/v1/things")
    async def described() -> Response:
        return Response("described")

    async def short(request: Request) -> Response:
        if await request.body() == b"{}":
            return Response(f"short, known as {request.scope['route'].path_format}")
        raise Problem(422, "unprocessable-submission", "Nothing was kept.")

    made = FastAPI()
    install(made)
    made.router.routes.append(ShortWay(router, short))
    made.include_router(router)
    return made


async def asked(method: str, address: str, headers: Mapping[str, str], content: bytes = b"{}") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://door") as client:
        return await client.request(method, address, headers=headers, content=content)


JSON = {"Content-Type": "application/json"}


async def test_plain_json_takes_the_short_way() -> None:
    assert (await asked("POST", "/v1/things", JSON)).text == "short, known as /v1/things"


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/v1/things?first_line=0", JSON),
        ("/v1/things", {"Content-Type": "application/x-ndjson"}),
        ("/v1/things", {"Content-Type": "application/json; charset=utf-8"}),
        ("/v1/things", {}),
    ],
)
async def test_what_asks_for_more_goes_to_the_described_door(address: str, headers: Mapping[str, str]) -> None:
    assert (await asked("POST", address, headers)).text == "described"


@pytest.mark.parametrize(("method", "address", "status"), [("GET", "/v1/things", 405), ("POST", "/v1/thing", 404)])
async def test_what_no_door_takes_is_refused_as_before(method: str, address: str, status: int) -> None:
    assert (await asked(method, address, JSON)).status_code == status


async def test_a_refusal_on_the_short_way_is_a_problem() -> None:
    answer = await asked("POST", "/v1/things", JSON, b"[]")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
