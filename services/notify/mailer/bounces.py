"""What comes back: the report of a mail server that could not bring a mail (RFC 3464), read for one question alone."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Final

PARTS_MAX: Final = 50
_RETURN_PATH: Final = re.compile(r"bounces\+([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")
_MESSAGE_ID: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.[0-9a-f]{16}@")
_ENVELOPE: Final = ("To", "Delivered-To", "X-Original-To")
_STATUS: Final = re.compile(r"\s*([245])\.(\d{1,3})\.\d{1,3}")
_FOR_GOOD: Final = "5"
_ABOUT_THE_ADDRESS: Final = "1"


@dataclass(frozen=True, slots=True)
class Bounce:
    notice_id: str
    no_such_address: bool
    """False for a delay, a full mailbox, a policy: whatever may pass, or is not about the address."""


def read_bounce(raw: bytes) -> Bounce:
    """Raises:
    ValueError: no delivery report, or of none of our mails; says what was missed.
    """
    report = message_from_bytes(raw, policy=compat32)
    if report.get_content_type() != "multipart/report" or report.get_param("report-type") != "delivery-status":
        raise ValueError(f"found {report.get_content_type()}, expected multipart/report; report-type=delivery-status")
    parts = _parts(report)
    notice_id = _named(report, _ENVELOPE, _RETURN_PATH) or next(
        (found for part in parts if (found := _named(part, ("Message-ID",), _MESSAGE_ID))), None
    )
    if notice_id is None:
        raise ValueError("found no address bounces+<notice id>@ in To and no Message-ID of ours in what was returned")
    statuses = [status for part in parts if (status := _STATUS.match(str(part.get("Status", ""))))]
    if not statuses:
        raise ValueError("found no Status like 5.1.1 in the report")
    return Bounce(notice_id, all(status.groups() == (_FOR_GOOD, _ABOUT_THE_ADDRESS) for status in statuses))


def _named(part: Message, headers: tuple[str, ...], form: re.Pattern[str]) -> str | None:
    texts = (str(text) for header in headers for text in part.get_all(header, ()))
    return next((match[1] for text in texts if (match := form.search(text))), None)


def _parts(report: Message) -> list[Message]:
    """Every block of headers in the report, the returned mail's own among them."""
    parts = []
    for part in report.walk():
        parts.append(part)
        if part.get_content_type() == "text/rfc822-headers":
            headers = part.get_payload(decode=True)
            parts.append(message_from_bytes(headers if isinstance(headers, bytes) else b"", policy=compat32))
        if len(parts) > PARTS_MAX:
            raise ValueError(f"found more than {PARTS_MAX} parts, expected a delivery report")
    return parts
