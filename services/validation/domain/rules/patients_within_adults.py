from collections.abc import Iterator
from typing import Final

from services.validation.domain.case import Case, Violation
from services.validation.domain.comparison import AT_MOST, Missing
from services.validation.domain.populations import unlike_targets

_PATIENTS: Final = ("health.kab.hypertension", "health.kab.diabetes")
_ADULTS: Final = ("health.kab.productive_age", "health.kab.elderly")


def patients_within_adults(case: Case) -> Iterator[Violation]:
    """Patients of 15 and over are some of the people of working and of old age; silent where a target is missing."""
    for name in _PATIENTS:
        for position, patients, adults in unlike_targets(case, name, AT_MOST, *_ADULTS, missing=Missing.SKIP_IF_ANY):
            expected = f"≤ {adults} ({' + '.join(_ADULTS)})"
            yield case.breach(position, "recipients/target", found=patients, expected=expected)
