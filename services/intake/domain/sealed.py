"""A report read back from the log: what was let in is known by its digest, so its figures are not read again.

Whoever wrote the record had read the report by the contract and put the digest of its written form beside it. A record
in that form whose digest agrees holds, to the byte, what was let in then; any other is read by the contract.

A digest is no signature: whoever may write to the topic may seal what is no report. Nothing is decided by it here: its
bytes go back to those who may read that region, a form that would show its figures fails, and its id stays pending,
because validation, which reads every report by the contract, puts it aside and judges it never. Whoever may write there
could as well put in a false report that keeps the contract; the right to write is intake's alone.
"""

import re
from hashlib import sha256
from typing import Annotated, Final

from pydantic import Field, ValidationError

from contracts.message import Frozen, PeriodText, RegionCode
from contracts.submission import SubmissionReceivedV1

_BEGINNING: Final = re.compile(
    rb'\{.{1,8192}?,"submission":(?P<report>\{"region_code":"[^"\\]{1,32}","period":"[^"\\]{1,32}"),'
)


class SealedReport(Frozen):
    """What intake looks at in a report, and the report as it is written."""

    region_code: RegionCode
    period: PeriodText
    written: Annotated[bytes, Field(exclude=True)] = b""


class SealedReceivedV1(SubmissionReceivedV1):
    submission: SealedReport  # type: ignore[assignment]  # a part of it, which is all that intake reads back


def sealed(record: bytes) -> SealedReceivedV1 | None:
    """The fact within a record that carries its report's digest; None where the contract has to say what it is."""
    found = _BEGINNING.match(record)
    if found is None:
        return None
    try:
        message = SealedReceivedV1.model_validate_json(found[0][:-1] + b"}}")
    except ValidationError:
        return None
    written = record[found.start("report") : -1]
    if sha256(written).hexdigest() != message.content_digest:
        return None
    return message.model_copy(update={"submission": message.submission.model_copy(update={"written": written})})
