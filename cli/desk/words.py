"""The desk's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cli.letters import OPEN
from contracts.language import Language
from contracts.message import Bilingual
from contracts.operation import Settlement

REPLAY: Final = "replay"
DISCARD: Final = "discard"
REASON_CHARS_MAX: Final = 200
STATES: Final[Mapping[str, tuple[str, Bilingual]]] = {
    OPEN: ("warning", Bilingual(id="Belum diselesaikan", en="Open")),
    Settlement.REPLAYED.value: ("good", Bilingual(id="Diproses ulang", en="Replayed")),
    Settlement.DISCARDED.value: ("", Bilingual(id="Dibuang", en="Discarded")),
}
"""The class of ``page.css``, and the words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an order came to; nothing was done."""

    colour: str
    heading: str
    words: str
    order: str = ""
    reason: str = ""
    """As they were typed, so that they need not be typed again."""


def answer(lang: Language, order: str, refused: str | None, reason: str) -> Answer:
    if refused is not None:
        return Answer(
            "error", lang.say("Ditolak; tidak ada yang diubah", "Refused; nothing was done"), refused, order, reason
        )
    would = {
        REPLAY: lang.say(
            "Rekaman akan ditulis lagi di akhir partisinya, untuk layanan yang menyisihkannya.",
            "The record would be written again at the end of its partition, for the service that put it aside.",
        ),
        DISCARD: lang.say(
            "Rekaman akan dibuang: tidak ada layanan yang menanganinya lagi.",
            "The record would be discarded: no service would handle it any more.",
        ),
    }
    heading = lang.say("Percobaan; tidak ada yang diubah", "A trial; nothing was done")
    return Answer("good", heading, would[order], order, reason)


def no_reason(lang: Language) -> Answer:
    return Answer(
        "error",
        lang.say("Tidak ada yang diubah", "Nothing was done"),
        lang.say(
            f"Pilih tindakan dan tulis alasannya, paling banyak {REASON_CHARS_MAX} huruf.",
            f"Choose what to do and write why, in at most {REASON_CHARS_MAX} characters.",
        ),
    )
