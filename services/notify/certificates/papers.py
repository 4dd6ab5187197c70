"""The three papers: for a winner, for a nominee, and the letter that states a nominee's rank."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from reportlab.lib.pagesizes import A4, landscape

from contracts.language import Language
from contracts.message import Bilingual
from services.notify.certificates.sheet import BOLD, GREY, ITALIC, RED, About, Sheet
from services.notify.domain.certificate import Certificate, Paper
from services.notify.domain.wording import JAKARTA, number_id

TITLES: Final[Mapping[Paper, Bilingual]] = MappingProxyType(
    {
        Paper.WINNER: Bilingual(id="Piagam Penghargaan", en="Certificate of award"),
        Paper.NOMINEE: Bilingual(id="Piagam Nominasi", en="Certificate of nomination"),
        Paper.RANK: Bilingual(id="Surat Keterangan Peringkat", en="Letter that states a rank"),
    }
)
_INDONESIAN: Final = Language.INDONESIAN
_HONEST: Final = (
    "Dibuat oleh sistem pelaporan SPM sebagai layanan informasi, bukan produk hukum.",
    "Berlaku sebagai dokumen kementerian hanya setelah ditandatangani pejabat yang berwenang.",
)


@dataclass(frozen=True, slots=True)
class Content:
    """A certificate with the names and figures as they are shown."""

    certificate: Certificate
    region_name: str
    category_name: str
    score: Decimal
    index_pct: Decimal
    verify_page: str
    notice: str = ""
    """A sentence of the installation for the foot, such as that its figures are synthetic."""
    emblem: bytes | None = None
    """PNG or JPEG of the ministry's emblem."""

    @property
    def verify_url(self) -> str:
        return f"{self.verify_page}?{urlencode({'number': self.certificate.number, 'digest': self.certificate.digest})}"

    @property
    def day(self) -> str:
        return _INDONESIAN.day(self.certificate.stated_at.astimezone(JAKARTA))


def pdf_of(content: Content) -> bytes:
    """The same content gives the same bytes."""
    certificate = content.certificate
    title = f"{TITLES[certificate.paper].id} SPM Awards {certificate.edition_year}: {content.region_name}"
    about = About(title, f"Nomor {certificate.number}; {content.category_name}", certificate.stated_at)
    is_letter = certificate.paper is Paper.RANK
    sheet = Sheet(A4 if is_letter else landscape(A4), about)
    _PAPERS[certificate.paper](sheet, content)
    _foot(sheet, content)
    return sheet.done()


def _head(sheet: Sheet, content: Content, *, top: float, size: float) -> None:
    sheet.border()
    sheet.emblem(content.emblem, top - 58, side=58)
    sheet.centred("STANDAR PELAYANAN MINIMAL · SPM AWARDS", top - 78, size=9, colour=GREY)
    sheet.centred(TITLES[content.certificate.paper].id.upper(), top - 116, font=BOLD, size=size, colour=RED)
    sheet.centred(f"Nomor: {content.certificate.number}", top - 138, size=10, colour=GREY)


def _winner(sheet: Sheet, content: Content) -> None:
    one = content.certificate
    _certificate(
        sheet,
        content,
        given="diberikan kepada",
        as_what=f"sebagai PENERIMA SPM AWARDS {one.edition_year}",
        place=f"Kategori {content.category_name} · peringkat {one.place} dari {number_id(one.among)} penerima",
        for_what=f"atas penerapan Standar Pelayanan Minimal Tahun Anggaran {one.fiscal_year}",
    )


def _nominee(sheet: Sheet, content: Content) -> None:
    one = content.certificate
    _certificate(
        sheet,
        content,
        given="diberikan kepada",
        as_what=f"sebagai NOMINE SPM AWARDS {one.edition_year}",
        place=f"Kategori {content.category_name} · satu dari {number_id(one.among)} nomine",
        for_what=f"atas penerapan Standar Pelayanan Minimal Tahun Anggaran {one.fiscal_year}",
    )


