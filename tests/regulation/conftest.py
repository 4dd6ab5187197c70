from datetime import date

import pytest

from regulation.law import Law
from regulation.loading import load_law


@pytest.fixture(scope="session")
def law() -> Law:
    return load_law()


@pytest.fixture(scope="session")
def year_end() -> date:
    """A day on which every row of fiscal year 2023 holds."""
    return date(2023, 12, 31)
