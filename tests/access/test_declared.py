"""No door without a lock, unless it stands on this list: read from the applications as they are, nothing is started."""

import pytest
from fastapi import APIRouter, FastAPI

from contracts.scopes import SCOPES
from tests.access.doors import DESK, SERVICES, application, doors_of, sandbox_of, untold

VITAL_SIGNS = {"GET /live", "GET /ready", "GET /metrics"}
PUBLIC = {
    # Whoever holds a receipt may check it, and anybody may check ours.
    "intake": VITAL_SIGNS | {"GET /.well-known/jwks.json", "GET /verify"},
    # What is demanded is the law's, and for everybody.
    "validation": VITAL_SIGNS
    | {
        *("GET /v1/rules", "GET /v1/rules/{code}", "GET /v1/rulesets", "GET /v1/rulesets/current"),
        *("GET /rules", "GET /rules/{code}"),
    },
    # Published figures (decision 0007).
    "scoring": VITAL_SIGNS
    | {
        *("GET /open-data/scorecards/{period}.{form}", "GET /open-data/services/{period}.{form}"),
        *("GET /open-data/regions.{form}", "GET /open-data/regions/{region}.{form}"),
        "GET /open-data/regions/{region}/{period}/explanation.json",
        *("GET /open-data/awards/{edition_year}.{form}", "GET /open-data/awards/{edition_year}/bundle.json"),
    },
    # Whoever holds a certificate may check it; nobody has signed in before signing in; a digest's mail ends it.
    "notify": VITAL_SIGNS
    | {
        *("GET /certificates/verify", "GET /sign-in", "POST /sign-in", "POST /sign-out"),
        *("GET /sign-in/link/{token}", "POST /sign-in/link/{token}"),
        *("GET /unsubscribe/{token}", "POST /unsubscribe/{token}"),
    },
    DESK: VITAL_SIGNS,
}
DOCS = {"/docs", "/docs/{name}", "/openapi.json"}
UNTOLD = {
    # Pages of published figures, for browsers.
    "scoring": {"/", "/awards", "/awards/{edition_year}", "/data", "/regions/{code}", "/tables", "/tables/{period}"},
    # To the list of what was put aside, which is locked.
    DESK: {"/"},
}
each_service = pytest.mark.parametrize("service", [*SERVICES, DESK])


@each_service
async def test_a_door_without_a_lock_is_on_the_list(service: str) -> None:
    app = application(service)
    stage = sandbox_of(app)
    doors = [*doors_of(service, app.openapi()), *(doors_of(service, stage.openapi()) if stage else ())]
    assert {f"{door.method} {door.path}" for door in doors if not door.scopes} == PUBLIC[service]


@each_service
async def test_a_door_of_which_the_document_is_silent_is_on_the_list(service: str) -> None:
    assert untold(application(service)) == DOCS | UNTOLD.get(service, set())


@each_service
async def test_a_door_asks_for_one_scope_that_exists(service: str) -> None:
    asked = [door.scopes for door in doors_of(service, application(service).openapi()) if door.scopes]
    assert {len(scopes) for scopes in asked} == {1}
    assert {scope for scopes in asked for scope in scopes} <= SCOPES.keys()


@pytest.mark.parametrize("in_schema", [True, False])
def test_a_new_door_that_forgot_its_lock_is_found(*, in_schema: bool) -> None:
    forgetful = APIRouter()

    @forgetful.get("/v1/forgotten", include_in_schema=in_schema)
    def forgotten() -> str:
        return "everything"

    app = FastAPI()
    app.include_router(forgetful)
    assert [door.path for door in doors_of("intake", app.openapi()) if not door.scopes] == ["/v1/forgotten"] * in_schema
    assert ("/v1/forgotten" in untold(app)) is not in_schema


async def test_every_scope_opens_a_door_or_says_what_it_adds() -> None:
    opened = {
        scope
        for service in (*SERVICES, DESK)
        for door in doors_of(service, application(service).openapi())
        for scope in door.scopes or ()
    }
    assert SCOPES.keys() - opened == {"submissions:import"}
