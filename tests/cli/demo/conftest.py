import pytest

from cli.demo.generator import plan_year
from cli.demo.plan import Plan
from regulation.law import Law
from regulation.loading import load_law


@pytest.fixture(scope="package")
def law() -> Law:
    return load_law()


@pytest.fixture(scope="package")
def small_plan(law: Law) -> Plan:
    return plan_year(law, seed=3, regions=24)
