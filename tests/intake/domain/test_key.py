from datetime import datetime, timedelta

import pytest

from services.intake.domain.key import end_of
from tests.intake.reports import NOW

LIFE = timedelta(days=400)
LATEST = NOW + LIFE
SOON = NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("asked", "before", "end"),
    [
        (None, None, LATEST),
        (SOON, None, SOON),
        (LATEST, None, LATEST),
        (None, SOON, SOON),
        (LATEST, SOON, LATEST),
        # Issued before there was a limit, or when it was later.
        (None, LATEST + LIFE, LATEST),
    ],
)
def test_a_key_ends_as_asked_else_with_the_one_before_and_never_too_late(
    asked: datetime | None, before: datetime | None, end: datetime
) -> None:
    assert end_of(asked, before, now=NOW, life=LIFE) == end


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (NOW, "over when it is issued"),
        (LATEST + timedelta(seconds=1), f"400 days at most; end it by {LATEST:%Y-%m-%d}"),
    ],
)
def test_an_end_that_has_passed_or_is_too_late_is_none(asked: datetime, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        end_of(asked, None, now=NOW, life=LIFE)
