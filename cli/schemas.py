"""JSON Schemas (2020-12) of the messages and of the HTTP body, from the models."""

import json
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from contracts.message import Message
from contracts.submission import Submission

SUBMISSION_ID: Final = "urn:spm:schema:submission-v1"
_DECIMAL_TEXT: Final = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"


class _WithDecimalText(GenerateJsonSchema):
    """Pydantic allows a decimal as any text; we say which text is a decimal."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        forms = super().decimal_schema(schema)
        for form in forms["anyOf"]:
            if form["type"] == "string":
                form["pattern"] = _DECIMAL_TEXT
        return forms


def message_schema(message: type[Message]) -> str:
    """What readers of the message take: open, because a newer writer may add optional fields."""
    return _written(_schema(message, message.schema_id()))


def submission_schema() -> str:
    """What the HTTP door takes: closed, because a person's misspelt key must not be lost in silence."""
    return _written(_closed(_schema(Submission, SUBMISSION_ID)))


def _schema(model: type[BaseModel], schema_id: str) -> dict[str, Any]:
    dialect = {"$schema": GenerateJsonSchema.schema_dialect, "$id": schema_id}
    return dialect | model.model_json_schema(schema_generator=_WithDecimalText)


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    return closed | {"additionalProperties": False} if schema.get("type") == "object" else closed


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
