"""``/docs``: the OpenAPI document for a browser. Everything comes from this process, so it works without internet."""

from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Response

from chassis.pages import FOLDER
from chassis.problems import Problem

DOCS: Final = "/docs"
OPENAPI: Final = "/openapi.json"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI writes styles into its elements; scripts come from files alone."""
_KEPT: Final = {"Cache-Control": "public, max-age=3600"}
_SWAGGER: Final = files("fastapi_offline") / "static"
_FILES: Final = {
    "swagger-ui-bundle.js": (_SWAGGER, "text/javascript"),
    "swagger-ui.css": (_SWAGGER, "text/css"),
    "docs.js": (FOLDER, "text/javascript"),
}


def documentation(title: str) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    page = (FOLDER / "docs.html").read_text(encoding="utf-8").replace("{{ title }}", escape(title))

    @router.get(DOCS)
    async def docs() -> Response:
        return Response(page, media_type="text/html", headers={"Content-Security-Policy": _POLICY})

    @router.get(DOCS + "/{name}")
    async def part(name: str) -> Response:
        if name not in _FILES:
            raise Problem(404, "not-found", f"The documentation has the parts {', '.join(_FILES)}.")
        content, kind = _part(name)
        return Response(content, media_type=kind, headers=_KEPT)

    return router


@cache
def _part(name: str) -> tuple[bytes, str]:
    """Read once, when it is first asked for."""
    folder, kind = _FILES[name]
    return (folder / name).read_bytes(), kind
