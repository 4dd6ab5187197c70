"""What the OpenAPI document says of bodies and of refusals."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from chassis.events import JSON
from chassis.problems import MEDIA_TYPE, ProblemBody, as_sent, type_of

_REFUSED_FROM: Final = 400
_USUAL: Final = {
    400: ("bad-request", "The request cannot be read."),
    401: ("unauthenticated", "No key was sent; send Authorization: Bearer spm_…"),
    403: ("forbidden", "This key lacks the scope that the door asks for."),
    404: ("not-found", "There is no such thing, or it is another region's."),
    413: ("body-too-large", "The body is larger than 524288 bytes."),
    415: ("unsupported-media-type", "The body is taken as application/json, in UTF-8."),
    422: ("unprocessable-request", "1 faults in the request."),
    429: ("quota-exceeded", "6000 requests a minute are taken from a client."),
    503: ("unavailable", "A part that this answer needs is away; nothing was kept. Send the same request again later."),
}
_WITH_A_KEY: Final = (401, 403, 429, 503)
"""What every door that asks for a key can answer."""
_DIGEST: Final = "sha-256=:<base64>: (RFC 9530); checked when sent."


def body_of(
    model: type[BaseModel], example: Mapping[str, Any], headers: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """The description of a JSON body that is read as the model, unknown members refused, and of its headers."""
    content = {JSON: {"schema": self_contained(model), "examples": {"synthetic": {"value": example}}}}
    parameters = [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": text}
        for name, text in ({"Content-Digest": _DIGEST} | dict(headers)).items()
    ]
    return {"requestBody": {"required": True, "content": content}, "parameters": parameters}


def self_contained(model: type[BaseModel]) -> dict[str, Any]:
    """The model's schema without references: within the OpenAPI document they would point nowhere."""
    schema = model.model_json_schema()
    resolved: dict[str, Any] = _resolved(schema, schema.get("$defs", {}))
    return resolved


def _resolved(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolved(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _resolved(definitions[node["$ref"].rpartition("/")[2]], definitions) | {
            name: item for name, item in node.items() if name != "$ref"
        }
    closed = {"additionalProperties": False} if node.get("type") == "object" else {}
    return closed | {name: _resolved(item, definitions) for name, item in node.items() if name != "$defs"}


class Described(FastAPI):
    """Says of every refusal what it looks like, also where the framework would say something else."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            for operations in document["paths"].values():
                for operation in operations.values():
                    _tell_refusals(operation)
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["ProblemBody"] = self_contained(ProblemBody)
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
        return self.openapi_schema or {}


def refusal(slug: str, status: int, detail: str) -> dict[int | str, dict[str, Any]]:
    """One answer of a door, with its example."""
    title = slug.replace("-", " ").capitalize()
    body = ProblemBody(type=type_of(slug), title=title, status=status, detail=detail, instance="/v1/…")
    content = {"schema": {"$ref": "#/components/schemas/ProblemBody"}, "examples": {slug: {"value": as_sent(body)}}}
    return {status: {"description": slug, "content": {MEDIA_TYPE: content}}}


def _tell_refusals(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    asked = _WITH_A_KEY if operation.get("security") else ()
    vague = [int(status) for status, answer in answers.items() if JSON in answer.get("content", {})]
    for status in {*vague, *(status for status in asked if str(status) not in answers)}:
        if status >= _REFUSED_FROM:
            slug, detail = _USUAL[status]
            answers[str(status)] = refusal(slug, status, detail)[status]
