"""What every page has: a language, addresses that keep it, a head and a foot. Pages work without scripts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chassis.clock import JAKARTA
from chassis.problems import Problem
from contracts.language import Language

FOLDER: Final = Path(__file__).parent / "templates"
PUBLIC: Final = {"Cache-Control": "public, max-age=60"}
"""The same for everybody; a correction is seen within a minute."""
LANG: Final = "lang"
_OWN_SITE: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class View:
    """What the reader asked for. What a query says beyond that is passed over."""

    path: str
    query: Mapping[str, str]
    language: Language

    @classmethod
    def of(cls, request: Request) -> Self:
        english = request.query_params.get(LANG) == Language.ENGLISH
        asked = {name: text for name, text in request.query_params.items() if name != LANG and text}
        return cls(request.url.path, asked, Language.ENGLISH if english else Language.INDONESIAN)

    def chosen(self, name: str, among: tuple[str, ...]) -> str | None:
        """What the query names, when it is one of those that there are."""
        given = self.query.get(name)
        return given if given in among else None

    def link(self, path: str, **query: str | None) -> str:
        """An address in the reader's language."""
        return _address(path, {name: text for name, text in query.items() if text}, self.language)

    def here(self, **changes: str | None) -> str:
        """The same page with another choice; None takes a choice back."""
        return self.link(self.path, **{**self.query, **changes})

    @property
    def in_the_other_language(self) -> str:
        return _address(self.path, dict(self.query), self.language.other)

    def current(self, path: str) -> str | None:
        """The value of ``aria-current`` for a link of the navigation; None where the reader is elsewhere."""
        if self.path == path:
            return "page"
        return "true" if path != "/" and self.path.startswith(f"{path}/") else None

    def moment(self, instant: datetime) -> str:
        """20 Januari 2024 pukul 23.59 WIB, 20 January 2024, 23:59 WIB"""
        return self.language.moment(instant.astimezone(JAKARTA))


def _address(path: str, query: dict[str, str], language: Language) -> str:
    told = query | ({LANG: language.value} if language is not Language.INDONESIAN else {})
    return f"{path}?{urlencode(told)}" if told else path


class Frame:
    """Templates that name nothing that is missing and escape what goes into HTML.

    A service's templates extend ``page.html`` of the chassis. They are our own and take no text from others as a
    template, so no sandbox is around them: for a table of the nation it takes more time than everything else together.
    """

    def __init__(self, folder: Path, *, notice: str = "", headers: Mapping[str, str] | None = None) -> None:
        """``notice`` heads each page, written as ``Indonesian / English``; ``headers`` go with each page."""
        self._notice = notice
        self._headers = dict(headers or {})
        self._templates = Environment(
            loader=FileSystemLoader([folder, FOLDER]),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def page(self, name: str, view: View, *, status: int = 200, **context: Any) -> HTMLResponse:
        lang = view.language
        template = self._templates.get_template(f"{name}.html")
        text = template.render(
            view=view, lang=lang, say=lang.say, of=lang.of, notice=lang.half(self._notice), **context
        )
        return HTMLResponse(text, status, headers=self._headers | {"Content-Language": lang.value})

    def missing(self, view: View, indonesian: str, english: str, **context: Any) -> HTMLResponse:
        """There is no such page; the sentences say what was looked for."""
        return self.page("missing", view, status=404, sentence=view.language.say(indonesian, english), **context)


def _refuse_other_sites(request: Request) -> None:
    """A browser sends the key with a form that another site wrote; it says itself where the form stood.

    Who sends neither header is no browser, and acts by a key of its own.

    Raises:
        Problem: 403.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    foreign = site not in _OWN_SITE if site else bool(origin) and urlsplit(origin).netloc != request.headers.get("host")
    if foreign:
        raise Problem(
            403, "cross-site-form", f"This form was sent by {origin or 'another site'}; send it from our own."
        )


from_own_site: Final = Depends(_refuse_other_sites)
"""For every page door that changes something."""
