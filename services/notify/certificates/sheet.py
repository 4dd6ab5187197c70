"""One page with a border: what a certificate and a letter have in common. The same calls give the same bytes."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any, Final

import segno
from reportlab.lib.utils import ImageReader, simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from services.notify.domain.wording import JAKARTA

PLAIN: Final = "Vera"
BOLD: Final = "VeraBd"
ITALIC: Final = "VeraIt"
INK: Final = "#1a1a1a"
RED: Final = "#9c1c1c"
GOLD: Final = "#a8872d"
GREY: Final = "#3f4650"
AUTHOR: Final = "SPM Awards"
_QUIET_MODULES: Final = 4
"""Modules around a QR code that stay white, as its standard asks."""


@dataclass(frozen=True, slots=True)
class About:
    """What a reader's software shows and reads out."""

    title: str
    subject: str
    at: datetime


class Sheet:
    """Lengths are points, counted from the lower left corner."""

    def __init__(self, size: tuple[float, float], about: About) -> None:
        _register()
        self.width, self.height = size
        self._bytes = BytesIO()
        self.canvas: Any = Canvas(self._bytes, pagesize=size, invariant=1, lang="id-ID", initialFontName=PLAIN)
        local = about.at.astimezone(JAKARTA)
        self.canvas.setDateFormatter(lambda *_: f"D:{local:%Y%m%d%H%M%S}+07'00'")
        self.canvas.setTitle(about.title)
        self.canvas.setSubject(about.subject)
        self.canvas.setAuthor(AUTHOR)
        self.canvas.setCreator(AUTHOR)
        self.canvas.setViewerPreference("DisplayDocTitle", "true")

    def done(self) -> bytes:
        self.canvas.showPage()
        self.canvas.save()
        return self._bytes.getvalue()

    def centred(
        self,
        text: str,
        y: float,
        *,
        x: float | None = None,
        font: str = PLAIN,
        size: float = 12,
        colour: str = INK,
        width: float | None = None,
    ) -> None:
        """One line around ``x``, the middle of the page where None; set smaller until it fits the width."""
        room = width or self.width - 160
        size = min(size, size * room / max(1.0, pdfmetrics.stringWidth(text, font, size)))
        self.canvas.setFont(font, size)
        self.canvas.setFillColor(colour)
        self.canvas.drawCentredString(self.width / 2 if x is None else x, y, text)

    def lines(
        self, text: str, x: float, y: float, *, width: float, font: str = PLAIN, size: float = 8, colour: str = GREY
    ) -> float:
        """Text from the left, broken at blanks; the height of the line that would follow."""
        self.canvas.setFont(font, size)
        self.canvas.setFillColor(colour)
        for line in simpleSplit(text, font, size, width):
            self.canvas.drawString(x, y, line)
            y -= size * 1.45
        return y

    def border(self) -> None:
        """Two rules and a petalled cross in each corner; of no office's arms."""
        for inset, colour, width in ((22, RED, 3), (29, GOLD, 0.8), (33, GOLD, 0.8)):
            self.canvas.setStrokeColor(colour)
            self.canvas.setLineWidth(width)
            self.canvas.rect(inset, inset, self.width - 2 * inset, self.height - 2 * inset)
        for x in (52, self.width - 52):
            for y in (52, self.height - 52):
                self._petals(x, y, length=15)

    def rule(self, y: float, *, width: float, x: float | None = None, colour: str = GOLD) -> None:
        middle = self.width / 2 if x is None else x
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(0.8)
        self.canvas.line(middle - width / 2, y, middle + width / 2, y)

    def emblem(self, image: bytes | None, y: float, *, side: float) -> None:
        """The ministry's own; without it, the place where it is to stand."""
        left = (self.width - side) / 2
        if image is not None:
            picture = ImageReader(BytesIO(image))
            self.canvas.drawImage(picture, left, y, side, side, mask="auto", preserveAspectRatio=True, anchor="c")
            return
        self.canvas.saveState()
        self.canvas.setStrokeColor(GOLD)
        self.canvas.setLineWidth(0.6)
        self.canvas.setDash(2, 2)
        self.canvas.circle(self.width / 2, y + side / 2, side / 2)
        self.canvas.restoreState()
        for line, height in (("tempat", 3), ("lambang", -4), ("kementerian", -11)):
            self.centred(line, y + side / 2 + height, size=6, colour=GREY)

    def code(self, text: str, x: float, y: float, *, side: float) -> None:
        """A QR code as vectors, its quiet zone within the side."""
        matrix = segno.make_qr(text, error="m").matrix
        module = side / (len(matrix) + 2 * _QUIET_MODULES)
        path = self.canvas.beginPath()
        for row, line in enumerate(matrix):
            for column, dark in enumerate(line):
                if dark:
                    bottom = y + side - (row + 1 + _QUIET_MODULES) * module
                    path.rect(x + (column + _QUIET_MODULES) * module, bottom, module, module)
        self.canvas.setFillColor("#000000")
        self.canvas.drawPath(path, stroke=0, fill=1)

    def _petals(self, x: float, y: float, *, length: float) -> None:
        self.canvas.setFillColor(GOLD)
        for quarter in range(4):
            self.canvas.saveState()
            self.canvas.translate(x, y)
            self.canvas.rotate(45 + 90 * quarter)
            self.canvas.ellipse(1.5, -length / 4, length, length / 4, stroke=0, fill=1)
            self.canvas.restoreState()
        self.canvas.setFillColor(RED)
        self.canvas.circle(x, y, 1.6, stroke=0, fill=1)


@cache
def _register() -> None:
    """Bitstream Vera comes with the library and may be embedded; the standard serif of PDF cannot be."""
    for name in (PLAIN, BOLD, ITALIC):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
