"""Take a step of an edition: close, nominate, score and confirm where a panel sits, decide, announce; or correct it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chassis.access import EVERY_REGION, KeyRow
from chassis.clock import Clock
from chassis.http import require_region, requires
from chassis.openapi import refusal
from chassis.problems import Fault, Problem
from contracts.award import CategoryId, PanelScore
from contracts.message import RegionCode, ShortWords, Words
from contracts.scorecard import Percent
from regulation.awards import AwardEdition
from services.scoring.domain.edition_view import ShownEdition, view_of
from services.scoring.domain.errors import AlreadyTaken, OutOfOrder
from services.scoring.domain.steps import Author, Progress
from services.scoring.routes.award_desk import AwardDesk
from services.scoring.routes.awards import WRITE

SCORE: Final = "awards:score"
_SCORES_MAX: Final = 1_000

_REFUSED: Final = refusal("edition-unknown", 404, "There is no edition of 2031; there are 2023, 2024.") | refusal(
    "figures-in-flight", 409, "3 reports are not scored yet; close again when they are."
)

Decider = Annotated[KeyRow, requires(WRITE)]
Scorer = Annotated[KeyRow, requires(SCORE)]
Act = Callable[[AwardEdition, Author], Awaitable[Progress]]


class Order(BaseModel):
    """Who acts, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    author_role: ShortWords
    reason: Words


class SeatScore(BaseModel):
    model_config = ConfigDict(extra="forbid")

    category: CategoryId
    region_code: RegionCode
    score_pct: Annotated[Percent, Field(examples=["92.5"])]


class ScoresOrder(Order):
    seat: ShortWords
    scores: Annotated[list[SeatScore], Field(max_length=_SCORES_MAX)]
    """One for every nominee of every category."""


class NumberOrder(Order):
    step: Annotated[int, Field(ge=1)]
    """The number of the step that is meant."""


def award_order_routes(desk: AwardDesk, clock: Clock) -> APIRouter:
    router = APIRouter(prefix="/v1/awards/{edition_year}", tags=["awards"], responses=_REFUSED)
    for step, act, summary in (
        ("close", desk.close, "End the year's contest, once nothing is in flight"),
        ("nominate", desk.nominate, "Name the best of every category, from a snapshot that is frozen"),
        ("decide", desk.decide, "Let the best of the nominees win"),
        ("announce", desk.announce, "Tell the winners"),
    ):
        router.post(f"/{step}", summary=summary)(_door(desk, clock, act))

    @router.post("/scores", summary="Enter what one seat of the panel gives each nominee")
    async def scores(edition_year: int, order: ScoresOrder, caller: Scorer) -> ShownEdition:
        edition, author = desk.edition(edition_year), _author(caller, order, clock)
        given = [PanelScore(**dict(score)) for score in order.scores]
        with _told():
            return _shown(desk, edition, await desk.enter_scores(edition, author, seat=order.seat, scores=given))

    @router.post("/scores/confirm", summary="Confirm entered scores, with another key than the one that entered them")
    async def confirm(edition_year: int, order: NumberOrder, caller: Scorer) -> ShownEdition:
        edition, author = desk.edition(edition_year), _author(caller, order, clock)
        with _told():
            return _shown(desk, edition, await desk.confirm_scores(edition, author, number=order.step))

    @router.post("/correct", summary="Undo the last step that stands; it stays on record")
    async def correct(edition_year: int, order: NumberOrder, caller: Decider) -> ShownEdition:
        edition, author = desk.edition(edition_year), _author(caller, order, clock)
        with _told():
            return _shown(desk, edition, await desk.correct(edition, author, number=order.step))

    return router


def _door(desk: AwardDesk, clock: Clock, act: Act) -> Callable[..., Awaitable[ShownEdition]]:
    async def step(edition_year: int, order: Order, caller: Decider) -> ShownEdition:
        edition = desk.edition(edition_year)
        with _told():
            return _shown(desk, edition, await act(edition, _author(caller, order, clock)))

    return step


def _author(caller: KeyRow, order: Order, clock: Clock) -> Author:
    """Raises:
    Problem: 403, the key acts for one region, and an award is the nation's.
    """
    require_region(caller, EVERY_REGION)
    return Author(caller.client_id, caller.key_id, order.author_role, order.reason, clock.now())


def _shown(desk: AwardDesk, edition: AwardEdition, progress: Progress) -> ShownEdition:
    return view_of(desk.law, edition, progress, insider=True)


@contextmanager
def _told() -> Iterator[None]:
    """An order that does not fit the order of work becomes a problem that says why."""
    try:
        yield
    except AlreadyTaken as taken:
        raise Problem(409, "award-step-taken", str(taken)) from taken
    except OutOfOrder as order:
        faults = [Fault(code="award-step-missing", pointer="", detail=fault) for fault in order.faults]
        raise Problem(409, "award-step-missing", str(order), errors=faults) from order
