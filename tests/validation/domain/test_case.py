from decimal import Decimal

import pytest

from services.validation.domain.case import NOT_REPORTED, exceeds, plain


@pytest.mark.parametrize(
    ("figure", "limit", "holds"),
    [
        (2, 1, True),
        (1, 1, False),
        (0, 1, False),
        (1, 0, True),
        (Decimal("1.0001"), 1, True),
        (Decimal("1.0"), 1, False),
        (None, 0, False),
        (1, None, False),
        (None, None, False),
    ],
)
def test_a_figure_exceeds_only_a_limit_that_was_reported(
    figure: int | Decimal | None,
    limit: int | None,
    holds: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert exceeds(figure, limit) is holds


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0"), (1_000_000, "1000000"), (Decimal("1E+6"), "1000000"), (Decimal("0.50"), "0.50"), (None, NOT_REPORTED)],
)
def test_an_amount_is_written_in_digits(amount: int | Decimal | None, text: str) -> None:
    assert plain(amount) == text
