"""The mail with a one-time link."""

import secrets
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Final

from services.notify.mailer.letters import environment
from services.notify.mailer.mail import Origin

LINK_MINUTES: Final = 15
"""So long a link is good."""
_ID_BYTES: Final = 16


class SignInLetter:
    def __init__(self, origin: Origin, public_url: str) -> None:
        self._origin = origin
        self._public_url = public_url.rstrip("/")
        self._templates = environment()

    @property
    def sender(self) -> str:
        return self._origin.address

    def mail(self, address: str, token: str, at: datetime) -> bytes:
        told = {"link": f"{self._public_url}/sign-in/link/{token}", "minutes": LINK_MINUTES}
        mail = EmailMessage(policy=SMTP)
        mail["From"] = formataddr((self._origin.name, self._origin.address))
        mail["To"] = address
        mail["Subject"] = self._templates.get_template("sign_in/subject.txt").render()
        mail["Date"] = format_datetime(at)
        mail["Message-ID"] = f"<sign-in-{secrets.token_hex(_ID_BYTES)}@{self._origin.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Content-Language"] = "id, en"
        # ASCII as it stands, so that the link is whole for who reads the mail as a file.
        mail.set_content(self._templates.get_template("sign_in/body.txt").render(told), cte="7bit")
        html = self._templates.get_template("sign_in/body.html").render(told)
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
        return mail.as_bytes()
