"""The rules for a browser: what each demands, why, an example, how to mend. Public, and without any script."""

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path as Folder
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from chassis.clock import JAKARTA, Clock
from chassis.pages import PUBLIC, Frame, View
from contracts.language import Language
from regulation.law import Law
from services.validation.domain.explanation import KINDS, SEVERITIES, explain
from services.validation.domain.judge import FURTHER_FINDINGS

FOLDER: Final = Folder(__file__).parent / "templates"

Lang = Annotated[Language, Query()]


def rule_pages(law: Law, clock: Clock) -> APIRouter:
    router = APIRouter(default_response_class=HTMLResponse, tags=["rules"])
    explanation = explain(law)
    render = _renderer()

    @router.get("/rules", summary="Every rule, by kind")
    async def rules(lang: Lang = Language.INDONESIAN) -> HTMLResponse:
        ruleset = explanation.ruleset(clock.now().astimezone(JAKARTA).date())
        in_force = {clause.code: clause for clause in ruleset.rules} if ruleset else {}
        by_kind = {kind: [rule for rule in explanation.rules.values() if rule.kind == kind] for kind in KINDS}
        return render("rules", lang, "/rules", by_kind=by_kind, ruleset=ruleset, in_force=in_force)

    @router.get("/rules/{code}", summary="One rule: what, why, example, how to mend")
    async def rule(code: Annotated[str, Path(max_length=64)], lang: Lang = Language.INDONESIAN) -> Response:
        if code == FURTHER_FINDINGS:
            # Not a rule of its own: it counts findings of rules that are all in the list.
            return RedirectResponse(View("/rules", {}, lang).here(), status_code=302)
        found = explanation.rules.get(code)
        if found is None:
            return render("missing", lang, "/rules", status=404)
        return render("rule", lang, found.page, rule=found)

    return router


def _renderer() -> Callable[..., HTMLResponse]:
    frame = Frame(FOLDER, headers=PUBLIC)

    def render(name: str, lang: Language, path: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        words = {"kinds": KINDS, "severities": SEVERITIES, "entry": partial(entry, lang)}
        return frame.page(name, View(path, {}, lang), status=status, **words, **context)

    return render


def entry(lang: Language, value: Any) -> str:
    """A value of a report as a person would write it; what is nested, as JSON."""
    match value:
        case bool() | str():
            return str(value)
        case int() | Decimal():
            return lang.figure(f"{value:,}")
        case list() if all(isinstance(each, int | Decimal) for each in value):
            return "; ".join(entry(lang, each) for each in value) or "[]"
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)
