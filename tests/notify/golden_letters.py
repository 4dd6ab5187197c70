"""The letters as they should read. ``python -m tests.notify.golden_letters`` writes them anew; read what changed."""

from pathlib import Path

from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.facts import Facts, ReportMissing
from services.notify.mailer.letters import Letters

RULES = "https://validation.example/rules"
FOLDER = Path(__file__).parent / "golden"
LETTERS = Letters("https://notices.example", RULES)


def as_text(facts: Facts) -> str:
    letter = LETTERS.letter(example_of(facts))
    return f"Subject: {letter.subject}\n\n{letter.text}\n"


def name_of(facts: Facts) -> str:
    is_reminder = isinstance(facts, ReportMissing) and facts.entry_open
    return f"{facts.kind}_while_open" if is_reminder else facts.kind


def file_of(facts: Facts) -> Path:
    return FOLDER / f"{name_of(facts)}.txt"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in FACTS:
        file_of(each).write_text(as_text(each))
