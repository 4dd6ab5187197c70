"""Whether a copied year reads like the first one, at the doors at which regions and the ministry ask."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import httpx

from chassis.mongo import aggregate
from tests.load.system import System
from tests.load.years import FIRST, Year
from tests.running import eventually

ASKED: Final = 25
"""Reports, each at four doors."""
IN_BALANCE: Final = "spm_ledger_imbalance 0.0"
NOT_WEIGHED: Final = "spm_ledger_sampled_timestamp_seconds 0.0"
WEIGHED_WITHIN_S: Final = 300.0
"""The ledgers of all years, which intake weighs one after the other when it was started."""
OF_ONE_REQUEST: Final = "trace_id"
_NAMED: Final = {"region_code": True, "period": True}
_SHOWN_CHARS: Final = 300

Report = tuple[str, str, str]
"""Id, region, period."""


async def some_reports(system: System) -> list[Report]:
    verdicts = system.mongo.database("validation")["verdicts"]
    found = await aggregate(verdicts, [{"$sample": {"size": ASKED}}, {"$project": _NAMED}])
    return [(each["_id"], each["region_code"], each["period"]) for each in found]


async def answers(system: System, reports: Sequence[Report], year: Year | None = None) -> list[bytes]:
    """What is told of these reports of the first year, or of the same in another, and of the year's ledger."""
    told = []
    async with httpx.AsyncClient(headers=system.reader, trust_env=False, timeout=60) as http:
        for service, path in _asked(reports):
            named = year.told(path.encode()).decode() if year else path
            answer = await http.get(f"{system.services[service].address}{named}")
            told.append(f"{answer.status_code} ".encode() + answer.content)
        asked = {"fiscal_year": FIRST + (year.number if year else 0)}
        answer = await http.get(f"{system.services['intake'].address}/v1/ledger", params=asked)
        told.append(f"{answer.status_code} ".encode() + answer.content)
    return told


def _asked(reports: Sequence[Report]) -> Iterator[tuple[str, str]]:
    for id_, region, period in reports:
        yield "intake", f"/v1/submissions/{id_}"
        yield "intake", f"/v1/submissions/{id_}/report"
        yield "validation", f"/v1/verdicts/{id_}"
        yield "scoring", f"/v1/scorecards/{region}/{period}"


def unlike(first: Sequence[bytes], copied: Sequence[bytes], year: Year) -> list[str]:
    """The answers that are not what the first year's would be in that year, from where they differ."""
    faults = []
    for one, other in zip([_in_one_order(year.told(each)) for each in first], map(_in_one_order, copied), strict=True):
        if one != other:
            at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
            faults.append(f"{other[at : at + _SHOWN_CHARS]} instead of {one[at : at + _SHOWN_CHARS]}")
    return faults


def _in_one_order(answer: bytes) -> str:
    """What happened in the same millisecond is told in the order of ids, which are others in each year.

    A refusal, as of a report that was rejected and has no scorecard, names its request too.
    """
    status, _, body = answer.partition(b" ")
    return f"{status.decode()} {json.dumps(_sorted(json.loads(body)), ensure_ascii=False)}"


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(each) for name, each in value.items() if name != OF_ONE_REQUEST}
    return sorted(map(_sorted, value), key=json.dumps) if isinstance(value, list) else value


async def balanced(system: System) -> None:
    """Return when intake's watch has weighed the ledger of all years, and it balances."""

    async def is_so() -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            told = (await http.get(f"{system.services['intake'].address}/metrics")).text.splitlines()
        return IN_BALANCE in told and NOT_WEIGHED not in told

    await eventually(is_so, within_s=WEIGHED_WITHIN_S)
