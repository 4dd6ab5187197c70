"""Why a region's index and completeness are what they are, as trees: the formula of ``index.py``, told node by node.

A test holds both to the same digits for every scorecard of a nation's year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts.scorecard import ServiceState
from contracts.submission import QualityItem, ServiceReport, Stage, Submission
from regulation.index_rows import IndexChoices, IndexMethod
from regulation.rows import ServiceType
from services.scoring.domain.basis import Basis
from services.scoring.domain.tree import Computed, Lawful, Node, Operation, Reported, node


@dataclass(frozen=True, slots=True)
class Explanation:
    index: Computed
    completeness: Computed


@dataclass(frozen=True, slots=True)
class _Placed:
    """A service's report and where it stands; None where the report leaves it out."""

    place: int | None
    report: ServiceReport

    def leaf(self, field: str, value: Decimal | int | None) -> Reported:
        return Reported(pointer=self.pointer(field), value=None if value is None else Decimal(value))

    def pointer(self, field: str) -> str:
        return f"/services/{'-' if self.place is None else self.place}/{field}"

    @property
    def target(self) -> Reported:
        return self.leaf("recipients/target", self.report.recipients.target)

    @property
    def served(self) -> Reported:
        return self.leaf("recipients/served", self.report.recipients.served)


def explain(submission: Submission, basis: Basis) -> Explanation:
    placed = {report.service_type: _Placed(place, report) for place, report in enumerate(submission.services)}
    sectors, applying = [], []
    for sector, services in basis.catalogue.items():
        nodes = []
        for service in services:
            given = placed.get(service.id) or _Placed(None, ServiceReport(service_type=service.id))
            state = _state(service, given.report)
            nodes.append(_service(service, given, basis, state))
            if state is not ServiceState.NOT_APPLICABLE:
                applying.append(given)
        by = (_method(basis.methods[sector]), _choice(basis.choices, "service_aggregation"))
        sectors.append(node(f"sector:{sector}", Operation.MEAN, nodes, by=by))
    index = node("index", Operation.MEAN, sectors, by=(_choice(basis.choices, "sector_aggregation"),))
    return Explanation(index, _completeness(submission, applying))


def _state(service: ServiceType, report: ServiceReport) -> ServiceState:
    target, served = report.recipients.target, report.recipients.served
    if not target and service.conditional and report.no_target_reason is not None:
        return ServiceState.NOT_APPLICABLE
    return ServiceState.SCORED if target and served is not None else ServiceState.MISSING


def _service(service: ServiceType, given: _Placed, basis: Basis, state: ServiceState) -> Computed:
    name, choices, weights = f"service:{service.id}", basis.choices, basis.weights
    listed = Lawful(row=service.row_id, field="id", text=service.id)
    if state is ServiceState.NOT_APPLICABLE:
        reason = Reported(pointer=given.pointer("no_target_reason"), text=given.report.no_target_reason)
        by = (listed, _choice(choices, "zero_target_rule"))
        return node(name, Operation.LEFT_OUT, (given.target, reason), by=by)
    if state is ServiceState.MISSING:
        by = (listed, _choice(choices, "missing_service"))
        return node(name, Operation.ZERO, (given.target, given.served), by=by)
    recipients = node("recipients", Operation.SHARE, (given.served, given.target, _cap(choices)))
    parts = (
        Lawful(row=weights.row_id, field="recipients_ratio", value=weights.recipients_ratio),
        recipients,
        Lawful(row=weights.row_id, field="quality_ratio", value=weights.quality_ratio),
        _quality(given, choices),
    )
    return node(name, Operation.WEIGHTED, parts, by=(listed,))


