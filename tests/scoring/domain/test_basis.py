from datetime import date

import pytest

from regulation.law import Law
from services.scoring.domain.basis import known_method
from services.scoring.domain.errors import Unscorable

YEAR_END = date(2023, 12, 31)


def test_every_method_that_the_law_names_is_known(law: Law) -> None:
    for sector in law.sectors:
        known_method(law.index_method(sector, YEAR_END))


def test_an_unknown_method_is_named_with_its_row(law: Law) -> None:
    row = law.index_method("edu", YEAR_END).model_copy(update={"method": "education_311_2022"})
    expected = (
        "index_choices/index_methods/edu/2019-01-01 names the index method 'education_311_2022', which is not there"
    )
    with pytest.raises(Unscorable, match=expected):
        known_method(row)
