"""The only door to the law: reads it once and refuses it whole when anything is wrong."""

from pathlib import Path

from regulation.agreement import DATED, disagreements
from regulation.award_rows import EDITION_ROWS, Edition
from regulation.errors import RegulationError
from regulation.law import Law
from regulation.reading import read_rows
from regulation.rows import Checked, PublishedPeriod, Region, Sector, Source

FOLDER = Path(__file__).parent
KINDS: tuple[type[Checked], ...] = (Source, Sector, Region, PublishedPeriod, Edition, *DATED, *EDITION_ROWS)


def load_law(folder: Path | None = None) -> Law:
    """The law as it is written in a folder, this one when none is named.

    Raises:
        RegulationError: with every fault that was found; a law with one fault is not used.
    """
    return _law(folder or FOLDER)


def load_proposal(folder: Path) -> Law:
    """The law as it would be with the files of a folder in place of those of the same name, and beside the others.

    Raises:
        RegulationError: with every fault that was found, or when the folder holds no file of the law.
    """
    names = {f"{kind.table.partition('/')[0]}{'/*' if kind.in_folder else ''}.toml" for kind in KINDS}
    if not any(path for name in names for path in folder.glob(name)):
        raise RegulationError(f"{folder} holds no file of the law; expected one of {', '.join(sorted(names))}.")
    return _law(folder, FOLDER)


def _law(*folders: Path) -> Law:
    rows, faults = read_rows(folders, KINDS)
    if faults := faults or disagreements(rows):
        raise RegulationError(f"The law was not loaded, {len(faults)} faults:", *faults)
    return Law(rows)
