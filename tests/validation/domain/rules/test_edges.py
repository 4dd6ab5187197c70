"""What each rule says at its limits, and where figures are missing; the examples of its row say the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from regulation.law import Law
from tests.validation.reports import JAKARTA, PROVINSI, UNKNOWN
from tests.validation.worked import resolved, verdict, worked

BASIC = "/services/edu.kab.basic"
PREGNANCY = "/services/health.kab.pregnancy"
SERVED, TARGET = f"{BASIC}/recipients/served", f"{BASIC}/recipients/target"
ALLOCATED, REALISED = f"{BASIC}/budget/allocated", f"{BASIC}/budget/realised"
DELIVERY = "/services/health.kab.delivery/recipients/target"
NEWBORN = "/services/health.kab.newborn/recipients/target"
TODDLER = "/services/health.kab.toddler/recipients/target"
PUPIL_HEALTH = "/services/health.kab.school_age/recipients/target"
DIABETES = "/services/health.kab.diabetes/recipients/target"
VICTIMS = "/services/social.kab.disaster_protection/recipients/target"
RESCUED = "/services/order.kab.disaster_rescue/recipients/target"
VACCINE = f"{PREGNANCY}/quality/0"
NIL = {"/nil_return": {"author_role": "Sekda", "reason": "Pelayanan belum dimulai (sintetis)."}}
NO_SERVICES: Mapping[str, Any] = {"/services": []}


@dataclass(frozen=True)
class Edge:
    rule: str
    set: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    earlier: Mapping[str, Any] | None = None
    last_year: Mapping[str, Any] | None = None
    region: str = "64.71"


def problem(service_type: str | None = None) -> Mapping[str, Any]:
    return {"/problems/0": {"service_type": service_type, "problem": "Kendala.", "solution": "Solusi."}}


def one_item(**figures: Any) -> Mapping[str, Any]:
    return {f"{PREGNANCY}/quality": [{"code": "KID33", "name": "Vaksin Td", "unit": "ampul", **figures}]}


BROKEN = [
    (Edge("region-reports", region=UNKNOWN), "/region_code"),
    (Edge("service-types-of-level", {f"{BASIC}/service_type": "edu.kab.astronomy"}), "/services/1/service_type"),
    (Edge("served-within-target", {SERVED: 1_001}), SERVED),
    (Edge("target-has-budget", without=(ALLOCATED, REALISED)), ALLOCATED),
    (Edge("realised-reported", without=(REALISED,)), REALISED),
    (Edge("spending-has-service", {SERVED: 0, REALISED: 2_500_000_000}), SERVED),
    (Edge("service-has-spending", {SERVED: 500, REALISED: 0}), REALISED),
    (
        Edge("served-has-quality", {f"{PREGNANCY}/recipients/served": 500, **one_item(required=10, fulfilled=0)}),
        f"{PREGNANCY}/quality",
    ),
    (Edge("budget-per-recipient-plausible", {ALLOCATED: 499_999, REALISED: 0}), ALLOCATED),
    (Edge("budget-per-recipient-plausible", {TARGET: 1, SERVED: 1, ALLOCATED: 10_000_000_001}), ALLOCATED),
    (Edge("unit-of-service-type", {f"{BASIC}/recipients/unit": "rumah"}), f"{BASIC}/recipients/unit"),
    (Edge("people-are-whole", {f"{VACCINE}/unit": "Orang", f"{VACCINE}/required": 100.5}), f"{VACCINE}/required"),
    (Edge("requirement-is-above-zero", {f"{VACCINE}/required": 0}), f"{VACCINE}/required"),
    (Edge("quality-amounts-reported", without=(f"{VACCINE}/required",)), f"{VACCINE}/required"),
    (Edge("deliveries-within-pregnancies", {DELIVERY: 1_101}), DELIVERY),
    (Edge("newborns-agree-with-deliveries", {NEWBORN: 749}), NEWBORN),
    (Edge("newborns-agree-with-deliveries", {NEWBORN: 1_251}), NEWBORN),
    (Edge("newborns-within-toddlers", {TODDLER: 999}), NEWBORN),
    (Edge("patients-within-adults", {DIABETES: 2_001}), DIABETES),
    (Edge("school-ages-agree", {PUPIL_HEALTH: 1_251}), PUPIL_HEALTH),
    (Edge("disaster-told-alike", {VICTIMS: 0}), VICTIMS),
    (
        Edge(
            "disaster-told-alike", {"/services/social.prov.disaster_protection/recipients/target": 0}, region=PROVINSI
        ),
        "/services/social.prov.disaster_protection/recipients/target",
    ),
    (
        Edge(
            "stages-in-order",
            {"/stages/0/status": "in_progress", "/stages/1/status": "in_progress", "/stages/2/status": "in_progress"},
        ),
        "/stages/3/status",
    ),
    (Edge("shortfall-is-explained", {SERVED: 499}), "/problems"),
    (Edge("shortfall-is-explained", {SERVED: 499, **problem("edu.kab.paud")}), "/problems"),
    (Edge("team-decree-dated", {"/team/decree_date": "2024-01-01"}), "/team/decree_date"),
    (Edge("nil-return-stands-alone", NIL), "/nil_return"),
    (Edge("nil-return-early-in-year", {**NIL, **NO_SERVICES, "/period": "2023Q3"}), "/nil_return"),
    (Edge("nil-return-before-figures", {**NIL, **NO_SERVICES}, earlier={}), "/nil_return"),
    (Edge("cumulative-does-not-fall", {SERVED: 599}, earlier={}), SERVED),
    (Edge("cumulative-does-not-fall", {REALISED: 2_999_999_999}, earlier={}), REALISED),
    (Edge("target-does-not-change", earlier={TARGET: 952}), TARGET),
    (Edge("target-does-not-change", {TARGET: 1_051}, earlier={}), TARGET),
    (Edge("allocation-changes-little", {ALLOCATED: 7_500_000_001}, earlier={}), ALLOCATED),
    (Edge("served-grows-steadily", {SERVED: 801}, earlier={SERVED: 343}), SERVED),
    (Edge("served-like-last-year", {SERVED: 301}, last_year={SERVED: 100}), SERVED),
    (Edge("served-like-last-year", {SERVED: 0}, last_year={SERVED: 100}), SERVED),
    (Edge("target-like-last-year", last_year={TARGET: 666}), TARGET),
    (Edge("allocation-like-last-year", last_year={ALLOCATED: 10_000_000_001}), ALLOCATED),
    (Edge("no-target-has-no-spending", {VICTIMS: 0}), "/services/social.kab.disaster_protection/budget/realised"),
    (Edge("action-plan-made", without=("/action_plan",)), "/action_plan"),
]
SILENT = [
    Edge("service-types-of-level", region=JAKARTA),
    Edge("served-within-target", without=(SERVED,)),
    Edge("served-within-target", without=(TARGET,)),
    Edge("target-has-budget", without=(TARGET, ALLOCATED)),
    Edge("realised-within-allocated", without=(ALLOCATED,)),
    Edge("realised-reported", without=(ALLOCATED, REALISED)),
    Edge("spending-has-service", {SERVED: 0, REALISED: 2_499_999_999}),
    Edge("spending-has-service", {TARGET: 19, SERVED: 0}),
    Edge("spending-has-service", {SERVED: 0}, without=(ALLOCATED,)),
    Edge("service-has-spending", {SERVED: 499, REALISED: 0}),
    Edge("service-has-spending", {REALISED: 0}, without=(TARGET,)),
    Edge("served-has-quality", {f"{PREGNANCY}/recipients/served": 499, **one_item(required=10, fulfilled=0)}),
    Edge("served-has-quality", one_item(required=10)),
    Edge("served-has-quality", one_item(fulfilled=0)),
    Edge("budget-per-recipient-plausible", {ALLOCATED: 500_000, REALISED: 0}),
    Edge("budget-per-recipient-plausible", {TARGET: 1, SERVED: 1, ALLOCATED: 10_000_000_000}),
    Edge("budget-per-recipient-plausible", without=(TARGET,)),
    Edge("unit-of-service-type", {f"{BASIC}/recipients/unit": "ORANG"}),
    Edge("unit-of-service-type", {f"{BASIC}/service_type": "edu.kab.astronomy", "/services/1/recipients/unit": "anak"}),
    Edge("people-are-whole", {f"{VACCINE}/fulfilled": 90.5}),
    Edge("people-are-whole", {f"{VACCINE}/unit": "orang", f"{VACCINE}/fulfilled": "90.0"}),
    Edge("requirement-is-above-zero", {f"{VACCINE}/required": 0, f"{PREGNANCY}/recipients/target": 0}),
    Edge("quality-reported", {f"{PREGNANCY}/quality": []}, without=(f"{PREGNANCY}/recipients/target",)),
    Edge("deliveries-within-pregnancies", {DELIVERY: 1_100}),
    Edge("deliveries-within-pregnancies", {DELIVERY: 2_000}, without=(f"{PREGNANCY}/recipients/target",)),
    Edge("deliveries-within-pregnancies", {DELIVERY: 2_000}, without=(PREGNANCY,)),
    Edge("newborns-agree-with-deliveries", {NEWBORN: 750}),
    Edge("newborns-agree-with-deliveries", {NEWBORN: 1_250}),
    Edge("newborns-within-toddlers", {TODDLER: 1_000}),
    Edge("patients-within-adults", {DIABETES: 2_000}),
    Edge("disaster-told-alike", without=(VICTIMS,)),
    Edge("item-units-agree", {f"{VACCINE}/unit": "AMPUL"}),
    Edge("stages-in-order", without=("/stages/1",)),
    Edge("shortfall-is-explained", {SERVED: 500}),
    Edge("shortfall-is-explained", {SERVED: 499, **problem()}),
    Edge("shortfall-is-explained", {SERVED: 499, **problem("edu.kab.basic")}),
    Edge("shortfall-is-explained", {SERVED: 499, "/period": "2023Q3"}),
    Edge("shortfall-is-explained", without=(SERVED,)),
    Edge("problems-name-own-services", problem("edu.prov.secondary"), region=UNKNOWN),
    Edge("team-decree-dated", {"/team/decree_date": "2023-12-31"}),
    Edge("team-decree-dated", without=("/team",)),
    Edge("action-plan-dated", without=("/action_plan",)),
    Edge("action-plan-made", {"/period": "2023Q3"}, without=("/action_plan",)),
    Edge("official-is-another", {"/accountable_official/role": "Operator SPM"}),
    Edge("all-service-types-reported", {**NIL, **NO_SERVICES}),
    Edge("figures-or-nil-return", {**NIL, **NO_SERVICES}),
    Edge("nil-return-early-in-year", {**NIL, **NO_SERVICES, "/period": "2023Q2"}),
    Edge("nil-return-before-figures", {**NIL, **NO_SERVICES}, earlier={"/services/*/recipients/served": 0}),
    Edge("nil-return-before-figures", {**NIL, **NO_SERVICES}, last_year={}),
    Edge("cumulative-does-not-fall", {SERVED: 600, REALISED: 3_000_000_000}, earlier={}),
    Edge("cumulative-does-not-fall", earlier={SERVED: None}),
    Edge("cumulative-does-not-fall", without=(SERVED,), earlier={}),
    Edge("cumulative-does-not-fall", {SERVED: 1}, last_year={}),
    Edge("service-types-stay", without=(BASIC,), earlier={SERVED: 0}),
    Edge("service-types-stay", {**NIL, **NO_SERVICES}, earlier={}),
    Edge("target-does-not-change", earlier={TARGET: 953}),
    Edge("target-does-not-change", {TARGET: 1_050}, earlier={}),
    Edge("target-does-not-change", earlier={TARGET: None}),
    Edge("allocation-changes-little", {ALLOCATED: 7_500_000_000}, earlier={}),
    Edge("allocation-changes-little", earlier={ALLOCATED: 0}),
    Edge("allocation-changes-little", {ALLOCATED: 0, REALISED: 0}, earlier={}),
    Edge("served-grows-steadily", {SERVED: 800}, earlier={SERVED: 343}),
    Edge("served-grows-steadily", {SERVED: 299}, earlier={SERVED: 1}),
    Edge("served-grows-steadily", earlier={SERVED: 0}),
    Edge("served-grows-steadily", without=(TARGET,), earlier={SERVED: 1}),
    Edge("report-is-not-the-last-again", without=(SERVED,), earlier={"/services/*/recipients/served": 800}),
    Edge(
        "report-is-not-the-last-again",
        {"/services/*/recipients/served": 0},
        earlier={"/services/*/recipients/served": 0},
    ),
    Edge("served-like-last-year", {SERVED: 300}, last_year={SERVED: 100}),
    Edge("served-like-last-year", {SERVED: 99}, last_year={SERVED: 1}),
    Edge("served-like-last-year", without=(SERVED,), last_year={}),
    Edge("target-like-last-year", last_year={TARGET: 667}),
    Edge("target-like-last-year", last_year={TARGET: None}),
    Edge("target-like-last-year", {RESCUED: 9_000}, last_year={}),
    Edge("allocation-like-last-year", last_year={ALLOCATED: 10_000_000_000}),
    Edge("allocation-like-last-year", {ALLOCATED: 0, REALISED: 0}, last_year={}),
    Edge("allocation-like-last-year", last_year={ALLOCATED: None}),
]


def pointers(law: Law, edge: Edge) -> list[str]:
    report = worked(law, region_code=edge.region, set=edge.set, without=edge.without)
    judged = verdict(law, report, earlier=edge.earlier, last_year=edge.last_year)
    return [finding.pointer for finding in judged.findings if finding.code == edge.rule]


@pytest.mark.parametrize(("edge", "at"), BROKEN, ids=lambda given: given.rule if isinstance(given, Edge) else "")
def test_a_rule_speaks_just_beyond_its_limit(law: Law, edge: Edge, at: str) -> None:
    report = worked(law, region_code=edge.region, set=edge.set, without=edge.without)
    assert pointers(law, edge) == [resolved(at, report)]


@pytest.mark.parametrize("edge", SILENT, ids=lambda edge: edge.rule)
def test_a_rule_is_silent_at_its_limit_and_where_another_rule_speaks(law: Law, edge: Edge) -> None:
    assert pointers(law, edge) == []
