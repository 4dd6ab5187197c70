"""The frame of notify's pages."""

from pathlib import Path
from typing import Final

from chassis.pages import Frame

FOLDER: Final = Path(__file__).parent.parent / "templates" / "pages"


def notify_frame(notice: str = "") -> Frame:
    return Frame(FOLDER, notice=notice)
