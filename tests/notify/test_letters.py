import re
from datetime import datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from contracts.message import Bilingual
from contracts.notice import NoticeKind
from services.notify.domain.examples import FACTS, example_of
from services.notify.domain.facts import Deficiency, Facts, Remark, ReportMissing, ReportReturned
from services.notify.mailer.letters import FOLDER, Letters
from tests.notify.golden_letters import FOLDER as GOLDEN
from tests.notify.golden_letters import LETTERS, RULES, UNSUBSCRIBE_KEY, as_files, name_of
from tests.notify.messages import CLOSED, DUE

VOID = {"meta", "br", "hr", "img", "link", "input"}
each_kind = pytest.mark.parametrize("facts", FACTS, ids=name_of)


class Page(HTMLParser):
    """Counts what an accessible letter needs and must not have."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.languages: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        named = dict(attrs)
        if tag in {"html", "section"}:
            self.languages.append(named.get("lang") or "")
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "action", "background"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"


def remark(text: str) -> Remark:
    both = Bilingual(id=text, en=text)
    return Remark(service=both, pointer=text, found=text, expected=text, summary=both, remedy=both)


def with_text(text: str) -> ReportReturned:
    return ReportReturned(
        revision=1, arrived_at=DUE, due_at=DUE, on_time=False, remarks=(remark(text),), errors=1, warnings=0
    )


def test_there_is_an_example_and_a_folder_of_each_kind() -> None:
    assert {facts.kind for facts in FACTS} == set(NoticeKind)
    assert {folder.name for folder in FOLDER.iterdir()} - {"layout", "pages", "sign_in"} == set(NoticeKind)


def test_no_golden_file_is_left_of_a_kind_that_is_gone() -> None:
    assert set(GOLDEN.iterdir()) == {file for facts in FACTS for file in as_files(facts)}


PARTS = {
    "id": (
        ("Perihal", "Daerah", "Sejak"),
        ("apa yang terjadi",),
        ("pengaruh pada nilai dan kategori",),
        ("cara memperbaiki", "yang dapat dilakukan"),
        ("batas waktu",),
        ("bertanya",),
        ("anda menerima pemberitahuan ini karena",),
    ),
    "en": (
        ("Subject", "Region", "Since"),
        ("what happened",),
        ("effect on score and category",),
        ("how to mend it", "what you can do"),
        ("until when",),
        ("whom to ask",),
        ("you receive this notice because",),
    ),
}


@each_kind
def test_each_letter_says_all_that_an_official_asks_in_both_languages_text_and_html_alike(facts: Facts) -> None:
    """What, where, since when; the effect; how to mend it, until when, whom to ask, why you got it."""
    letter = LETTERS.letter(example_of(facts))
    for written, (opening, closing) in ((letter.text, ("\n", "\n")), (letter.html, ("<h2>", "</h2>"))):
        indonesian, english = re.split(r"\nENGLISH\n|<strong>English</strong>", written)
        for half, (head, *parts, why) in ((indonesian, PARTS["id"]), (english, PARTS["en"])):
            assert all(re.search(rf"^(<dt>)?{label}\s*(:|</dt>)", half, re.MULTILINE) for label in head)
            headings = half.lower()
            assert all(any(f"{opening}{name}{closing}" in headings for name in names) for names in parts)
            assert why[0] in headings


@each_kind
def test_each_letter_reads_as_its_golden_file(facts: Facts) -> None:
    written = as_files(facts)
    assert written == {file: file.read_text() for file in written}


@each_kind
def test_each_letter_says_in_both_languages_that_it_is_no_legal_instrument(facts: Facts) -> None:
    letter = LETTERS.letter(example_of(facts))
    for text in (letter.text, " ".join(letter.html.split())):
        assert "bukan produk hukum" in text
        assert "not a legal instrument" in text
        assert text.index("bukan produk hukum") < text.index("not a legal instrument")


@each_kind
def test_each_html_is_whole_marks_its_languages_and_loads_nothing(facts: Facts) -> None:
    notice = example_of(facts)
    page = Page(LETTERS.letter(notice).html)
    region = notice.matter.region_code

    assert page.open == []
    assert page.languages == ["id", "id", "en"]
    assert not page.tags & {"img", "script", "link", "iframe", "form"}
    pages = ("unsubscribe/", f"inbox/{region}", f"recipients/{region}")
    ours = (f"{RULES}/", *(f"https://notices.example/{page}" for page in pages))
    assert all(address.startswith(ours) for address in page.addresses)


@each_kind
def test_the_same_notice_gives_the_same_letter(facts: Facts) -> None:
    again = Letters("https://notices.example/", f"{RULES}/", UNSUBSCRIBE_KEY)
    assert LETTERS.letter(example_of(facts)) == again.letter(example_of(facts))


def test_what_a_region_wrote_stays_text_in_html() -> None:
    letter = LETTERS.letter(example_of(with_text('<script>alert("1")</script>{{ 7 * 7 }}')))

    assert "<script>" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert "{{ 7 * 7 }}" in letter.text


def test_a_report_that_came_late_is_told_that_the_deadline_had_passed() -> None:
    assert "Batas ini sudah lewat" in LETTERS.letter(example_of(with_text("x"))).text


def test_findings_that_are_not_listed_are_counted() -> None:
    facts = with_text("x").model_copy(update={"errors": 1_235})
    letter = LETTERS.letter(example_of(facts))
    assert "Dan 1.234 temuan lain" in letter.text
    assert "And 1,234 more findings" in letter.html


@pytest.mark.parametrize(("returned", "words"), [(0, "Tidak ada kiriman yang tiba"), (2, "2 kiriman telah tiba")])
def test_an_overdue_report_is_told_whether_anything_came(returned: int, words: str) -> None:
    facts = ReportMissing(due_at=DUE, closed_at=CLOSED, returned_reports=returned)
    letter = LETTERS.letter(example_of(facts))
    assert words in letter.text
    assert words in letter.html


@pytest.mark.parametrize(
    ("closed_at", "entry_open", "words"),
    [
        (DUE + timedelta(days=1), True, ("lewat 1 hari", "passed 1 day(s) ago")),
        (DUE + timedelta(days=7), True, ("lewat 7 hari", "passed 7 day(s) ago")),
        (DUE + timedelta(days=20, hours=3), False, ("lewat 20 hari", "had passed 20 day(s) before")),
    ],
)
def test_an_overdue_report_is_told_how_many_days_late_it_is(
    closed_at: datetime, words: tuple[str, str], *, entry_open: bool
) -> None:
    facts = ReportMissing(due_at=DUE, closed_at=closed_at, returned_reports=0, entry_open=entry_open)
    letter = LETTERS.letter(example_of(facts))
    assert words[0] in letter.subject
    for text in (letter.text, letter.html):
        assert all(word in " ".join(text.split()) for word in words)
        assert ("masih dibuka" in text) == entry_open


@pytest.mark.parametrize("closed_at", [CLOSED, DUE, DUE - timedelta(days=3)])
def test_where_entry_closed_before_a_day_was_over_no_days_are_told(closed_at: datetime) -> None:
    facts = ReportMissing(due_at=DUE, closed_at=closed_at, returned_reports=0)
    letter = LETTERS.letter(example_of(facts))
    assert "lewat" not in letter.subject + letter.text
    assert "day(s)" not in letter.html


def test_a_deficiency_without_a_single_sector_behind_is_told_without_a_list() -> None:
    facts = Deficiency(
        revision=1,
        index_pct=Decimal("99.99"),
        expected_pct=Decimal("100.00"),
        gap_pct=Decimal("0.01"),
        completeness_pct=Decimal(100),
        band=Bilingual(id="Tuntas Utama", en="Attained, first class"),
        sectors=(),
    )
    assert "terendah lebih dulu" not in LETTERS.letter(example_of(facts)).text


def test_a_deficiency_within_the_year_names_no_band() -> None:
    within = next(facts for facts in FACTS if isinstance(facts, Deficiency)).model_copy(update={"band": None})
    letter = LETTERS.letter(example_of(within))
    assert "Indeks Pencapaian    : 71,25 %\nJalur yang diharapkan: 100,00 %" in letter.text
    assert "Attainment index</th>" in letter.html
    assert "Tuntas" not in letter.text


def test_the_version_names_the_words() -> None:
    assert LETTERS.version == Letters("https://elsewhere.example", RULES).version
    assert len(LETTERS.version) == 16
