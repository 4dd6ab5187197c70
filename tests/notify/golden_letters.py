"""The letters as they should read. ``python -m tests.notify.golden_letters`` writes them anew; read what changed."""

from pathlib import Path

from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.facts import Correction, Facts, NotNominated, ReportMissing, SectorsRecovered, Withdrawn
from services.notify.mailer.letters import Letters

RULES = "https://validation.example/rules"
FOLDER = Path(__file__).parent / "golden"
UNSUBSCRIBE_KEY = bytes(32)
LETTERS = Letters("https://notices.example", RULES, UNSUBSCRIBE_KEY)


def as_files(facts: Facts) -> dict[Path, str]:
    letter = LETTERS.letter(example_of(facts))
    name = name_of(facts)
    return {
        FOLDER / f"{name}.txt": f"Subject: {letter.subject}\n\n{letter.text}\n",
        FOLDER / f"{name}.html": f"{letter.html}\n",
    }


def name_of(facts: Facts) -> str:
    match facts:
        case ReportMissing(entry_open=True):
            return f"{facts.kind}_while_open"
        case Correction(sectors_recovered=SectorsRecovered()):
            return f"{facts.kind}_of_sector"
        case Correction(withdrawn=Withdrawn()):
            return f"{facts.kind}_of_award"
        case NotNominated(rank=None):
            return f"{facts.kind}_not_ranked"
        case _:
            return facts.kind


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in FACTS:
        for file, text in as_files(each).items():
            file.write_text(text)
