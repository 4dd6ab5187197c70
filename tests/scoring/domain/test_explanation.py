"""An explained figure is the figure: computed again from the leaves of its tree, it is the same to the last digit."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import TypeAdapter

from cli.demo.generator import plan_year
from contracts.quarter import Quarter
from contracts.submission import QualityItem, ServiceReport, Submission
from contracts.verdict import VerdictOutcome
from regulation.law import Law
from services.scoring.domain.basis import Basis, basis_of
from services.scoring.domain.explanation import explain
from services.scoring.domain.index import attainment
from services.scoring.domain.scorecard import assess
from services.scoring.domain.tree import Computed, Lawful, Node, Operation, Reported, evaluate
from tests.scoring.domain.test_index import FIRE, PREGNANCY, WORKED_EXAMPLE, choosing, only
from tests.scoring.domain.test_index_properties import BASIS, reports
from tests.scoring.reports import full_reports, item, report, submission

TREES: TypeAdapter[Computed] = TypeAdapter(Computed)


def leaves(node: Node) -> Iterator[Reported | Lawful]:
    if not isinstance(node, Computed):
        yield node
        return
    yield from node.by
    for below in node.of:
        yield from leaves(below)


def found_at(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        if document is None or step == "-":
            return None
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def assert_explained(sent: Submission, basis: Basis) -> None:
    explained, assessed = explain(sent, basis), assess(sent, basis)
    for tree, figure in (
        (explained.index, assessed.attained.index_pct),
        (explained.completeness, assessed.completeness_pct),
    ):
        assert str(evaluate(tree)) == str(tree.value) == str(figure)


def test_every_scorecard_of_a_nation_s_year_is_explained_exactly(law: Law) -> None:
    accepted = [one for one in plan_year(law, seed=2023).reports if one.outcome is not VerdictOutcome.RETURNED]
    assert len(accepted) > 2_000
    for planned in accepted:
        sent = planned.submission()
        assert_explained(sent, basis_of(law, sent.region_code, planned.quarter))


@settings(deadline=None)
@given(reports())
def test_any_report_is_explained_exactly_whatever_it_leaves_out(given_reports: list[ServiceReport]) -> None:
    sent = submission("64.71", given_reports, stages_done=2, team=None)
    for aggregation in ("mean_of_items", "pooled_sum"):
        assert_explained(sent, choosing(BASIS, quality_aggregation=aggregation))


@pytest.mark.parametrize(("region", "period"), [("64", "2023Q4"), ("31", "2023Q2"), ("64.71", "2023Q1")])
def test_leaves_are_figures_of_the_report_and_rows_of_law(law: Law, region: str, period: str) -> None:
    sent = submission(region, full_reports(law, region, period), period)
    basis = basis_of(law, region, Quarter.parse(period))
    written, rows = sent.model_dump(mode="json"), set(basis.row_ids)
    explained = explain(sent, basis)
    for leaf in [*leaves(explained.index), *leaves(explained.completeness)]:
        if isinstance(leaf, Lawful):
            assert leaf.row in rows
        else:
            stands = found_at(written, leaf.pointer)
            assert leaf.text == stands if leaf.value is None else leaf.value == Decimal(stands)


def test_no_value_of_an_inner_node_is_believed(law: Law, kota: Basis) -> None:
    tree = explain(submission("64.71", full_reports(law, "64.71")), kota).index
    boasting = replace(tree, value=Decimal(100), of=tuple(replace(one, value=Decimal(100)) for one in tree.of))
    assert evaluate(boasting) == tree.value == 90


def test_a_changed_leaf_changes_the_figure(law: Law, kota: Basis) -> None:
    tree = explain(submission("64.71", full_reports(law, "64.71")), kota).index
    written = TREES.dump_json(tree)
    forged = TREES.validate_json(written.replace(b'"value":"900"', b'"value":"901"', 1))
    assert evaluate(TREES.validate_json(written)) == tree.value
    assert evaluate(forged) != tree.value


def test_the_worked_example_is_told_item_by_item(kota: Basis) -> None:
    alone = only(kota, PREGNANCY)
    tree = explain(submission("64.71", [WORKED_EXAMPLE]), alone).index
    (sector,) = tree.of
    assert isinstance(sector, Computed)
    (service,) = sector.of
    assert isinstance(service, Computed)
    assert (service.name, service.operation) == (f"service:{PREGNANCY}", Operation.WEIGHTED)
    quality = service.of[3]
    assert isinstance(quality, Computed)
    assert [(one.value, one.operation) for one in quality.of if isinstance(one, Computed)] == [
        (Decimal(100), Operation.SHARE),
        (Decimal("88.88888888888888888888888889"), Operation.SHARE),
        (Decimal(80), Operation.SHARE),
        (Decimal(100), Operation.SHARE),
        (Decimal(95), Operation.SHARE),
    ]
    assert str(evaluate(tree)) == "90.55555555555555555555555556"
    pooled = explain(submission("64.71", [WORKED_EXAMPLE]), choosing(alone, quality_aggregation="pooled_sum")).index
    assert str(evaluate(pooled)).startswith("89.838")


@pytest.mark.parametrize(
    ("of_fire", "operation", "rule"),
    [
        ([report(FIRE, target=0, served=0, no_target_reason="Tidak ada kebakaran")], "left_out", "zero_target_rule"),
        ([report(FIRE, target=10, served=None)], "zero", "missing_service"),
        ([], "zero", "missing_service"),
    ],
)
def test_a_service_that_does_not_count_names_the_choice_that_says_so(
    kota: Basis, of_fire: list[ServiceReport], operation: str, rule: str
) -> None:
    sent = submission("64.71", [report(PREGNANCY), *of_fire])
    tree = explain(sent, only(kota, PREGNANCY, FIRE)).index
    services = [one for sector in tree.of if isinstance(sector, Computed) for one in sector.of]
    fire = next(one for one in services if isinstance(one, Computed) and one.name == f"service:{FIRE}")
    assert fire.operation == operation
    assert rule in {row.field for row in fire.by}
    assert all(row.row == kota.choices.row_id for row in fire.by if row.field == rule)


@pytest.mark.parametrize(
    ("items", "operations"),
    [
        ([item(0, 7, "A"), item(10, 5, "B")], ["left_out", "share"]),
        ([item(None, 7, "A"), item(10, None, "B"), item(10, 5, "C")], ["zero", "zero", "share"]),
    ],
)
def test_an_item_that_does_not_count_says_why(kota: Basis, items: list[QualityItem], operations: list[str]) -> None:
    tree = explain(submission("64.71", [report(PREGNANCY, quality=items)]), only(kota, PREGNANCY)).index
    found = [one for one in _below(tree) if one.name.startswith("item:")]
    assert [one.operation for one in found] == operations
    assert all(one.by for one in found if one.operation is not Operation.SHARE)


def _below(node: Node) -> Iterator[Computed]:
    if isinstance(node, Computed):
        yield node
        for below in node.of:
            yield from _below(below)


def test_a_service_of_another_catalogue_is_not_in_the_tree(law: Law, kota: Basis) -> None:
    own = full_reports(law, "64.71")
    sent = submission("64.71", [*full_reports(law, "64"), *own])
    assert evaluate(explain(sent, kota).index) == attainment(own, kota).index_pct
    assert not [one for one in _below(explain(sent, kota).index) if ".prov." in one.name]
