"""Certificates as files, with the names and figures that the law gives them."""

from asyncio import Lock, to_thread
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Final

from reportlab.lib.utils import ImageReader

from chassis.errors import Misconfigured
from contracts.language import Language
from contracts.message import Bilingual
from contracts.quarter import quarters_of
from regulation.law import Law
from services.notify.certificates.papers import Content, pdf_of
from services.notify.domain.certificate import Certificate
from services.notify.domain.matters import region_name
from services.notify.domain.rounding import Rounding

EMBLEM_BYTES_MAX: Final = 1_000_000
VERIFY: Final = "/certificates/verify"


@dataclass(frozen=True)
class Press:
    law: Law
    public_url: str
    notice: str = ""
    """«Indonesian / English», of the installation."""
    emblem: bytes | None = None
    _turn: Lock = field(default_factory=Lock)
    """The library keeps what it knows of fonts in one place for all files."""

    async def pdf(self, certificate: Certificate) -> bytes:
        async with self._turn:
            return await to_thread(pdf_of, self.content(certificate))

    def content(self, certificate: Certificate) -> Content:
        rounding = Rounding(self.law, quarters_of(certificate.fiscal_year)[-1])
        return Content(
            certificate,
            region_name=region_name(certificate.region_code, self.law),
            category_name=self.category(certificate).id,
            score=rounding.to_nearest(certificate.score),
            index_pct=rounding.to_nearest(certificate.index_pct),
            verify_page=self.public_url.rstrip("/") + VERIFY,
            notice=Language.INDONESIAN.half(self.notice),
            emblem=self.emblem,
        )

    def category(self, certificate: Certificate) -> Bilingual:
        row = self.law.award_edition(certificate.edition_year).category(certificate.category)
        return Bilingual(id=row.name_id, en=row.name_en)


def read_emblem(path: Path | None) -> bytes | None:
    """Raises:
    Misconfigured: the file is no picture, or too large.
    """
    if path is None:
        return None
    try:
        image = path.read_bytes()
        ImageReader(BytesIO(image)).getSize()
    except OSError as error:
        raise Misconfigured(f"SPM_EMBLEM: {path} is no PNG or JPEG that can be read ({error})") from None
    if len(image) > EMBLEM_BYTES_MAX:
        raise Misconfigured(f"SPM_EMBLEM: {path} has {len(image)} bytes, at most {EMBLEM_BYTES_MAX} are taken")
    return image
