"""The letter as an e-mail: the same bytes at every attempt, so that receivers can tell a second copy."""

from dataclasses import dataclass
from email.charset import QP, Charset
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Final, Self

from pydantic import ValidationError

from chassis.errors import Misconfigured
from contracts.recipient import Role
from services.notify.domain.notice import Mailbox, Notice
from services.notify.domain.wording import one_line
from services.notify.mailer.letters import Letter

# The newer EmailMessage reads each header back when it is set and takes three times the CPU for the same mail.
# What it would refuse, a line end in a header, is refused in ``_add`` below.
_WIRE: Final = compat32.clone(linesep="\r\n")
_DIGEST_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """Who the mail comes from."""

    name: str
    address: str
    bounces: str | None = None
    """The domain that takes what comes back; None sends it to the address itself."""

    @classmethod
    def parse(cls, text: str, bounces: str | None = None) -> Self:
        """The origin written as ``SPM Awards <spm@example.invalid>``.

        Raises:
            Misconfigured: no plain address is found in it.
        """
        name, address = parseaddr(text)
        try:
            Mailbox(role=Role.TEAM, address=address)
        except ValidationError:
            raise Misconfigured(f"SPM_MAIL_FROM is {text!r}, expected: Name <mailbox@host.domain>") from None
        return cls(one_line(name), address, bounces)

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def return_path(self, notice_id: str) -> str:
        """The sender on the envelope, which tells what comes back by the notice that it was (VERP)."""
        return self.address if self.bounces is None else f"bounces+{notice_id}@{self.bounces}"


def mail_of(notice: Notice, letter: Letter, origin: Origin) -> bytes:
    """Raises:
    ValueError: nobody to write to, or a header's text holds a line end or another control character.
    """
    matter, recipient = notice.matter, notice.recipient
    if recipient.address is None:
        raise ValueError(f"the recipient of notice {notice.id} has left; there is nobody to write to")
    ending = f".{recipient.digest[:_DIGEST_CHARS]}@{origin.domain}>"
    thread = f"<{notice.thread_id}{ending}"
    # The root of the thread is never sent: it follows from what its letters share, whichever of them comes first.
    replaced = notice.replaced_id and f"<{notice.replaced_id}{ending}"
    mail = MIMEMultipart("alternative", boundary=f"=_{notice.id}")
    _add(mail, "From", formataddr((origin.name, origin.address)))
    _add(mail, "To", formataddr((one_line(f"{recipient.role} {matter.region_name}"), recipient.address)))
    _add(mail, "Subject", letter.subject)
    _add(mail, "Date", format_datetime(matter.fact_at))
    _add(mail, "Message-ID", f"<{notice.id}{ending}")
    _add(mail, "In-Reply-To", replaced or thread)
    _add(mail, "References", f"{thread} {replaced}" if replaced else thread)
    _add(mail, "Auto-Submitted", "auto-generated")
    _add(mail, "X-Auto-Response-Suppress", "All")
    _add(mail, "List-Id", f"SPM notices <spm-notices.{origin.domain}>")
    if letter.unsubscribe is not None:
        _add(mail, "List-Unsubscribe", f"<{letter.unsubscribe}>")
        _add(mail, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    _add(mail, "Content-Language", "id, en")
    mail.attach(_part(letter.text, "plain"))
    mail.attach(_part(letter.html, "html"))
    return mail.as_bytes(policy=_WIRE)


def _add(mail: MIMEMultipart, name: str, text: str) -> None:
    if text != one_line(text):
        raise ValueError(f"{name} would be {text!r}, expected one line without control characters")
    mail[name] = text


def _part(text: str, subtype: str) -> MIMEText:
    readable = Charset("utf-8")
    readable.body_encoding = QP
    return MIMEText(text, subtype, readable)  # type: ignore[arg-type]  # a Charset is taken; typeshed knows names alone
