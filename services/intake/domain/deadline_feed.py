"""A region's deadlines as a calendar (RFC 5545, RFC 7986) that calendar programs subscribe to."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from contracts.language import Language
from contracts.message import Bilingual
from services.intake.domain.obligation_words import period_in_words
from services.intake.domain.obligations import Obligation

MEDIA_TYPE: Final = "text/calendar"
ALARM_DAYS: Final = (14, 7, 1)
"""Reminders at H-14, H-7 and H-1, our choice."""
REFRESHED_EVERY: Final = timedelta(hours=1)


def feed_of(
    region_code: str, region_name: str, obligations: Iterable[Obligation], *, zone: ZoneInfo, url: str
) -> bytes:
    """The same bytes for the same obligations; no text of it changes with the day on which it is read.

    ``url`` is where people reach this service: an event leads to the page of the region's reports.
    """
    calendar = Calendar()
    name = f"SPM {region_name} ({region_code})"
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//SPM Awards//Batas waktu laporan//ID")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESHED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for obligation in obligations:
        calendar.add_component(_event(obligation, region_name, zone, url))
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def _event(obligation: Obligation, region_name: str, zone: ZoneInfo, url: str) -> Event:
    event = Event()
    event.add("uid", f"due-{obligation.period}-{obligation.region_code}@spm-awards")
    event.add("sequence", obligation.period_revision)
    event.add("dtstamp", obligation.set_at)
    event.add("dtstart", obligation.due_at.astimezone(zone))
    summary = Bilingual(
        id=f"Batas waktu laporan SPM {period_in_words(obligation.period).id}, {region_name}",
        en=f"SPM report of {period_in_words(obligation.period).en} due, {region_name}",
    )
    event.add("summary", summary.id, parameters={"LANGUAGE": Language.INDONESIAN.value})
    event.add("description", _description(obligation, summary))
    event.add("url", f"{url}/reports/{obligation.region_code}")
    event.add("categories", ["SPM"])
    event.add("transp", "TRANSPARENT")
    if not obligation.state.fulfilled:
        for days in ALARM_DAYS:
            event.add_component(_alarm(days, summary))
    return event


def _description(obligation: Obligation, summary: Bilingual) -> str:
    state = obligation.state_in_words
    return "\n".join(
        (
            f"{state.id}. {obligation.next_step.text.id}",
            "",
            summary.en,
            f"{state.en}. {obligation.next_step.text.en}",
        )
    )


def _alarm(days: int, summary: Bilingual) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -timedelta(days=days))
    alarm.add("description", f"H-{days}: {summary.id}")
    return alarm
