"""A report with other figures, to see what would come of them. Nothing of it is kept."""

import json
from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from contracts.message import Frozen, ServiceTypeId
from contracts.submission import ServiceReport, Submission

CHANGES_MAX: Final = 200
_FIXED: Final = ("region_code", "period")
_SERVICE: Final = TypeAdapter(ServiceReport)


class ByPointer(Frozen):
    """Another value at a place of the report."""

    pointer: Annotated[str, Field(max_length=200, examples=["/services/3/recipients/served"])]
    value: str | int | None


class ByField(Frozen):
    """Another value of a service's figure; a service that the report leaves out is added."""

    service_type: ServiceTypeId
    field: Annotated[str, Field(max_length=100, examples=["recipients/served", "quality/KID33/fulfilled"])]
    value: str | int | None


Change = ByPointer | ByField


class UnchangeableError(Exception):
    """The change names no figure of the report."""

    def __init__(self, change: int, detail: str) -> None:
        super().__init__(detail)
        self.pointer = f"/changes/{change}"


def with_changes(submission: Submission, changes: Iterable[Change]) -> Submission:
    """Raises:
    UnchangeableError: a change names no figure that can be changed.
    ValidationError: a new value breaks the report's schema.
    """
    document = json.loads(submission.model_dump_json())
    for number, change in enumerate(changes):
        steps = _steps(change) if isinstance(change, ByPointer) else _steps_of_field(document, change)
        if not _put(document, steps, change.value):
            named = change.pointer if isinstance(change, ByPointer) else f"{change.service_type}: {change.field}"
            raise UnchangeableError(
                number, f"{named} is no figure of the report that can be changed; name one that stands there."
            )
    return Submission.model_validate_json(json.dumps(document))


def _steps(change: ByPointer) -> list[str]:
    """The steps of a JSON pointer (RFC 6901)."""
    root, *steps = change.pointer.split("/")
    return [] if root else [step.replace("~1", "/").replace("~0", "~") for step in steps]


def _steps_of_field(document: Any, change: ByField) -> list[str]:
    services = document["services"]
    places = [place for place, service in enumerate(services) if service["service_type"] == change.service_type]
    if not places:
        places = [len(services)]
        services.append(_SERVICE.dump_python(ServiceReport(service_type=change.service_type), mode="json"))
    steps = change.field.split("/")
    if steps[0] == "quality" and len(steps) > 1:
        items = services[places[-1]]["quality"]
        named = [str(place) for place, item in enumerate(items) if item["code"] == steps[1]]
        steps[1:2] = named[-1:]
    return ["services", str(places[-1]), *steps]


def _put(document: Any, steps: list[str], value: Any) -> bool:
    """Whether there was a place to put it: one value, not a whole part of the report."""
    if not steps or steps[0] in _FIXED:
        return False
    *way, last = steps
    holder = document
    for step in way:
        holder = _step_into(holder, step)
    if not isinstance(holder, dict) or last not in holder or isinstance(holder[last], dict | list):
        return False
    holder[last] = value
    return True


def _step_into(holder: Any, step: str) -> Any:
    """What stands there; None where nothing does."""
    if isinstance(holder, dict):
        return holder.get(step)
    if isinstance(holder, list) and step.isascii() and step.isdigit() and int(step) < len(holder):
        return holder[int(step)]
    return None
