"""The letter as an e-mail: the same bytes at every attempt, so that receivers can tell a second copy."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Self

from pydantic import ValidationError

from chassis.errors import Misconfigured
from services.notify.domain.notice import Notice, Recipient, Role
from services.notify.domain.wording import one_line
from services.notify.mailer.letters import Letter

_DIGEST_CHARS = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """Who the mail comes from."""

    name: str
    address: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The origin written as ``SPM Awards <spm@example.invalid>``.

        Raises:
            Misconfigured: no plain address is found in it.
        """
        name, address = parseaddr(text)
        try:
            Recipient(role=Role.TEAM, address=address)
        except ValidationError:
            raise Misconfigured(f"SPM_MAIL_FROM is {text!r}, expected: Name <mailbox@host.domain>") from None
        return cls(one_line(name), address)

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def mail_of(notice: Notice, letter: Letter, origin: Origin) -> bytes:
    matter, recipient = notice.matter, notice.recipient
    ending = f".{recipient.digest[:_DIGEST_CHARS]}@{origin.domain}>"
    thread = f"<{notice.thread_id}{ending}"
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(origin.name, addr_spec=origin.address)
    mail["To"] = Address(f"{recipient.role} {matter.region_name}", addr_spec=recipient.address)
    mail["Subject"] = letter.subject
    mail["Date"] = matter.fact_at
    mail["Message-ID"] = f"<{notice.id}{ending}"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"SPM notices <spm-notices.{origin.domain}>"
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = "id, en"  # here, because set_content drops what begins with Content-
    mail.set_boundary(f"=_{notice.id}")
    return mail.as_bytes()
