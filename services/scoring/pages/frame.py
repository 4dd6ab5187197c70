"""The frame of scoring's pages: that of every page, with figures as this service writes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse

from chassis import pages
from services.scoring.pages.language import Tongue

FOLDER: Final = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True, slots=True)
class View(pages.View):
    @property
    def tongue(self) -> Tongue:
        return Tongue(self.language)


class Frame(pages.Frame):
    def __init__(self, notice: str = "") -> None:
        super().__init__(FOLDER, notice=notice, headers=pages.PUBLIC)

    def page(self, name: str, view: pages.View, *, status: int = 200, **context: Any) -> HTMLResponse:
        tongue = Tongue(view.language)
        figures = {"tongue": tongue, "number": tongue.number, "count": tongue.count}
        return super().page(name, view, status=status, **figures, **context)
