"""What a proposed rule set would change, found by judging the kept reports under both laws; nothing is written."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chassis.errors import Unprocessable
from chassis.events import Received
from contracts.message import Message
from contracts.submission import SubmissionReceivedV1
from contracts.topics import SUBMISSION_RECEIVED
from contracts.verdict import Finding, SubmissionJudgedV1, VerdictOutcome
from regulation.law import Law
from services.validation.domain.head import Head
from services.validation.domain.peers import PeerHead
from services.validation.handlers import Decisions
from services.validation.store import Known

UNJUDGED: Final = "unjudged"
"""The outcome of a report on which the law is silent."""


@dataclass(frozen=True, slots=True)
class Change:
    """A report whose outcome would be another."""

    region_code: str
    period: str
    revision: int
    submission_id: str
    before: str
    after: str
    by: tuple[str, ...]
    """The rules whose findings differ, each once."""


@dataclass
class Walk:
    """A log as one law judges it: each region by itself, its reports in their order, all in memory."""

    law: Law
    _heads: defaultdict[str, dict[str, Head]] = field(default_factory=lambda: defaultdict(dict))
    _peers: defaultdict[str, dict[str, PeerHead]] = field(default_factory=lambda: defaultdict(dict))

    def take(self, message: Message) -> SubmissionJudgedV1 | None:
        """The verdict on the next report; None for a mark, and where the law is silent."""
        heads, peers = self._heads[message.key], self._peers[message.key]
        decisions = Decisions(self.law, Known(verdicts={}, settlements={}, heads=heads, peers=peers))
        try:
            decisions.events_of(
                Received(message, message.event_id, SUBMISSION_RECEIVED.name, 0, 0, message.occurred_at)
            )
        except Unprocessable:
            return None
        heads.update({head.id: head for head, _ in decisions.moved})
        peers.update({group.id: group for group, _ in decisions.moved_peers})
        return next(iter(decisions.judged), None)


@dataclass
class Impact:
    """The reports of a log under the law in force and under a proposed one."""

    present: Walk
    proposed: Walk
    periods: frozenset[str] = frozenset()
    """Those that are told of; empty for all. Reports of others are judged too: later ones are held against them."""
    reports: int = 0
    changes: list[Change] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Reports by their outcome under the one and under the other."""
    findings: Counter[tuple[str, bool, bool]] = field(default_factory=Counter)
    """Reports by rule, and whether the rule speaks under the one and under the other."""
    rulesets: set[tuple[str, str, str]] = field(default_factory=set)
    """Whose, id and digest of each that was used."""
    _seen: set[str] = field(default_factory=set)

    def take(self, message: Message) -> None:
        if not isinstance(message, SubmissionReceivedV1):
            self.present.take(message)
            self.proposed.take(message)
        elif message.submission_id not in self._seen:
            self._seen.add(message.submission_id)
            verdicts = self.present.take(message), self.proposed.take(message)
            if not self.periods or message.submission.period in self.periods:
                self._compare(message, *verdicts)

    def _compare(
        self, report: SubmissionReceivedV1, present: SubmissionJudgedV1 | None, proposed: SubmissionJudgedV1 | None
    ) -> None:
        before, after = _outcome(present), _outcome(proposed)
        self.reports += 1
        self.outcomes[before, after] += 1
        codes, codes_then = _codes(present), _codes(proposed)
        for code in codes | codes_then:
            self.findings[code, code in codes, code in codes_then] += 1
        for whose, verdict in (("present", present), ("proposed", proposed)):
            if verdict:
                self.rulesets.add((whose, verdict.ruleset_id, verdict.ruleset_digest))
        if before != after:
            self.changes.append(
                Change(
                    region_code=report.submission.region_code,
                    period=report.submission.period,
                    revision=next((verdict.revision for verdict in (present, proposed) if verdict), 0),
                    submission_id=report.submission_id,
                    before=before,
                    after=after,
                    by=tuple(_differing(present, proposed)),
                )
            )

    def newly(self, outcome: str) -> list[Change]:
        """By region, period and revision."""
        found = (change for change in self.changes if change.after == outcome)
        return sorted(found, key=lambda change: (change.region_code, change.period, change.revision))

    def rules(self) -> Mapping[str, tuple[int, int, int, int]]:
        """By code: reports with a finding under the law in force, under the proposed one, newly, no longer."""
        codes = sorted({code for code, _, _ in self.findings})
        counted = {code: [self.findings[code, *speaks] for speaks in _SPEAKS] for code in codes}
        return {code: (both + gone, both + new, new, gone) for code, (both, new, gone) in counted.items()}

    def as_json(self) -> dict[str, Any]:
        return {
            "rulesets": [{"law": whose, "id": id_, "digest": digest} for whose, id_, digest in sorted(self.rulesets)],
            "reports": self.reports,
            "outcomes": [
                {"present": before, "proposed": after, "reports": count}
                for (before, after), count in sorted(self.outcomes.items())
            ],
            "rules": [
                {"code": code, "present": now, "proposed": then, "newly": new, "no_longer": gone}
                for code, (now, then, new, gone) in self.rules().items()
            ],
            "changes": [
                {
                    "region_code": change.region_code,
                    "period": change.period,
                    "revision": change.revision,
                    "submission_id": change.submission_id,
                    "present": change.before,
                    "proposed": change.after,
                    "rules": list(change.by),
                }
                for outcome in OUTCOMES
                for change in self.newly(outcome)
            ],
        }


OUTCOMES: Final = (
    VerdictOutcome.RETURNED.value,
    VerdictOutcome.ACCEPTED_WITH_WARNINGS.value,
    VerdictOutcome.ACCEPTED.value,
    UNJUDGED,
)
"""Hardest first."""
_SPEAKS: Final = ((True, True), (False, True), (True, False))


def _outcome(verdict: SubmissionJudgedV1 | None) -> str:
    return verdict.outcome.value if verdict else UNJUDGED


def _codes(verdict: SubmissionJudgedV1 | None) -> set[str]:
    return {finding.code for finding in verdict.findings} if verdict else set()


def _differing(present: SubmissionJudgedV1 | None, proposed: SubmissionJudgedV1 | None) -> Iterable[str]:
    """Rules that speak at another place, or more or less severely, in the order in which findings are told."""
    before, after = (verdict.findings if verdict else () for verdict in (present, proposed))
    apart = set(map(_weight, before)) ^ set(map(_weight, after))
    return dict.fromkeys(finding.code for finding in (*after, *before) if _weight(finding) in apart)


def _weight(finding: Finding) -> tuple[str, str, str, bool]:
    return finding.code, finding.severity, finding.pointer, finding.justification is None
