import pytest

from contracts.quarter import Quarter
from regulation.law import Law
from services.scoring.domain.basis import Basis, basis_of


@pytest.fixture(scope="session")
def kota(law: Law) -> Basis:
    """What the index of a kota rests on in the last quarter of 2023."""
    return basis_of(law, "64.71", Quarter(2023, 4))
