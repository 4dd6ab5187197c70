"""The page on which anybody finds out whether a certificate is genuine."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from chassis.pages import PUBLIC, Frame, View
from contracts.message import Bilingual
from services.notify.certificates.papers import TITLES
from services.notify.certificates.press import VERIFY, Press
from services.notify.domain.certificate import Issued, Paper, Standing
from services.notify.domain.wording import number_en, number_id
from services.notify.store.certificates import CertificateStore

TEXT_CHARS_MAX: Final = 200
FINDINGS: Final = {
    Standing.GENUINE: Bilingual(id="Asli dan berlaku", en="Genuine and in force"),
    Standing.WITHDRAWN: Bilingual(id="Asli, tetapi telah ditarik", en="Genuine, but withdrawn since"),
    Standing.NOT_GENUINE: Bilingual(id="Bukan terbitan sistem ini", en="Not issued by this system"),
}
_PLACES: Final = {
    Paper.WINNER: Bilingual(id="peringkat {} dari {} penerima", en="place {} of {} winners"),
    Paper.NOMINEE: Bilingual(id="peringkat {} dari {} nomine", en="place {} of {} nominees"),
    Paper.RANK: Bilingual(id="peringkat {} dari {} daerah", en="place {} of {} regions"),
}


@dataclass(frozen=True, slots=True)
class _Line:
    name: Bilingual
    told: Bilingual


def certificate_pages(store: CertificateStore, press: Press, frame: Frame) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["certificates"])

    @router.get(VERIFY, summary="Whether a certificate is genuine: public")
    async def verify(
        request: Request,
        number: Annotated[str, Query(max_length=TEXT_CHARS_MAX)] = "",
        digest: Annotated[
            str, Query(max_length=TEXT_CHARS_MAX, description="As printed, with or without blanks.")
        ] = "",
    ) -> HTMLResponse:
        asked = "".join(number.split()), "".join(digest.split()).lower()
        issued = await store.find(asked[0])
        finding = issued.standing(asked[1]) if issued else Standing.NOT_GENUINE
        known = issued if finding is not Standing.NOT_GENUINE else None
        answer = frame.page(
            "verify",
            View.of(request),
            reader=None,
            number=number,
            digest=digest,
            finding=FINDINGS[finding] if any(asked) else None,
            withdrawn=known.withdrawn if known else None,
            lines=_lines(known, press) if known else [],
        )
        answer.headers.update(PUBLIC)
        return answer

    return router


def _lines(issued: Issued, press: Press) -> list[_Line]:
    one, content = issued.certificate, press.content(issued.certificate)
    place, year = _PLACES[one.paper], str(one.edition_year)
    region = f"{content.region_name} ({one.region_code})"
    rows = [
        ("Jenis", "Paper", TITLES[one.paper].id, TITLES[one.paper].en),
        ("Nomor", "Number", one.number, one.number),
        ("Daerah", "Region", region, region),
        ("Edisi", "Edition", f"SPM Awards {year}", f"SPM Awards {year}"),
        ("Tahun Anggaran", "Fiscal year", str(one.fiscal_year), str(one.fiscal_year)),
        ("Kategori", "Category", content.category_name, press.category(one).en),
        ("Hasil", "Result", place.id.format(one.place, one.among), place.en.format(one.place, one.among)),
    ]
    if one.paper is Paper.RANK:
        rows += [
            ("Nilai", "Score", number_id(content.score), number_en(content.score)),
            ("Indeks", "Index", number_id(content.index_pct), number_en(content.index_pct)),
        ]
    rows.append(("Dicatat oleh", "Recorded by", one.author_role, one.author_role))
    return [
        _Line(Bilingual(id=name, en=name_en), Bilingual(id=told, en=told_en)) for name, name_en, told, told_en in rows
    ]
