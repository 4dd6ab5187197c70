"""The door for a region that asks why it was not nominated: answered here, and told its offices as a notice."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chassis.access import KeyRow
from chassis.clock import Clock
from chassis.events import Event
from chassis.http import require_region, requires
from chassis.problems import Problem
from contracts.award import AwardReasonsAskedV1
from contracts.message import RegionCode
from services.notify.domain.reasons import answers
from services.notify.register import Publishes
from services.notify.store.certificates import CertificateStore
from services.notify.store.notices import NoticeStore

SCOPE: Final = "notices:read"

Asker = Annotated[KeyRow, requires(SCOPE)]


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    edition_year: Annotated[int, Field(ge=2022, le=2100)]
    region: Annotated[RegionCode | None, Field(description="Null for the key's own.")] = None


class Answer(BaseModel):
    answers: list[AwardReasonsAskedV1]


def router(certificates: CertificateStore, notices: NoticeStore, publisher: Publishes, clock: Clock) -> APIRouter:
    routes = APIRouter(prefix="/v1/award-reasons", tags=["notices"])

    @routes.post("", summary="Ask why a region was not nominated; its offices are told the answer, once")
    async def ask(asker: Asker, question: Question) -> Answer:
        region = question.region or asker.home
        if region is None:
            raise Problem(422, "unprocessable-request", "This key belongs to no single region; name one in `region`.")
        require_region(asker, region)
        standing = await certificates.nominations(question.edition_year)
        found = [] if standing is None else answers(standing, region, asked_by=asker.client_id, at=clock.now())
        if not found:
            text = f"Edition {question.edition_year} has no nomination yet that leaves region {region} out."
            raise Problem(404, "not-found", text)
        told = {kept.notice.matter.fact_id for kept in await notices.of_facts(region, [one.event_id for one in found])}
        await publisher.publish(Event.of(one) for one in found if one.event_id not in told)
        return Answer(answers=found)

    return routes
