"""The door for a region that asks why it was not nominated: answered here, and told its offices as a notice."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from chassis.access import KeyRow
from chassis.http import require_region, requires
from chassis.openapi import refusal
from chassis.problems import Problem
from contracts.award import AwardReasonsAskedV1
from contracts.message import RegionCode
from services.notify.register import AwardQuestions

SCOPE: Final = "notices:read"

Asker = Annotated[KeyRow, requires(SCOPE)]


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    edition_year: Annotated[int, Field(ge=2022, le=2100)]
    region: Annotated[RegionCode | None, Field(description="Null for the key's own.")] = None


class Answer(BaseModel):
    answers: list[AwardReasonsAskedV1]


def router(questions: AwardQuestions) -> APIRouter:
    routes = APIRouter(
        prefix="/v1/award-reasons",
        tags=["notices"],
        responses=refusal("not-found", 404, "Edition 2024 has no nomination yet that leaves region 64.71 out."),
    )

    @routes.post("", summary="Ask why a region was not nominated; its offices are told the answer, once")
    async def ask(asker: Asker, question: Question) -> Answer:
        region = question.region or asker.home
        if region is None:
            raise Problem(422, "unprocessable-request", "This key belongs to no single region; name one in `region`.")
        require_region(asker, region)
        found = await questions.ask(question.edition_year, region, asked_by=asker.client_id)
        if not found:
            text = f"Edition {question.edition_year} has no nomination yet that leaves region {region} out."
            raise Problem(404, "not-found", text)
        return Answer(answers=found)

    return routes
