"""How schemathesis writes the bodies that are no JSON."""

import json
from typing import Any

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def write_lines(_: schemathesis.SerializationContext, body: Any) -> bytes:
    return body if isinstance(body, bytes) else f"{json.dumps(body)}\n".encode()


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def write_workbook(_: schemathesis.SerializationContext, body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
