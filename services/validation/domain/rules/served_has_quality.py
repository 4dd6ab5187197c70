from collections.abc import Iterator
from decimal import Decimal

from services.validation.domain.case import Case, Violation


def served_has_quality(case: Case, *, served_pct_min: Decimal) -> Iterator[Violation]:
    """Where many were served something of the required quality was there; an item of unknown amount may be there."""
    if 0 not in case.columns.fulfilled:
        return
    for position, service in enumerate(case.submission.services):
        target, served = service.recipients.target, service.recipients.served
        demanded = [item.fulfilled for item in service.quality if item.required]
        if not (target and served and demanded) or any(fulfilled != 0 for fulfilled in demanded):
            continue
        if served * 100 >= served_pct_min * target:
            expected = f"> 0 (terlayani / served: {served} / {target})"
            yield case.breach(position, "quality", found=0, expected=expected)
