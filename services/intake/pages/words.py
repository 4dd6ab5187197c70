"""How intake's pages name the states of a report, and tell its story."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from contracts.language import Language
from contracts.message import Bilingual
from contracts.notice import NoticeState
from contracts.verdict import VerdictOutcome
from services.intake.domain.status import Stage, Status, Step, Story, Summary

_BEING_JUDGED: Final = ("", Bilingual(id="Sedang diperiksa", en="Being judged"))
_DISCARDED: Final = ("error", Bilingual(id="Tidak dapat diperiksa", en="Could not be judged"))
_OUTCOMES: Final = {
    VerdictOutcome.ACCEPTED: ("good", Bilingual(id="Diterima", en="Accepted")),
    VerdictOutcome.ACCEPTED_WITH_WARNINGS: (
        "warning",
        Bilingual(id="Diterima, ada peringatan", en="Accepted with warnings"),
    ),
    VerdictOutcome.RETURNED: ("error", Bilingual(id="Dikembalikan", en="Returned")),
}
_STAGES: Final = {
    Stage.RECEIVED: Bilingual(id="Masuk", en="Received"),
    Stage.DISCARDED: Bilingual(id="Tidak dapat diperiksa", en="Could not be judged"),
    Stage.JUDGED: Bilingual(id="Diperiksa", en="Judged"),
    Stage.SCORED: Bilingual(id="Dinilai", en="Scored"),
    Stage.NOTICED: Bilingual(id="Diberitahukan", en="Notice sent"),
    Stage.ACKNOWLEDGED: Bilingual(id="Sudah diketahui", en="Acknowledged"),
}
_CHANNELS: Final = {
    "email": Bilingual(id="surel", en="e-mail"),
    "inbox": Bilingual(id="kotak masuk", en="inbox"),
    "webhook": Bilingual(id="webhook", en="webhook"),
}
_ENDS: Final = {
    NoticeState.DELIVERED: Bilingual(id="sampai", en="delivered"),
    NoticeState.PERMANENT_FAILURE: Bilingual(id="ditolak", en="refused"),
    NoticeState.GIVEN_UP: Bilingual(id="tidak dapat dikirim", en="could not be sent"),
}
SEVERITIES: Final = {
    "error": Bilingual(id="Kesalahan", en="Error"),
    "warning": Bilingual(id="Peringatan", en="Warning"),
}


@dataclass(frozen=True, slots=True)
class State:
    colour: str
    """Names a class of ``page.css``; empty while nothing is decided."""
    words: str


def state(summary: Summary, lang: Language) -> State:
    undecided = _DISCARDED if summary.status is Status.DISCARDED else _BEING_JUDGED
    colour, words = undecided if summary.outcome is None else _OUTCOMES[summary.outcome]
    scored = lang.say(", sudah dinilai", ", scored") if summary.status is Status.SCORED else ""
    return State(colour, lang.of(words) + scored)


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a report's story."""

    stage: str
    at: datetime
    detail: str
    event_id: str


def timeline(story: Story, notices: Iterable[Mapping[str, Any]], lang: Language) -> list[Line]:
    ended = {notice["event_id"]: notice for notice in notices}
    details = {
        Stage.RECEIVED: lang.say("tersimpan", "kept"),
        Stage.JUDGED: f"{state(story, lang).words}; {len(story.findings)} {lang.say('temuan', 'findings')}",
        Stage.SCORED: _score(story, lang),
    }
    return [
        Line(
            lang.of(_STAGES[step.stage]),
            step.at,
            details.get(step.stage) or _end(ended.get(step.event_id), step, lang),
            step.event_id,
        )
        for step in story.timeline
    ]


def _score(story: Story, lang: Language) -> str:
    if story.scorecard is None:
        return ""
    index = Decimal(story.scorecard.index_pct).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return lang.say("indeks ", "index ") + lang.figure(f"{index:f}")


def _end(notice: Mapping[str, Any] | None, step: Step, lang: Language) -> str:
    if notice is None:
        return step.detail
    if "office" in notice:
        return lang.say("oleh ", "by ") + str(notice["office"])
    channel = _CHANNELS.get(notice["channel"])
    return f"{lang.of(channel) if channel else notice['channel']}: {lang.of(_ENDS[NoticeState(notice['state'])])}"
