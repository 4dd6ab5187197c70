"""The OpenAPI document of every service: each refusal has its form, an example and an explanation."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from chassis.openapi import Described
from chassis.problems import MEDIA_TYPE
from chassis.service import make_app
from tests.architecture.test_operations import ANSWERS, headings
from tests.architecture.test_topics import NOBODY, each_service
from tests.running import settings_for


def refusals(document: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Place, status and content of every answer of 400 and more that has a body."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, answer in operation["responses"].items():
                if int(status) >= 400 and "content" in answer:
                    yield f"{method} {path} {status}", int(status), answer["content"]


@each_service
async def test_every_refusal_has_an_example_that_operators_find_explained(name: str) -> None:
    build = import_module(f"services.{name}.app").build
    document = make_app(name, build, settings_for(NOBODY, f"mongodb://{NOBODY}")).openapi()
    assert document["openapi"].startswith("3.1.")
    found = list(refusals(document))
    assert found, name
    for place, status, content in found:
        told = content.get(MEDIA_TYPE, {}).get("examples", {})
        assert told, f"{place}: no example of {MEDIA_TYPE}"
        for slug, example in told.items():
            assert slug in headings()[ANSWERS], f"{place}: {slug}"
            assert example["value"]["status"] == status, place
            assert example["value"]["type"].endswith(slug), place
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        if operation.get("security"):
            assert {"401", "403", "429", "503"} <= set(operation["responses"]), operation["operationId"]


def test_what_the_framework_says_of_bad_requests_is_corrected() -> None:
    app = Described()

    @app.get("/{number}")
    async def door(number: int) -> int:
        return number

    told = app.openapi()["paths"]["/{number}"]["get"]["responses"]["422"]["content"]
    assert set(told) == {MEDIA_TYPE}
    assert "HTTPValidationError" not in app.openapi()["components"]["schemas"]


@each_service
async def test_every_link_leads_to_a_door_and_names_its_parameters(name: str) -> None:
    build = import_module(f"services.{name}.app").build
    document = make_app(name, build, settings_for(NOBODY, f"mongodb://{NOBODY}")).openapi()
    doors = {one["operationId"]: one for operations in document["paths"].values() for one in operations.values()}
    for door in doors.values():
        for answer in door["responses"].values():
            for link in answer.get("links", {}).values():
                of_path = {one["name"] for one in doors[link["operationId"]]["parameters"] if one["in"] == "path"}
                assert of_path == set(link["parameters"]), link
