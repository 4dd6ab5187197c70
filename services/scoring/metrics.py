from typing import Final

from prometheus_client import CollectorRegistry, Counter, Enum

from chassis.metrics import Sampled
from services.scoring.domain.steps import ORDER, Progress

_OPEN: Final = "open"


class ScoringMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.scorecards = Counter("spm_scorecards", "Scorecards kept.", ("band",), registry=registry)
        self.returned = Counter("spm_reports_not_scored", "Returned reports, which get no score.", registry=registry)
        self._awards = Enum(
            "spm_award_state",
            "How far an edition of the awards has come.",
            ("edition",),
            states=[_OPEN, *ORDER],
            registry=registry,
        )
        self.sampled = Sampled(registry)

    def show_edition(self, edition_year: int, progress: Progress) -> None:
        self._awards.labels(str(edition_year)).state(progress.stage or _OPEN)
