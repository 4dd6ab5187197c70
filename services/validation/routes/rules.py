"""The rules as JSON. No key is asked for: what is demanded of everybody is public."""

from datetime import date
from hashlib import sha256
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import TypeAdapter

from chassis.clock import JAKARTA, Clock
from chassis.events import JSON
from chassis.problems import Problem, ProblemBody
from regulation.law import Law
from services.validation.domain.explanation import ToldRule, ToldRuleSet, explain

REVALIDATED: Final = "public, no-cache"
"""Whoever keeps an answer asks whether it still holds; it changes with the law, seldom."""

_RULES: Final = TypeAdapter(list[ToldRule])
_RULESETS: Final = TypeAdapter(list[ToldRuleSet])

IfNoneMatch = Annotated[str | None, Header(description="The ETag of an answer that is at hand.")]


def router(law: Law, clock: Clock) -> APIRouter:
    routes = APIRouter(tags=["rules"], responses={304: {"description": "The answer at hand still holds."}})
    explanation = explain(law)

    @routes.get("/v1/rulesets", summary="The rule sets, earliest first", response_model=list[ToldRuleSet])
    async def rulesets(
        on: Annotated[date | None, Query(description="That of this day alone: of a quarter, its last.")] = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        found = [ruleset for ruleset in explanation.rulesets if on is None or ruleset.holds(on)]
        return _answer(_RULESETS.dump_json(found), if_none_match)

    @routes.get(
        "/v1/rulesets/current",
        summary="The rule set that holds today",
        response_model=ToldRuleSet,
        responses={404: {"model": ProblemBody}},
    )
    async def current(if_none_match: IfNoneMatch = None) -> Response:
        today = clock.now().astimezone(JAKARTA).date()
        ruleset = explanation.ruleset(today)
        if ruleset is None:
            raise Problem(404, "not-found", f"No rule set holds on {today}; see /v1/rulesets.")
        return _answer(ruleset.model_dump_json().encode(), if_none_match, ruleset.digest)

    @routes.get("/v1/rules", summary="Every rule that holds or held", response_model=list[ToldRule])
    async def rules(if_none_match: IfNoneMatch = None) -> Response:
        return _answer(_RULES.dump_json(list(explanation.rules.values())), if_none_match)

    @routes.get(
        "/v1/rules/{code}", summary="One rule", response_model=ToldRule, responses={404: {"model": ProblemBody}}
    )
    async def rule(code: Annotated[str, Path(max_length=64)], if_none_match: IfNoneMatch = None) -> Response:
        found = explanation.rules.get(code)
        if found is None:
            raise Problem(404, "not-found", f"No rule has the code {code!r}; see /v1/rules.")
        return _answer(found.model_dump_json().encode(), if_none_match)

    return routes


def _answer(body: bytes, if_none_match: str | None, digest: str | None = None) -> Response:
    """The body with its digest as ETag, or only that the one at hand still holds."""
    tag = f'"{digest or sha256(body).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": REVALIDATED}
    at_hand = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    if at_hand & {tag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=JSON, headers=headers)
