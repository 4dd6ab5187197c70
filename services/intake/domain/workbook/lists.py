"""What cells offer for choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from contracts.message import Bilingual
from contracts.submission import Stage, StageStatus
from regulation.rows import ServiceType
from services.intake.domain.workbook.kinds import List, words

YES: Final = "yes"
NO: Final = "no"
_STAGES: Final = {
    Stage.DATA_COLLECTION: words("Pengumpulan data", "Data collection"),
    Stage.NEEDS_CALCULATION: words("Penghitungan kebutuhan", "Needs calculation"),
    Stage.PLANNING: words("Penyusunan rencana", "Planning"),
    Stage.DELIVERY: words("Pelaksanaan", "Delivery"),
}
_STATUSES: Final = {
    StageStatus.NOT_STARTED: words("Belum dimulai", "Not started"),
    StageStatus.IN_PROGRESS: words("Sedang berjalan", "In progress"),
    StageStatus.DONE: words("Selesai", "Done"),
}


@dataclass(frozen=True)
class Lists:
    """What the lists of one region and period hold: of each code its words."""

    catalogue: Sequence[ServiceType]

    @cached_property
    def _words(self) -> Mapping[List, Mapping[str, Bilingual]]:
        return {
            List.SERVICES: {row.id: words(row.name_id, row.name_en) for row in self.catalogue},
            List.STAGES: {stage.value: told for stage, told in _STAGES.items()},
            List.STATUSES: {status.value: told for status, told in _STATUSES.items()},
            List.UNITS: {unit: words(unit, unit) for unit in sorted({row.unit for row in self.catalogue})},
            List.YES_NO: {YES: words("Ya", "Yes"), NO: words("Tidak", "No")},
        }

    @cached_property
    def units(self) -> Mapping[str, str]:
        """Of each service type."""
        return {row.id: row.unit for row in self.catalogue}

    def __getitem__(self, name: List) -> Mapping[str, Bilingual]:
        return self._words[name]
