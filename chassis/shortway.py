"""The way past FastAPI to a door that is asked very often.

FastAPI's routing and dependencies cost a request as much as reading a report does. They stay what describes the door,
and the way of every request that asks for more.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match, Route
from starlette.types import Scope

from chassis.events import JSON

Answer = Callable[[Request], Awaitable[Response]]

_METHOD: Final = "POST"


class ShortWay(Route):
    """Taken by JSON that is posted without a query; the described door gives any other request the same answers."""

    def __init__(self, router: APIRouter, answer: Answer) -> None:
        """To the door that the router describes last."""
        [*_, self.described] = (route for route in router.routes if isinstance(route, APIRoute))
        super().__init__(self.described.path, answer, methods=[_METHOD])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if (
            scope["type"] != "http"
            or scope["method"] != _METHOD
            or scope["path"] != self.path
            or scope["query_string"]
            or Headers(scope=scope).get("content-type") != JSON
        ):
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": {}, "route": self.described}
