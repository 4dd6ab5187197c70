"""Every door of every service, as the OpenAPI document of its real application tells of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from chassis.clock import SystemClock
from chassis.service import make_app
from chassis.shortway import ShortWay
from cli.desk.app import make_desk
from tests.running import settings_for

SERVICES = ("intake", "validation", "scoring", "notify")
DESK = "desk"
"""The operators' own, which is no service: it has no stream and no database."""
NOBODY = "127.0.0.1:1"
READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Door:
    service: str
    method: str
    path: str
    scopes: tuple[str, ...] | None
    """None: asks for no key."""
    parameters: Mapping[str, Mapping[str, Any]] = field(hash=False)
    """Of path and query, by name."""
    body: Any = field(hash=False)
    """The document's example of a JSON body; None where it has none."""

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def reads(self) -> bool:
        return self.method in READING

    @property
    def names_a_region(self) -> bool:
        return "region" in self.parameters


@cache
def application(service: str) -> FastAPI:
    """As the service's own ``build`` makes it; nothing is connected."""
    if service == DESK:
        return make_desk(settings_for(NOBODY, f"mongodb://{NOBODY}"), SystemClock())
    build = import_module(f"services.{service}.app").build
    return make_app(service, build, settings_for(NOBODY, f"mongodb://{NOBODY}"))


def doors_of(service: str, document: Mapping[str, Any]) -> Iterator[Door]:
    for path, operations in document["paths"].items():
        for method, told in operations.items():
            security = told.get("security")
            content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
            examples = list(content.get("examples", {}).values())
            yield Door(
                service=service,
                method=method.upper(),
                path=path,
                scopes=None
                if security is None
                else tuple({scope for way in security for s in way.values() for scope in s}),
                parameters={each["name"]: each for each in told.get("parameters", ()) if each["in"] != "header"},
                body=examples[0]["value"] if examples else None,
            )


def untold(app: FastAPI) -> set[str]:
    """What the application answers without telling of it in its document."""
    return {path for path, told in _paths(app.routes) if not told}


def sandbox_of(app: FastAPI) -> FastAPI | None:
    for middleware in app.user_middleware:
        stage = middleware.kwargs.get("sandbox")
        if isinstance(stage, FastAPI):
            return stage
    return None


def _paths(routes: Any) -> Iterator[tuple[str, bool]]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _paths(included.routes)
        else:
            # A short way leads to a door that is told of.
            told = route.described if isinstance(route, ShortWay) else route
            yield getattr(told, "path", str(told)), isinstance(told, APIRoute) and told.include_in_schema
