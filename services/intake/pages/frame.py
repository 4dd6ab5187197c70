"""The frame of intake's pages."""

from pathlib import Path
from typing import Final

from chassis.pages import Frame

FOLDER: Final = Path(__file__).parent.parent / "templates"


def intake_frame(notice: str = "") -> Frame:
    return Frame(FOLDER, notice=notice)
