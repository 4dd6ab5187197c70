"""What every page has: a language, addresses that keep it, a head and a foot."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from contracts.language import Language
from services.scoring.pages.language import Tongue

FOLDER: Final = Path(__file__).parent.parent / "templates"
CACHE: Final = {"Cache-Control": "public, max-age=60"}
"""The same for everybody; a correction is seen within a minute."""
LANG: Final = "lang"


@dataclass(frozen=True, slots=True)
class View:
    """What the reader asked for. What a query says beyond that is passed over."""

    path: str
    query: Mapping[str, str]
    tongue: Tongue

    @classmethod
    def of(cls, request: Request) -> "View":
        english = request.query_params.get(LANG) == Language.ENGLISH
        tongue = Tongue(Language.ENGLISH if english else Language.INDONESIAN)
        asked = {name: text for name, text in request.query_params.items() if name != LANG and text}
        return cls(request.url.path, asked, tongue)

    def chosen(self, name: str, among: tuple[str, ...]) -> str | None:
        """What the query names, when it is one of those that there are."""
        given = self.query.get(name)
        return given if given in among else None

    def link(self, path: str, **query: str | None) -> str:
        """An address in the reader's language."""
        return _address(path, {name: text for name, text in query.items() if text}, self.tongue.language)

    def here(self, **changes: str | None) -> str:
        """The same page with another choice; None takes a choice back."""
        return self.link(self.path, **{**self.query, **changes})

    @property
    def in_the_other_language(self) -> str:
        return _address(self.path, dict(self.query), self.tongue.other.language)


def _address(path: str, query: dict[str, str], language: Language) -> str:
    told = query | ({LANG: language.value} if language is not Language.INDONESIAN else {})
    return f"{path}?{urlencode(told)}" if told else path


class Frame:
    """Templates that name nothing that is missing and escape what goes into HTML.

    They are our own and take no text from others as a template, so no sandbox is around them: for a table of the
    nation it takes more time than everything else together.
    """

    def __init__(self, notice: str = "") -> None:
        """``notice`` heads each page, written as ``Indonesian / English``; empty for none."""
        self._notice = notice
        self._templates = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def page(self, name: str, view: View, *, status: int = 200, **context: Any) -> HTMLResponse:
        tongue = view.tongue
        template = self._templates.get_template(f"{name}.html")
        text = template.render(
            view=view,
            tongue=tongue,
            say=tongue.say,
            number=tongue.number,
            count=tongue.count,
            notice=tongue.half(self._notice),
            **context,
        )
        return HTMLResponse(text, status, headers=CACHE | {"Content-Language": tongue.language.value})

    def missing(self, view: View, indonesian: str, english: str) -> HTMLResponse:
        """There is no such page; the sentences say what was looked for."""
        return self.page("missing", view, status=404, sentence=view.tongue.say(indonesian, english))
