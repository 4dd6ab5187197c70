"""What a receipt proves, and why one is not genuine, in words."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from contracts.language import Language
from contracts.message import Bilingual
from contracts.quarter import Quarter
from services.intake.domain.proof import Doubt, Genuine

_JAKARTA: Final = ZoneInfo("Asia/Jakarta")

GENUINE: Final = Bilingual(id="Tanda terima ini asli.", en="This receipt is genuine.")
NOT_GENUINE: Final = Bilingual(id="Tanda terima ini tidak dapat dipercaya.", en="This receipt cannot be trusted.")
PROVES: Final = Bilingual(
    id="Ini membuktikan bahwa laporan dengan isi itu masuk pada waktu itu; apakah angkanya benar, dikatakan oleh hasil"
    " pemeriksaan.",
    en="It proves that a report of that content arrived at that time; the verdict says whether its figures are right.",
)
DOUBTS: Final[Mapping[Doubt, Bilingual]] = {
    Doubt.UNREADABLE: Bilingual(
        id="Ini bukan tanda terima, atau sebagian darinya hilang. Salin kembali seluruhnya.",
        en="This is no receipt, or part of it is missing. Copy all of it again.",
    ),
    Doubt.UNKNOWN_KEY: Bilingual(
        id="Kunci yang menandatanganinya bukan kunci yang berlaku di sini. Periksalah pada alamat yang tertulis pada"
        " tanda terima.",
        en="The key that signed it is none of those in force here. Check it at the address that the receipt names.",
    ),
    Doubt.SIGNATURE: Bilingual(
        id="Isinya telah diubah: tanda tangannya tidak cocok.", en="It was changed: the signature does not fit."
    ),
    Doubt.MEMBER: Bilingual(
        id="Isinya telah diubah: ada bagian yang berbeda dari yang ditandatangani.",
        en="It was changed: a member differs from what was signed.",
    ),
    Doubt.FORM: Bilingual(
        id="Berkasnya ditulis ulang; isinya sama dengan yang ditandatangani. Gunakan berkas aslinya.",
        en="The file was written again; what it says is as it was signed. Use the original file.",
    ),
}


def lines(genuine: Genuine, lang: Language, region_name: str | None) -> list[tuple[str, str]]:
    """What is proved, line by line. ``region_name`` is None where the code is not known."""
    told, say = genuine.statement, lang.say
    arrival, deadline = (lang.moment(instant.astimezone(_JAKARTA)) for instant in (told.arrived_at, told.due_at))
    return [
        (say("Daerah", "Region"), f"{region_name or say('tidak dikenal', 'unknown')} ({told.region_code})"),
        (say("Periode", "Period"), lang.period(Quarter.parse(told.period))),
        (say("Laporan masuk", "Report arrived"), arrival + _brought_in(told.imported, lang)),
        (say("Batas waktu", "Deadline"), deadline),
        (say("Ketepatan waktu", "Punctuality"), punctuality(lang, on_time=told.on_time)),
        (say("Nomor laporan", "Submission"), told.submission_id),
        (say("Sidik isi (SHA-256)", "Content digest (SHA-256)"), told.content_digest),
        (say("Diberikan oleh", "Given by"), told.iss),
        (say("Kunci", "Key"), genuine.key_id),
    ]


def punctuality(lang: Language, *, on_time: bool) -> str:
    return lang.say("tepat waktu", "on time") if on_time else lang.say("terlambat", "late")


def _brought_in(imported: bool, lang: Language) -> str:  # noqa: FBT001 - the one fact that it speaks of
    return lang.say(" (dimasukkan kemudian)", " (brought in later)") if imported else ""
