from decimal import Decimal

import pytest

from contracts.quarter import Quarter
from regulation.law import Law
from services.scoring.domain.basis import basis_of
from services.scoring.domain.standing import standing


@pytest.mark.parametrize(
    ("quarter", "index", "words"),
    [
        (1, "25", "Pada jalur"),
        (1, "24.99", "Di bawah jalur"),
        (2, "50", "Pada jalur"),
        (3, "74.99", "Di bawah jalur"),
        (3, "75", "Pada jalur"),
        (4, "59.99", "Belum Tuntas"),
        (4, "90.56", "Tuntas Utama"),
        (4, "100", "Tuntas Paripurna"),
    ],
)
def test_the_path_speaks_while_the_year_runs_and_the_band_when_it_is_over(
    law: Law, quarter: int, index: str, words: str
) -> None:
    period = Quarter(2023, quarter)
    found = standing(Decimal(index), period, basis_of(law, "64.71", period))
    assert found.words.id == words
    assert found.final == (quarter == 4)
    assert found.expected_pct == 25 * quarter
    assert found.on_path == (Decimal(index) >= 25 * quarter)
