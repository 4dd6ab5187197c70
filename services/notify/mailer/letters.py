"""The words of each notice, from its folder in ``templates/``."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from services.notify.domain import wording
from services.notify.domain.notice import Notice
from services.notify.domain.recipients import ON_REQUEST
from services.notify.mailer.unsubscribing import Unsubscribing

FOLDER: Final = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str
    unsubscribe: str | None = None
    """Where this letter's reader ends what is mailed on request; None of what nobody can end."""


class Letters:
    """Renders notices; the same notice gives the same letter."""

    def __init__(self, public_url: str, rules_url: str, unsubscribe_key: bytes | None = None) -> None:
        self._public_url = public_url.rstrip("/")
        self._rules_url = rules_url.rstrip("/")
        self.unsubscribing = Unsubscribing(public_url, unsubscribe_key)
        self._templates = environment()

    @cached_property
    def version(self) -> str:
        """Of all templates together; kept with each notice, to tell which words were sent."""
        digest = sha256()
        for file in sorted(FOLDER.rglob("*.*")):
            digest.update(f"{file.relative_to(FOLDER).as_posix()}\n".encode() + file.read_bytes())
        return digest.hexdigest()[:16]

    def letter(self, notice: Notice) -> Letter:
        subject, unsubscribe = self.subject(notice), self._unsubscribe(notice)
        return Letter(
            subject=subject,
            text=self._render(notice, "body.txt", unsubscribe=unsubscribe),
            html=self._render(
                notice, "body.html", layout="layout/letter.html", subject=subject, unsubscribe=unsubscribe
            ),
            unsubscribe=unsubscribe,
        )

    def subject(self, notice: Notice) -> str:
        return wording.one_line(self._render(notice, "subject.txt"))

    def fragment(self, notice: Notice) -> Markup:
        """The letter's HTML to stand inside a page, which others see too: without the link to unsubscribe."""
        # Rendered by this module's own templates with autoescape on, so it is safe to stand as it is.
        return Markup(self._render(notice, "body.html", layout="layout/fragment.html", unsubscribe=None))  # noqa: S704

    def _unsubscribe(self, notice: Notice) -> str | None:
        recipient_id = notice.recipient.recipient_id
        if recipient_id is None or notice.matter.kind not in ON_REQUEST:
            return None
        return self.unsubscribing.link(recipient_id)

    def _render(self, notice: Notice, part: str, **more: Any) -> str:
        matter, recipient = notice.matter, notice.recipient
        template = self._templates.get_template(f"{matter.kind}/{part}")
        return template.render(
            matter=matter,
            facts=matter.facts,
            role=recipient.role,
            office=wording.ROLES[recipient.role],
            link=f"{self._public_url}/inbox/{matter.region_code}/{notice.id}",
            inbox=f"{self._public_url}/inbox/{matter.region_code}",
            replaced=f"{self._public_url}/inbox/{matter.region_code}/{notice.replaced_id}",
            rules=self._rules_url,
            channels=wording.CHANNELS,
            roles=wording.ROLES,
            kinds=wording.KINDS,
            recipients=f"{self._public_url}/recipients/{matter.region_code}",
            **more,
        )


def environment() -> ImmutableSandboxedEnvironment:
    """Templates that cannot reach out, name nothing that is missing, and escape what goes into HTML."""
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "number_id": wording.number_id,
        "number_en": wording.number_en,
        "day_id": wording.day_id,
        "day_en": wording.day_en,
        "date_id": wording.date_id,
        "date_en": wording.date_en,
        "period_id": wording.period_id,
        "period_en": wording.period_en,
        "one_line": wording.one_line,
    }
    return made
