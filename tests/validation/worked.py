"""Worked reports: a few figures set on a faultless one, each by a pointer that names service types by their id.

``/services/edu.kab.basic/recipients/served`` is the count served in basic education, ``/services/*/recipients/served``
that of every service type, and ``/services/-`` comes behind the last.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from contracts.quarter import Quarter
from contracts.submission import Submission
from contracts.verdict import SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.validation.domain.case import EarlierReport
from services.validation.domain.head import Head
from services.validation.domain.judge import judge
from services.validation.domain.peers import PeerHead
from tests.validation.reports import KOTA, faultless, peers_fixed, received

SERVED_A_QUARTER = 200
EARLIER_SERVED = 600
"""What the faultless report of the quarter before had reached; that of last year had reached as many as this one."""


def worked(
    law: Law,
    *,
    region_code: str = KOTA,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - the word that officials read
    without: Iterable[str] = (),
    **base: Any,
) -> Submission:
    """A faultless report with these figures in place of its own."""
    document = json.loads(faultless(law, region_code=region_code, **base).model_dump_json())
    for pointer, value in (set or {}).items():
        for place in _places(pointer, document):
            _put(document, place, deepcopy(value))
    for pointer in without:
        for place in _places(pointer, document):
            _drop(document, place)
    return Submission.model_validate_json(json.dumps(document, default=str))


def verdict(
    law: Law,
    report: Submission,
    *,
    earlier: Mapping[str, Any] | None = None,
    last_year: Mapping[str, Any] | None = None,
    history: Mapping[str, Sequence[Any]] | None = None,
    peers: Mapping[str, Sequence[Any]] | None = None,
) -> SubmissionJudgedV1:
    """What is said of a report behind accepted ones of the quarter before and of last year, or of a whole history.

    A history has one figure for each report, newest first; peers have one for each region.
    """
    before = [*_year_around(law, report, earlier, last_year), *_quarters_before(law, report, history or {})]
    reports = [_accepted(worked(law, region_code=report.region_code, set=row)) for row in _rows(peers or {})]
    fixed = peers_fixed(*(each.figures for each in reports), region_code=report.region_code, period=report.period)
    return judge(
        law,
        received(report),
        head=Head(report.region_code, report.period),
        history=tuple(before),
        peers=PeerHead.of(fixed).as_group if reports else None,
    )


def _year_around(
    law: Law, report: Submission, earlier: Mapping[str, Any] | None, last_year: Mapping[str, Any] | None
) -> Iterable[EarlierReport]:
    quarter = Quarter.parse(report.period)
    if earlier is not None:
        before: dict[str, Any] = {"period": quarter.preceding.text, "served": EARLIER_SERVED}
        yield _accepted(worked(law, region_code=report.region_code, set=earlier, **before))
    if last_year is not None:
        period = Quarter(quarter.fiscal_year - 1, quarter.number).text
        yield _accepted(worked(law, region_code=report.region_code, set=last_year, period=period))


def _quarters_before(law: Law, report: Submission, history: Mapping[str, Sequence[Any]]) -> Iterable[EarlierReport]:
    quarter = Quarter.parse(report.period)
    for row in _rows(history):
        quarter = quarter.preceding
        before: dict[str, Any] = {"period": quarter.text, "served": SERVED_A_QUARTER * quarter.number}
        yield _accepted(worked(law, region_code=report.region_code, set=row, **before))


def _rows(figures: Mapping[str, Sequence[Any]]) -> Iterable[dict[str, Any]]:
    for row in zip(*figures.values(), strict=True):
        yield dict(zip(figures, row, strict=True))


def resolved(pointer: str, report: Submission) -> str:
    """The pointer as a finding writes it, with positions in place of the service types' ids."""
    (place,) = _places(pointer, json.loads(report.model_dump_json())) if pointer else ([],)
    return "".join(f"/{part}" for part in place)


def _accepted(report: Submission) -> EarlierReport:
    earlier = Head(report.region_code, report.period).after("s-0", VerdictOutcome.ACCEPTED, report).as_earlier
    assert earlier
    return earlier


def _places(pointer: str, document: dict[str, Any]) -> list[list[str | int]]:
    _, *parts = pointer.split("/")
    places: list[list[str | int]] = [[]]
    for number, part in enumerate(parts):
        if parts[0] == "services" and number == 1:
            places = [["services", at] for at in _positions(part, document["services"])]
        else:
            places = [[*place, int(part) if part.isdigit() else part] for place in places]
    return places


def _positions(part: str, services: list[dict[str, Any]]) -> Iterable[int]:
    if part == "*":
        return range(len(services))
    if part == "-":
        return [len(services)]
    if part.isdigit():
        return [int(part)]
    return [[service["service_type"] for service in services].index(part)]


def _put(document: Any, place: list[str | int], value: Any) -> None:
    *way, last = place
    for part in way:
        document = document[part]
    if isinstance(document, list) and last in {"-", len(document)}:
        document.append(value)
    else:
        document[last] = value


def _drop(document: Any, place: list[str | int]) -> None:
    *way, last = place
    for part in way:
        document = document[part]
    if isinstance(document, list):
        del document[int(last)]
    else:
        document[last] = None
