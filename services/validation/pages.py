"""The rules for a browser: what each demands, why, an example, how to mend. Public, and without any script."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path as Folder
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chassis.clock import JAKARTA, Clock
from contracts.language import Language
from regulation.law import Law
from services.validation.domain.explanation import KINDS, SEVERITIES, explain
from services.validation.domain.judge import FURTHER_FINDINGS

FOLDER: Final = Folder(__file__).parent / "templates"
CACHE: Final = {"Cache-Control": "public, max-age=60"}

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
            return RedirectResponse(_address(lang, "/rules"), status_code=302)
        found = explanation.rules.get(code)
        if found is None:
            return render("missing", lang, "/rules", status=404)
        return render("rule", lang, found.page, rule=found)

    return router


def _renderer() -> Callable[..., HTMLResponse]:
    """Templates that cannot reach out, name nothing that is missing, and escape what goes into HTML."""
    templates = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    words: Mapping[str, Any] = {"kinds": KINDS, "severities": SEVERITIES}

    def render(name: str, lang: Language, path: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        template = templates.get_template(f"{name}.html")
        text = template.render(
            lang=lang,
            path=path,
            say=lang.say,
            of=lang.of,
            entry=partial(entry, lang),
            address=partial(_address, lang),
            in_the_other_language=_address(lang.other, path),
            **words,
            **context,
        )
        return HTMLResponse(text, status, headers=CACHE | {"Content-Language": lang.value})

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


def _address(lang: Language, path: str) -> str:
    return path if lang is Language.INDONESIAN else f"{path}?lang={lang}"
