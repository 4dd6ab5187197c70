"""What a corrected report changed: its figures by name, and what came of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import Field

from contracts.message import Frozen
from contracts.scorecard import ScorecardUpdatedV1, ServiceScore
from contracts.submission import Submission

Written = str | int | bool | None
_NAMED_BY: Final[Mapping[str, str]] = {"services": "service_type", "quality": "code", "stages": "stage"}
"""What tells the entries of a list apart, so that a figure keeps its name when the order changes."""


class FigureChange(Frozen):
    figure: Annotated[str, Field(examples=["services/health.kab.pregnancy/recipients/served"])]
    pointer: Annotated[str | None, Field(description="Into the later report; null when it is no longer there.")]
    before: Written
    after: Written


class ServiceChange(Frozen):
    service_type: str
    before_pct: Decimal | None
    after_pct: Decimal | None


def figures_changed(before: Submission, after: Submission) -> tuple[FigureChange, ...]:
    """In the order of the later report; what it no longer holds comes last."""
    old, new = dict(_figures(before)), dict(_figures(after))
    names = [*new, *(name for name in old if name not in new)]
    return tuple(
        FigureChange(
            figure=name,
            pointer=new[name][0] if name in new else None,
            before=old[name][1] if name in old else None,
            after=new[name][1] if name in new else None,
        )
        for name in names
        if name not in old or name not in new or old[name][1] != new[name][1]
    )


def services_changed(before: ScorecardUpdatedV1, after: ScorecardUpdatedV1) -> tuple[ServiceChange, ...]:
    return service_changes(_services(before), _services(after))


def service_changes(before: Mapping[str, ServiceScore], after: Mapping[str, ServiceScore]) -> tuple[ServiceChange, ...]:
    """The services whose index is another, in the order of the law."""
    return tuple(
        ServiceChange(service_type=name, before_pct=old, after_pct=new)
        for name in {**after, **before}
        if (old := _index_of(before.get(name))) != (new := _index_of(after.get(name)))
    )


def _services(card: ScorecardUpdatedV1) -> dict[str, ServiceScore]:
    return {service.service_type: service for sector in card.sectors for service in sector.services}


def _index_of(service: ServiceScore | None) -> Decimal | None:
    return None if service is None else service.index_pct


def _figures(submission: Submission) -> Iterator[tuple[str, tuple[str, Written]]]:
    """Each figure by its name, with its pointer."""
    return _below(json.loads(submission.model_dump_json()), "", "")


def _below(value: Any, name: str, pointer: str) -> Iterator[tuple[str, tuple[str, Written]]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _below(part, f"{name}/{key}".removeprefix("/"), f"{pointer}/{key}")
    elif isinstance(value, list):
        labels = _labels(value, name.rpartition("/")[2])
        for place, (label, part) in enumerate(zip(labels, value, strict=True)):
            yield from _below(part, f"{name}/{label}", f"{pointer}/{place}")
    else:
        yield name, (pointer, value)


def _labels(entries: Sequence[Any], collection: str) -> list[str]:
    """How the entries of a list are called; by their place where their names are not their own."""
    named_by = _NAMED_BY.get(collection)
    labels = [entry[named_by] for entry in entries] if named_by else []
    return labels if len(set(labels)) == len(entries) else [str(place) for place in range(len(entries))]