def _quality(given: _Placed, choices: IndexChoices) -> Computed:
    items = given.report.quality
    aggregated = _choice(choices, "quality_aggregation")
    if choices.quality_aggregation == "pooled_sum":
        known = [(place, item) for place, item in enumerate(items) if item.required]
        if known:
            fulfilled = node("fulfilled", Operation.SUM, [_fulfilled(given, *one) for one in known])
            required = node("required", Operation.SUM, [_required(given, *one) for one in known])
            return node("quality", Operation.SHARE, (fulfilled, required, _cap(choices)), by=(aggregated,))
    elif any(item.required != 0 for item in items):
        nodes = [_item(given, place, item, choices) for place, item in enumerate(items)]
        return node("quality", Operation.MEAN, nodes, by=(aggregated,))
    leaves = [leaf for place, item in enumerate(items) for leaf in _both(given, place, item)]
    return node("quality", Operation.ZERO, leaves, by=(_choice(choices, "missing_quality"),))


def _item(given: _Placed, place: int, item: QualityItem, choices: IndexChoices) -> Computed:
    name, leaves = f"item:{item.code}", _both(given, place, item)
    if item.required == 0:
        return node(name, Operation.LEFT_OUT, leaves, by=(_choice(choices, "zero_required_rule"),))
    if item.required is None or item.fulfilled is None:
        return node(name, Operation.ZERO, leaves, by=(_choice(choices, "missing_quality"),))
    return node(name, Operation.SHARE, (*leaves, _cap(choices)))


def _both(given: _Placed, place: int, item: QualityItem) -> tuple[Reported, Reported]:
    return _fulfilled(given, place, item), _required(given, place, item)


def _fulfilled(given: _Placed, place: int, item: QualityItem) -> Reported:
    return given.leaf(f"quality/{place}/fulfilled", item.fulfilled)


def _required(given: _Placed, place: int, item: QualityItem) -> Reported:
    return given.leaf(f"quality/{place}/required", item.required)


def _cap(choices: IndexChoices) -> Lawful:
    return Lawful(row=choices.row_id, field="cap_pct", value=choices.cap_pct)


def _choice(choices: IndexChoices, field: str) -> Lawful:
    return Lawful(row=choices.row_id, field=field, text=str(getattr(choices, field)))


def _method(method: IndexMethod) -> Lawful:
    return Lawful(row=method.row_id, field="method", text=method.method)


def _completeness(submission: Submission, applying: Sequence[_Placed]) -> Computed:
    """As ``completeness.py`` defines it: each module weighs the same."""
    plan = submission.action_plan
    modules = (
        node("module:recipients", Operation.FILLED, [leaf for one in applying for leaf in (one.target, one.served)]),
        node("module:quality", Operation.MEAN, [_quality_filled(one) for one in applying]),
        node("module:budget", Operation.FILLED, [leaf for one in applying for leaf in _budget(one)]),
        node("module:stages", Operation.FILLED, _stages(submission)),
        _document("team", submission.team.decree_number if submission.team else None, "decree_number"),
        _document("action_plan", plan.document_number if plan else None, "document_number"),
    )
    return node("completeness", Operation.MEAN, modules)


def _quality_filled(given: _Placed) -> Computed:
    leaves = [leaf for place, item in enumerate(given.report.quality) for leaf in _both(given, place, item)]
    return node(f"service:{given.report.service_type}", Operation.ALL_FILLED, leaves)


def _budget(given: _Placed) -> tuple[Reported, Reported]:
    budget = given.report.budget
    return given.leaf("budget/allocated", budget.allocated), given.leaf("budget/realised", budget.realised)


def _stages(submission: Submission) -> list[Node]:
    places: Mapping[Stage, int] = {report.stage: place for place, report in enumerate(submission.stages)}
    return [
        Reported(
            pointer=f"/stages/{places.get(stage, '-')}/status",
            text=submission.stages[places[stage]].status if stage in places else None,
        )
        for stage in Stage
    ]


def _document(name: str, number: str | None, field: str) -> Computed:
    return node(f"module:{name}", Operation.FILLED, [Reported(pointer=f"/{name}/{field}", text=number)])
