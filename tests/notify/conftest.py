import pytest

from regulation.law import Law
from regulation.loading import load_law


@pytest.fixture(scope="session")
def law() -> Law:
    return load_law()
