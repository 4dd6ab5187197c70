"""Figures, days and periods as they are written in Indonesian and in English."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from contracts.language import Language
from contracts.message import Bilingual
from contracts.notice import NoticeKind, NoticeState
from contracts.quarter import Quarter
from contracts.recipient import Channel, Role

JAKARTA: Final = ZoneInfo("Asia/Jakarta")
_ROMAN: Final = ("I", "II", "III", "IV")

KINDS: Final[Mapping[NoticeKind, Bilingual]] = MappingProxyType(
    {
        NoticeKind.SUBMISSION_RETURNED: Bilingual(id="Laporan dikembalikan", en="Report returned"),
        NoticeKind.WARNINGS_TO_JUSTIFY: Bilingual(id="Peringatan perlu penjelasan", en="Warnings to justify"),
        NoticeKind.REPORT_DUE: Bilingual(id="Pengingat batas waktu", en="Deadline reminder"),
        NoticeKind.REGIONS_OVERDUE: Bilingual(id="Daerah belum melapor", en="Regions without a report"),
        NoticeKind.REPORT_OVERDUE: Bilingual(id="Laporan belum diterima", en="Report not received"),
        NoticeKind.ACHIEVEMENT_DEFICIENCY: Bilingual(id="Capaian di bawah jalur", en="Attainment below the path"),
        NoticeKind.CORRECTION: Bilingual(id="Ralat pemberitahuan", en="Correction of a notice"),
        NoticeKind.AWARD_NOMINATED: Bilingual(id="Nominasi SPM Awards", en="SPM Awards nomination"),
        NoticeKind.AWARD_NOT_NOMINATED: Bilingual(id="Alasan tidak dinominasikan", en="Why not nominated"),
        NoticeKind.AWARD_WON: Bilingual(id="Penerima SPM Awards", en="SPM Awards winner"),
        NoticeKind.RECIPIENT_UNREACHABLE: Bilingual(id="Alamat tidak dapat dicapai", en="Address unreachable"),
        NoticeKind.NOTICE_UNREAD: Bilingual(id="Pemberitahuan belum ditanggapi", en="Notice not acknowledged"),
        NoticeKind.WEEKLY_DIGEST: Bilingual(id="Ringkasan mingguan", en="Weekly digest"),
    }
)
STATES: Final[Mapping[NoticeState, Bilingual]] = MappingProxyType(
    {
        NoticeState.CREATED: Bilingual(id="Menunggu dikirim", en="Waiting to be sent"),
        NoticeState.SENDING: Bilingual(id="Sedang dikirim", en="Being sent"),
        NoticeState.TEMPORARY_FAILURE: Bilingual(id="Tertunda, akan dicoba lagi", en="Delayed, will be tried again"),
        NoticeState.DELIVERED: Bilingual(id="Diterima server surat", en="Accepted by the mail server"),
        NoticeState.PERMANENT_FAILURE: Bilingual(id="Ditolak server surat", en="Refused by the mail server"),
        NoticeState.GIVEN_UP: Bilingual(id="Tidak dapat dikirim", en="Could not be sent"),
    }
)
ROLES: Final[Mapping[Role, Bilingual]] = MappingProxyType(
    {
        Role.TEAM: Bilingual(id=Role.TEAM, en="SPM implementation team"),
        Role.AGENCY: Bilingual(id=Role.AGENCY, en="Agency in charge of a sector"),
        Role.SECRETARY: Bilingual(id=Role.SECRETARY, en="Regional secretary"),
        Role.HEAD: Bilingual(id=Role.HEAD, en="Head of the region"),
        Role.SYSTEM: Bilingual(id=Role.SYSTEM, en="Information system"),
    }
)
CHANNELS: Final[Mapping[Channel, Bilingual]] = MappingProxyType(
    {
        Channel.EMAIL: Bilingual(id="Surel", en="E-mail"),
        Channel.INBOX: Bilingual(id="Kotak masuk", en="Inbox"),
        Channel.WEBHOOK: Bilingual(id="Webhook", en="Webhook"),
    }
)


def number_id(figure: Decimal | int) -> str:
    """1.234,56"""
    return Language.INDONESIAN.figure(number_en(figure))


def number_en(figure: Decimal | int) -> str:
    """1,234.56"""
    return f"{figure:,}"


def day_id(instant: datetime) -> str:
    """20 Januari 2024 pukul 23.59 WIB"""
    local = instant.astimezone(JAKARTA)
    return f"{Language.INDONESIAN.day(local)} pukul {local:%H.%M} WIB"


def day_en(instant: datetime) -> str:
    """20 January 2024, 23:59 WIB (UTC+7)"""
    local = instant.astimezone(JAKARTA)
    return f"{Language.ENGLISH.day(local)}, {local:%H:%M} WIB (UTC+7)"


def date_id(instant: datetime) -> str:
    """20 Januari 2024"""
    return Language.INDONESIAN.day(instant.astimezone(JAKARTA))


def date_en(instant: datetime) -> str:
    """20 January 2024"""
    return Language.ENGLISH.day(instant.astimezone(JAKARTA))


def period_id(period: str) -> str:
    """Triwulan IV Tahun Anggaran 2023"""
    quarter = Quarter.parse(period)
    return f"Triwulan {_ROMAN[quarter.number - 1]} Tahun Anggaran {quarter.fiscal_year}"


def period_en(period: str) -> str:
    """quarter 4 of fiscal year 2023"""  # noqa: D403 - the form itself
    quarter = Quarter.parse(period)
    return f"quarter {quarter.number} of fiscal year {quarter.fiscal_year}"


def one_line(text: str) -> str:
    """The text without line ends, control characters and marks that turn the direction of reading."""
    visible = "".join(" " if unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} else sign for sign in text)
    return " ".join(visible.split())
