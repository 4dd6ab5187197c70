"""The fields of the workbook: their names, where they stand in a report, what clerks read beside them."""

from collections.abc import Mapping
from typing import Final

from services.intake.domain.workbook.kinds import Field, Kind, List, Table, words

TEMPLATE_VERSION: Final = 1
"""Raised when a workbook that was downloaded before can no longer be read."""

_EVENT_ONLY: Final = words(
    "Hanya untuk layanan yang dipicu kejadian (bencana, wabah, kebakaran, relokasi).",
    "Only for services that an event triggers (disaster, outbreak, fire, relocation).",
)
_REASON: Final = words("Sekurang-kurangnya 20 huruf.", "At least 20 characters.")
_TO_DATE: Final = words(
    "Jumlah sejak 1 Januari, bukan jumlah triwulan ini saja.", "Counted since 1 January, not in this quarter alone."
)
_ANNUAL: Final = words("Sasaran satu tahun penuh.", "The target of the whole year.")
_RUPIAH: Final = words("Rupiah penuh, tanpa desimal.", "Whole rupiah, no decimals.")

HEAD: Final = (
    Field("head.region_code", ("region_code",), Kind.KEY, words("Kode wilayah", "Region code")),
    Field("head.period", ("period",), Kind.KEY, words("Periode", "Period")),
    Field("head.supersedes", ("supersedes",), Kind.KEY, words("Menggantikan laporan", "Replaces the report")),
)
NIL_STATED: Final = Field(
    "nil_return.stated",
    (),
    Kind.CHOICE,
    words("Laporan nihil?", "Nil return?"),
    words(
        "Ya, bila sejak Januari tidak ada layanan sama sekali; lalu kosongkan semua angka.",
        "Yes, if nothing at all was delivered since January; then leave all figures blank.",
    ),
    List.YES_NO,
)
GENERAL: Final = Table(
    "general",
    "Umum",
    words("Bagian umum", "General part"),
    words("Isilah sel kuning.", "Fill in the yellow cells."),
    (
        Field(
            "submitted_by.role",
            ("submitted_by", "role"),
            Kind.TEXT,
            words("Pengirim: jabatan", "Submitted by: office"),
            words("Jabatan, bukan nama orang.", "The office, not a person's name."),
            last=True,
        ),
        Field(
            "submitted_by.unit",
            ("submitted_by", "unit"),
            Kind.TEXT,
            words("Pengirim: unit kerja", "Submitted by: unit"),
            last=True,
        ),
        Field(
            "accountable_official.role",
            ("accountable_official", "role"),
            Kind.TEXT,
            words("Penanggung jawab: jabatan", "Accountable official: office"),
            last=True,
        ),
        Field(
            "accountable_official.unit",
            ("accountable_official", "unit"),
            Kind.TEXT,
            words("Penanggung jawab: unit kerja", "Accountable official: unit"),
            last=True,
        ),
        Field(
            "team.decree_number",
            ("team", "decree_number"),
            Kind.TEXT,
            words("Tim Penerapan SPM: nomor SK", "Implementation team: decree number"),
            last=True,
        ),
        Field(
            "team.decree_date",
            ("team", "decree_date"),
            Kind.DAY,
            words("Tim Penerapan SPM: tanggal SK", "Implementation team: decree date"),
            last=True,
        ),
        Field(
            "team.members",
            ("team", "members"),
            Kind.PEOPLE,
            words("Tim Penerapan SPM: jumlah anggota", "Implementation team: members"),
            last=True,
        ),
        Field(
            "action_plan.document_number",
            ("action_plan", "document_number"),
            Kind.TEXT,
            words("Rencana aksi: nomor dokumen", "Action plan: document number"),
            last=True,
        ),
        Field(
            "action_plan.adopted_on",
            ("action_plan", "adopted_on"),
            Kind.DAY,
            words("Rencana aksi: tanggal penetapan", "Action plan: adopted on"),
            last=True,
        ),
        Field(
            "source_system",
            ("source_system",),
            Kind.TEXT,
            words("Sistem asal angka (bila ada)", "System that the figures come from (if any)"),
            last=True,
        ),
        NIL_STATED,
        Field(
            "nil_return.author_role",
            ("nil_return", "author_role"),
            Kind.TEXT,
            words("Laporan nihil: jabatan yang menyatakan", "Nil return: office that states it"),
        ),
        Field(
            "nil_return.reason",
            ("nil_return", "reason"),
            Kind.LONG_TEXT,
            words("Laporan nihil: alasan", "Nil return: reason"),
            _REASON,
        ),
    ),
)
STAGES: Final = Table(
    "stages",
    "Tahapan",
    words("Empat tahapan penerapan", "The four stages of application"),
    words("Pilih keadaan tiap tahapan.", "Choose how far each stage is."),
    (
        Field("stages.stage", ("stage",), Kind.KEY, words("Tahapan", "Stage"), counts=False, width=52),
        Field(
            "stages.status",
            ("status",),
            Kind.CHOICE,
            words("Keadaan", "Status"),
            offers=List.STATUSES,
            last=True,
            width=26,
        ),
        Field(
            "stages.evidence", ("evidence",), Kind.LONG_TEXT, words("Bukti (dokumen)", "Evidence (document)"), width=60
        ),
    ),
    rows_max=8,
)
SERVICES: Final = Table(
    "services",
    "Capaian",
    words("Angka per jenis pelayanan", "Figures per service type"),
    words("Kosong berarti tidak dilaporkan; nol ditulis 0.", "Blank means not reported; zero is written 0."),
    (
        Field(
            "services.service_type",
            ("service_type",),
            Kind.KEY,
            words("Jenis pelayanan", "Service type"),
            counts=False,
            width=52,
        ),
        Field(
            "services.target",
            ("recipients", "target"),
            Kind.PEOPLE,
            words("Sasaran setahun", "Annual target"),
            _ANNUAL,
            last=True,
        ),
        Field(
            "services.served",
            ("recipients", "served"),
            Kind.PEOPLE,
            words("Terlayani s.d. kini", "Served so far"),
            _TO_DATE,
            last=True,
        ),
        Field(
            "services.unit",
            ("recipients", "unit"),
            Kind.TEXT,
            words("Satuan", "Unit"),
            offers=List.UNITS,
            counts=False,
            width=16,
        ),
        Field(
            "services.allocated",
            ("budget", "allocated"),
            Kind.RUPIAH,
            words("Anggaran (Rp)", "Budget (Rp)"),
            _RUPIAH,
            last=True,
            width=22,
        ),
        Field(
            "services.realised",
            ("budget", "realised"),
            Kind.RUPIAH,
            words("Realisasi (Rp)", "Realised (Rp)"),
            _RUPIAH,
            last=True,
            width=22,
        ),
        Field(
            "services.no_target_reason",
            ("no_target_reason",),
            Kind.LONG_TEXT,
            words("Alasan tanpa sasaran", "Reason for no target"),
            _EVENT_ONLY,
            width=40,
        ),
    ),
    rows_max=64,
)
QUALITY: Final = Table(
    "quality",
    "Mutu",
    words("Mutu: barang, jasa, dan personel", "Quality: goods, services and staff"),
    words("Satu baris satu butir mutu.", "One row, one quality item."),
    (
        Field(
            "quality.service_type",
            ("service_type",),
            Kind.CHOICE,
            words("Jenis pelayanan", "Service type"),
            offers=List.SERVICES,
            width=52,
        ),
        Field(
            "quality.code",
            ("code",),
            Kind.CODE,
            words("Kode", "Code"),
            words("Seperti KID33.", "Like KID33."),
            width=14,
        ),
        Field("quality.name", ("name",), Kind.TEXT, words("Uraian", "Item"), width=40),
        Field("quality.unit", ("unit",), Kind.TEXT, words("Satuan", "Unit"), width=14),
        Field("quality.required", ("required",), Kind.AMOUNT, words("Harus dipenuhi", "Required"), _ANNUAL, last=True),
        Field(
            "quality.fulfilled",
            ("fulfilled",),
            Kind.AMOUNT,
            words("Terpenuhi s.d. kini", "Fulfilled so far"),
            _TO_DATE,
            last=True,
        ),
    ),
    rows_min=300,
    rows_spare=100,
    rows_max=6_400,
)
PROBLEMS: Final = Table(
    "problems",
    "Permasalahan",
    words("Permasalahan dan solusi", "Problems and solutions"),
    words("Satu baris satu permasalahan.", "One row, one problem."),
    (
        Field(
            "problems.service_type",
            ("service_type",),
            Kind.CHOICE,
            words("Jenis pelayanan (bila khusus)", "Service type (if of one)"),
            offers=List.SERVICES,
            width=52,
        ),
        Field("problems.problem", ("problem",), Kind.LONG_TEXT, words("Permasalahan", "Problem"), width=60),
        Field("problems.solution", ("solution",), Kind.LONG_TEXT, words("Solusi", "Solution"), width=60),
    ),
    rows_min=40,
    rows_spare=20,
    rows_max=200,
)
JUSTIFICATIONS: Final = Table(
    "justifications",
    "Penjelasan",
    words("Penjelasan atas peringatan", "Justifications of warnings"),
    words(
        "Bila peringatan bukan kesalahan, jelaskan di sini dengan kode aturannya.",
        "Where a warning is no mistake, say here why, with the code of its rule.",
    ),
    (
        Field(
            "justifications.rule",
            ("rule",),
            Kind.CODE,
            words("Kode aturan", "Rule"),
            words("Seperti served-within-target.", "Like served-within-target."),
            width=32,
        ),
        Field(
            "justifications.service_type",
            ("service_type",),
            Kind.CHOICE,
            words("Jenis pelayanan (bila khusus)", "Service type (if of one)"),
            offers=List.SERVICES,
            width=52,
        ),
        Field(
            "justifications.author_role",
            ("author_role",),
            Kind.TEXT,
            words("Jabatan yang menjelaskan", "Office that explains"),
            width=30,
        ),
        Field("justifications.reason", ("reason",), Kind.LONG_TEXT, words("Penjelasan", "Reason"), _REASON, width=60),
    ),
    rows_min=20,
    rows_spare=20,
    rows_max=200,
)
TABLES: Final = (STAGES, SERVICES, QUALITY, PROBLEMS, JUSTIFICATIONS)
FIELDS: Final[Mapping[str, Field]] = {
    field.name: field for fields in (HEAD, GENERAL.fields, *(table.fields for table in TABLES)) for field in fields
}
