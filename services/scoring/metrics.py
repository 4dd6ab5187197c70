from prometheus_client import CollectorRegistry, Counter, Enum

from contracts.award import AwardChangedV1, AwardState


class ScoringMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.scorecards = Counter("spm_scorecards", "Scorecards kept.", ("band",), registry=registry)
        self.returned = Counter("spm_reports_not_scored", "Returned reports, which get no score.", registry=registry)
        self._awards = Enum(
            "spm_award_state",
            "What became of an award.",
            ("edition", "category"),
            states=list(AwardState),
            registry=registry,
        )

    def show_award(self, award: AwardChangedV1) -> None:
        self._awards.labels(str(award.edition_year), award.category).state(award.state)
