"""What the OpenAPI document says of doors that read their body themselves."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel

from chassis.events import JSON

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
