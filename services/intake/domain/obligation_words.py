"""Deadlines and next steps in Indonesian and English."""

from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from contracts.language import Language
from contracts.message import Bilingual
from contracts.quarter import Quarter

_ROMAN = ("I", "II", "III", "IV")


class Step(Enum):
    """What a region does next; ``{period}`` is the quarter in words."""

    WAIT_FOR_OPENING = (
        "Menunggu Sekretariat SPM membuka pengisian {period}.",
        "Wait until the secretariat opens entry of {period}.",
    )
    SEND = ("Kirim laporan {period}.", "Send the report of {period}.")
    SEND_LATE = (
        "Batas waktu sudah lewat: segera kirim laporan {period}.",
        "The deadline has passed: send the report of {period} now.",
    )
    CORRECT = (
        "Laporan {period} dikembalikan: perbaiki temuannya dan kirim lagi.",
        "The report of {period} was returned: correct its findings and send it again.",
    )
    CORRECT_LATE = (
        "Batas waktu sudah lewat dan laporan {period} dikembalikan: segera perbaiki temuannya dan kirim lagi.",
        "The deadline has passed and the report of {period} was returned: correct its findings and send it again now.",
    )
    WAIT_FOR_VERDICT = (
        "Laporan {period} sedang diperiksa; tidak ada yang perlu dilakukan.",
        "The report of {period} is being judged; there is nothing to do.",
    )
    ASK_THE_SECRETARIAT = (
        "Pengisian {period} ditutup tanpa laporan yang diterima. Hubungi Sekretariat SPM.",
        "Entry of {period} closed without an accepted report. Ask the secretariat.",
    )
    NOTHING = ("Kewajiban {period} sudah terpenuhi.", "Nothing more is owed for {period}.")
    JUSTIFY = (
        "Kewajiban {period} sudah terpenuhi. Beri penjelasan atas peringatannya, atau kirim perbaikan.",
        "Nothing more is owed for {period}. Give reasons for its warnings, or send a correction.",
    )
    WAIT_FOR_CORRECTION = (
        "Kewajiban {period} sudah terpenuhi. Perbaikan yang dikirim sesudahnya sedang diperiksa.",
        "Nothing more is owed for {period}. The correction that was sent afterwards is being judged.",
    )
    CORRECTION_RETURNED = (
        "Kewajiban {period} sudah terpenuhi. Perbaikan terakhir dikembalikan; laporan yang diterima tetap berlaku.",
        "Nothing more is owed for {period}. The last correction was returned; the accepted report stays in force.",
    )


_STATES = {
    "not_open": ("Pengisian belum dibuka", "Entry is not open yet"),
    "due": ("Laporan ditunggu", "Due"),
    "returned": ("Laporan dikembalikan", "Returned"),
    "in_judgement": ("Laporan sedang diperiksa", "Being judged"),
    "overdue": ("Terlambat", "Overdue"),
    "closed_unfulfilled": ("Ditutup tanpa laporan yang diterima", "Closed without an accepted report"),
    "fulfilled": ("Terpenuhi", "Fulfilled"),
    "fulfilled_with_warnings": ("Terpenuhi dengan catatan", "Fulfilled with warnings"),
}


def state_in_words(state: str) -> Bilingual:
    indonesian, english = _STATES[state]
    return Bilingual(id=indonesian, en=english)


def step_in_words(step: Step, period: str) -> Bilingual:
    indonesian, english = step.value
    name = period_in_words(period)
    return Bilingual(id=indonesian.format(period=name.id), en=english.format(period=name.en))


def period_in_words(period: str) -> Bilingual:
    """Triwulan IV 2023, quarter 4 of 2023"""
    quarter = Quarter.parse(period)
    return Bilingual(
        id=f"Triwulan {_ROMAN[quarter.number - 1]} {quarter.fiscal_year}",
        en=f"quarter {quarter.number} of {quarter.fiscal_year}",
    )


def deadline_in_words(due_at: datetime, now: datetime | None, zone: ZoneInfo) -> Bilingual:
    """20 Januari 2024 pukul 23.59 WIB, 10 hari lagi. Without ``now``, the deadline alone."""
    local = due_at.astimezone(zone)
    indonesian = f"{Language.INDONESIAN.day(local)} pukul {local:%H.%M} {local:%Z}"
    english = f"{Language.ENGLISH.day(local)}, {local:%H:%M} {local:%Z}"
    if now is None:
        return Bilingual(id=indonesian, en=english)
    left = _left(due_at, now, (local.date() - now.astimezone(zone).date()).days)
    return Bilingual(id=f"{indonesian}, {left.id}", en=f"{english}, {left.en}")


def _left(due_at: datetime, now: datetime, days: int) -> Bilingual:
    """``days`` from today's date to the deadline's, below zero when it lies in the past."""
    if now > due_at:
        if days == 0:
            return Bilingual(id="terlambat kurang dari satu hari", en="less than a day overdue")
        return Bilingual(id=f"terlambat {-days} hari", en=f"{_days(-days)} overdue")
    if days == 0:
        return Bilingual(id="hari ini", en="today")
    return Bilingual(id=f"{days} hari lagi", en=f"{_days(days)} left")


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