def _certificate(sheet: Sheet, content: Content, *, given: str, as_what: str, place: str, for_what: str) -> None:
    _head(sheet, content, top=sheet.height - 48, size=34)
    sheet.centred(given, 372, font=ITALIC, size=13)
    sheet.centred(content.region_name, 328, font=BOLD, size=34)
    sheet.rule(314, width=360)
    sheet.centred(as_what, 288, font=BOLD, size=16)
    sheet.centred(place, 264, size=14)
    sheet.centred(for_what, 240, size=13)


def _rank(sheet: Sheet, content: Content) -> None:
    one = content.certificate
    _head(sheet, content, top=sheet.height - 60, size=24)
    left, width = 80, sheet.width - 160
    y = sheet.lines("Berdasarkan laporan yang diterima dan dinilai, dengan ini diterangkan bahwa:", left, 600,
                    width=width, size=11.5)  # fmt: skip
    rows = (
        ("Daerah", f"{content.region_name} (kode {one.region_code})"),
        ("Edisi", f"SPM Awards {one.edition_year}, penilaian Tahun Anggaran {one.fiscal_year}"),
        ("Kategori", content.category_name),
        ("Peringkat", f"{one.place} dari {number_id(one.among)} daerah yang diperingkat"),
        ("Nilai", f"{number_id(content.score)} dari 100"),
        ("Indeks pencapaian SPM", f"{number_id(content.index_pct)} persen"),
        ("Keadaan data", f"{content.day}, saat nominasi ditetapkan"),
    )
    for name, told in rows:
        y -= 10
        sheet.lines(name, left, y, width=150, size=11)
        y = sheet.lines(told, left + 165, y, width=width - 165, font=BOLD, size=11, colour="#1a1a1a")
    words = (
        "Peringkat ini menurut nilai yang dihitung sistem saat nominasi; bukan keputusan tentang penerima penghargaan. "
        "Kriteria bersumber dari pengumuman resmi; bobot dan cara menilai adalah pilihan sistem ini sepanjang tidak "
        "diumumkan. Angka yang mendasarinya dipublikasikan dan dapat dihitung ulang oleh siapa pun."
    )
    sheet.lines(words, left, y - 20, width=width, size=10)


def _foot(sheet: Sheet, content: Content) -> None:
    one, right = content.certificate, sheet.width - 170
    sheet.code(content.verify_url, 70, 84, side=112)
    x, width = 188, 215 if one.paper is not Paper.RANK else 150
    y = sheet.lines("Periksa keaslian", x, 172, width=width, font=BOLD)
    y = sheet.lines(content.verify_page, x, y, width=width, size=7)
    y = sheet.lines("Sidik SHA-256", x, y - 4, width=width, font=BOLD, size=7)
    step = 32 if one.paper is not Paper.RANK else 22
    for start in range(0, len(one.digest), step):
        y = sheet.lines(one.digest[start : start + step], x, y, width=width, size=7)
    sheet.centred(content.day, 178, x=right, size=10, width=190)
    sheet.centred(f"Dicatat oleh: {one.author_role}", 164, x=right, size=8, colour=GREY, width=190)
    sheet.rule(108, width=170, x=right, colour=GREY)
    sheet.centred("Pejabat kementerian", 96, x=right, size=8, colour=GREY, width=190)
    sheet.centred("(nama, NIP, tanda tangan, cap)", 85, x=right, size=7, colour=GREY, width=190)
    room = sheet.width - 150
    for line, sentence in enumerate(_HONEST):
        sheet.centred(sentence, 67 - 9 * line, size=7, colour=GREY, width=room)
    sheet.centred(content.notice, 46, font=BOLD, size=7.5, colour=RED, width=room)


_PAPERS: Final[Mapping[Paper, Callable[[Sheet, Content], None]]] = MappingProxyType(
    {Paper.WINNER: _winner, Paper.NOMINEE: _nominee, Paper.RANK: _rank}
)
