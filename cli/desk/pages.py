"""Records that services put aside: a list, and one with all that is known of it and what can be done about it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path as Folder
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.access import EVERY_REGION, KeyRow
from chassis.clock import Clock
from chassis.dead_letters import Place
from chassis.http import BODY_LIMIT, require_region, requires_on_page
from chassis.mending import Case, Choice, Settled, cases, discard, replay
from chassis.operators import Order
from chassis.pages import Frame, View, from_own_site
from chassis.settings import Settings
from cli.desk.words import DISCARD, REASON_CHARS_MAX, REPLAY, STATES, Answer, answer, no_reason
from cli.letters import headers, state, text, value
from cli.saying import harmless
from contracts.operation import OFFSET_MAX
from contracts.topics import SUBMISSION_RECEIVED

FOLDER: Final = Folder(__file__).parent / "templates"
SHOWN_MAX: Final = 500
VALUE_CHARS_MAX: Final = 100_000
FORM_BYTES_MAX: Final = 16 * 1024
HOURS: Final = ("1", "24", "168")
_UNITS: Final = ((24 * 60, "hari", "d"), (60, "jam", "h"), (1, "menit", "min"))
"""Minutes, and their names."""
_GONE: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "No service has put such a record aside."}}
_DONE: Final[dict[int | str, dict[str, Any]]] = _GONE | {
    303: {"description": "It was done: to the page that shows it."},
    409: {"description": "It was refused, and the page says why; nothing was done."},
    422: {"description": "No order, or no reason."},
}
_FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["order", "reason"],
                    "properties": {
                        "order": {"type": "string", "enum": [REPLAY, DISCARD]},
                        "reason": {"type": "string", "maxLength": REASON_CHARS_MAX},
                        "trial": {"type": "string", "description": "Not empty: only say what would be done."},
                    },
                }
            }
        },
    },
    BODY_LIMIT: FORM_BYTES_MAX,
}
Reader = Annotated[KeyRow, requires_on_page("operations:read")]
Operator = Annotated[KeyRow, requires_on_page("operations:write")]
Service = Annotated[str, Path(pattern=r"^[a-z]{1,32}$")]
Topic = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,200}$")]
Partition = Annotated[int, Path(ge=0, le=100_000)]
Offset = Annotated[int, Path(ge=0, le=OFFSET_MAX)]


def letter_pages(settings: Settings, clock: Clock) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["pages"])
    pages = _Pages(settings, clock, Frame(FOLDER, notice=settings.page_notice))
    one = "/dead-letters/{service}/{topic}/{partition}/{offset}"
    router.get("/", include_in_schema=False)(pages.home)
    router.get("/dead-letters", summary="Records that services put aside")(pages.listed)
    router.get(one, summary="One of them, whole", responses=_GONE)(pages.one)
    router.post(
        one, summary="Replay or discard it", dependencies=[from_own_site], responses=_DONE, openapi_extra=_FORM
    )(pages.ordered)
    return router


@dataclass(frozen=True, slots=True)
class _Pages:
    settings: Settings
    clock: Clock
    frame: Frame
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Each look reads every dead letter there is: one goes on at a time."""

    async def home(self, request: Request) -> Response:
        return RedirectResponse(View.of(request).link("/dead-letters"), 303)

    async def listed(self, request: Request, reader: Reader) -> Response:
        require_region(reader, EVERY_REGION)
        view, now = View.of(request), self.clock.now()
        found = list((await self._cases()).values())
        among = {
            "service": tuple(sorted({case.letter.service for case in found})),
            "topic": tuple(sorted({case.letter.place.topic for case in found})),
            "reason": tuple(sorted({case.letter.reason for case in found})),
            "older": HOURS,
        }
        chosen = {name: view.chosen(name, known) for name, known in among.items()}
        older = chosen["older"]
        choice = Choice(
            chosen["service"],
            chosen["topic"],
            chosen["reason"],
            older_than=None if older is None else timedelta(hours=int(older)),
            settled_too="settled" in view.query,
        )
        meant = choice.among(found, now)
        return self.frame.page(
            "letters",
            view,
            among=among,
            chosen=chosen,
            rows=[_row(case, now, view) for case in meant[:SHOWN_MAX]],
            more=max(0, len(meant) - SHOWN_MAX),
            settled_too=choice.settled_too,
        )

    async def one(
        self, request: Request, service: Service, topic: Topic, partition: Partition, offset: Offset, reader: Reader
    ) -> Response:
        require_region(reader, EVERY_REGION)
        return await self._shown(View.of(request), f"{service}/{Place(topic, partition, offset)}")

    async def ordered(
        self, request: Request, service: Service, topic: Topic, partition: Partition, offset: Offset, operator: Operator
    ) -> Response:
        """The form is read here and not by FastAPI, which would take it apart before it knows who sends it."""
        require_region(operator, EVERY_REGION)
        view, id_ = View.of(request), f"{service}/{Place(topic, partition, offset)}"
        async with request.form(max_files=0, max_fields=4) as form:
            asked, reason, trial = (str(form.get(name, "")).strip() for name in ("order", "reason", "trial"))
        if asked not in {REPLAY, DISCARD} or not 0 < len(reason) <= REASON_CHARS_MAX:
            return await self._shown(view, id_, answer=no_reason(view.language), status=422)
        case = (await self._cases(id_)).get(id_)
        if case is None:
            return self._missing(view, id_)
        settled = await self._carry_out(case, asked, Order(operator.client_id, reason), dry_run=bool(trial))
        if settled.refused is None and not trial:
            return RedirectResponse(view.here(), 303)
        told = answer(view.language, asked, settled.refused, reason)
        return await self._shown(view, id_, answer=told, status=200 if settled.refused is None else 409)

    async def _carry_out(self, case: Case, asked: str, order: Order, *, dry_run: bool) -> Settled:
        async with self.reading:
            if asked == REPLAY:
                return (await replay(self.settings, [case.letter], order, self.clock, dry_run=dry_run))[0]
            if not dry_run:
                await discard(self.settings, [case.letter], order, self.clock)
            return Settled(case.letter)

    async def _cases(self, *whole: str) -> dict[str, Case]:
        async with self.reading:
            return await cases(self.settings, whole=whole)

    async def _shown(self, view: View, id_: str, *, answer: Answer | None = None, status: int = 200) -> HTMLResponse:
        case = (await self._cases(id_)).get(id_)
        if case is None:
            return self._missing(view, id_)
        letter = case.letter
        shown, more = value(letter, VALUE_CHARS_MAX)
        report = letter.submission_id and letter.place.topic == SUBMISSION_RECEIVED.name
        return self.frame.page(
            "letter",
            view,
            status=status,
            case=case,
            letter=letter,
            row=_row(case, self.clock.now(), view),
            key=text(letter.key),
            faults=[harmless(fault) for fault in (letter.fault, *letter.causes)],
            headers=list(headers(letter)),
            value=shown,
            more=more,
            size=len(letter.value or b""),
            story=f"{self.settings.intake_url}/reports/{text(letter.key)}/{letter.submission_id}" if report else None,
            answer=answer,
            reason_chars_max=REASON_CHARS_MAX,
        )

    def _missing(self, view: View, id_: str) -> HTMLResponse:
        return self.frame.missing(
            view,
            f"Tidak ada layanan yang menyisihkan rekaman {id_}.",
            f"No service has put the record {id_} aside.",
        )


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    age: str
    put_aside: str
    where: str
    reason: str
    key: str
    colour: str
    state: str


def _row(case: Case, now: datetime, view: View) -> _Row:
    letter, (colour, words) = case.letter, STATES[state(case)]
    return _Row(
        id=letter.id,
        age=_age(now - letter.put_aside_at, view),
        put_aside=view.moment(letter.put_aside_at),
        where=f"{letter.place.topic}, {letter.place.partition}/{letter.place.offset}",
        reason=letter.reason,
        key=text(letter.key),
        colour=colour,
        state=view.language.of(words),
    )


def _age(age: timedelta, view: View) -> str:
    """In the largest unit of which one has passed."""
    minutes = int(age.total_seconds()) // 60
    for unit, indonesian, english in _UNITS:
        if minutes >= unit:
            return f"{minutes // unit} {view.language.say(indonesian, english)}"
    return view.language.say("baru saja", "just now")
