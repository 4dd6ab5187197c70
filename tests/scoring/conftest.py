import pytest

from regulation.awards import AwardEdition
from regulation.law import Law
from regulation.loading import load_law


@pytest.fixture(scope="session")
def law() -> Law:
    return load_law()


@pytest.fixture(scope="session")
def edition(law: Law) -> AwardEdition:
    """Edition 2024, which judges 2023."""
    return law.award_edition(2024)
