"""Errors of the HTTP doors as problem+json (RFC 9457)."""

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException

from chassis.audit import REGION, trace_of
from chassis.errors import BROKEN_WORLD
from chassis.logs import logger

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
_SLUGS: Final = {400: "bad-request", 404: "not-found", 405: "method-not-allowed"}
_REGISTRY: Final = "https://iana.org/assignments/http-problem-types"
_REGISTERED: Final = frozenset({"quota-exceeded", "abnormal-usage-detected"})
"""As draft-ietf-httpapi-ratelimit-headers registers them; all others are ours."""
_FOUND_CHARS: Final = 120
_NAME_CHARS: Final = 120
FAULTS_MAX: Final = 1_000
"""Of an answer, which would otherwise be many times as long as its request."""
_NOTED: Final = "spm.problem"
_MISTAKE: Final = "mistake"

log = logger(__name__)


class Fault(BaseModel):
    """One fault of a request, and where it is."""

    code: str = Field(examples=["int_type"])
    pointer: str = Field(examples=["/services/3/recipients/served"])
    detail: str = Field(examples=["Input should be a valid integer; found '12'."])
    sheet: str | None = Field(None, examples=["Capaian"])
    """Only where a workbook was sent, as is the next."""
    cell: str | None = Field(None, examples=["E12"])


class ProblemBody(BaseModel):
    model_config = ConfigDict(validate_by_name=True)

    type: str = Field(examples=["urn:spm:problem:unprocessable-submission"])
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str | None = Field(None, examples=["4bf92f3577b34da6a3ce929d0e0e4736"])
    errors: list[Fault] = []
    violated_policies: list[str] | None = Field(None, alias="violated-policies", examples=[["burst"]])
    """Only where too many requests came."""
    current: dict[str, str] | None = Field(None, examples=[{"submission_id": "53c6b559-28bf-5d76-ab01-a7cd392d6f94"}])
    """Only where the request was made from something that is current no more: what is."""
    counts: dict[str, int] | None = Field(None, examples=[{"entries": 3, "accepted": 0, "replayed": 0, "refused": 2}])
    """Only for requests of many reports: what became of them."""


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """What a door answers instead of what was asked for. ``slug`` is a heading of docs/operations.md."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        region: str | None = None,
        violated_policies: Sequence[str] | None = None,
        current: Mapping[str, str] | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """``region``: the one that was asked for, for the audit."""
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.errors = errors
        self.headers = headers
        self.region = region
        self.violated_policies = violated_policies
        self.current = current
        self.counts = counts


class Elsewhere(Exception):  # noqa: N818 - an answer, not a fault
    """What was asked for is had at another address of ours, after a step that is taken there."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(Elsewhere, _elsewhere)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _http)
    for family in BROKEN_WORLD:
        app.add_exception_handler(family, _broken_world)
    app.add_exception_handler(Exception, _mistake)


def faults_of(error: ValidationError | RequestValidationError) -> list[Fault]:
    """Every fault with its JSON pointer and, for single values, what was found."""
    raw = error.errors(include_url=False) if isinstance(error, ValidationError) else error.errors()
    return [
        Fault(code=fault["type"], pointer=pointer(fault["loc"]), detail=_sentence(fault["msg"], fault.get("input")))
        for fault in raw
    ]


def pointer(location: Sequence[int | str]) -> str:
    """A JSON pointer (RFC 6901). A name that nobody asked for can be as long as the body: it is cut."""
    return "".join("/" + str(step)[:_NAME_CHARS].replace("~", "~0").replace("/", "~1") for step in location)


def type_of(slug: str) -> str:
    return f"{_REGISTRY}#{slug}" if slug in _REGISTERED else f"urn:spm:problem:{slug}"


def as_sent(body: ProblemBody) -> dict[str, Any]:
    return body.model_dump(by_alias=True, exclude_none=True)


def note_mistake(scope: MutableMapping[str, Any]) -> None:
    """What answers for a mistake of ours lies outside of what counts the answers."""
    scope[_NOTED] = _MISTAKE


def slug_of(scope: MutableMapping[str, Any]) -> str | None:
    """The problem that a request was answered with; None when it was answered well."""
    slug: str | None = scope.get(_NOTED)
    return slug


def _sentence(message: str, found: Any) -> str:
    if isinstance(found, str | int | float | bool) or found is None:
        return f"{message}; found {found!r:.{_FOUND_CHARS}}."
    return f"{message}."


def told(problem: Problem, path: str) -> ProblemBody:
    """The problem as the answer to a request for the path says it."""
    return ProblemBody(
        type=type_of(problem.slug),
        title=problem.slug.replace("-", " ").capitalize(),
        status=problem.status,
        detail=problem.detail,
        instance=path,
        errors=list(problem.errors)[:FAULTS_MAX],
        violated_policies=None if problem.violated_policies is None else list(problem.violated_policies),
        current=None if problem.current is None else dict(problem.current),
        counts=None if problem.counts is None else dict(problem.counts),
    )


def _answer(request: Request, problem: Problem) -> JSONResponse:
    request.scope[_NOTED] = problem.slug
    request.scope[REGION] = problem.region
    body = told(problem, request.url.path).model_copy(update={"trace_id": trace_of(request.scope)})
    headers = dict(problem.headers or {})
    return JSONResponse(as_sent(body), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - the handler is registered for this type alone
    return _answer(request, error)


async def _elsewhere(_: Request, error: Exception) -> RedirectResponse:
    assert isinstance(error, Elsewhere)  # noqa: S101 - the handler is registered for this type alone
    return RedirectResponse(error.address, 303)


async def _bad_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    faults = faults_of(error)
    return _answer(
        request, Problem(422, "unprocessable-request", f"{len(faults)} faults in the request.", errors=faults)
    )


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    slug = _SLUGS.get(error.status_code, "http-error")
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = _allowed(request, headers["Allow"])
    return _answer(request, Problem(error.status_code, slug, str(error.detail), headers=headers))


def _allowed(request: Request, of_one: str) -> str:
    """The methods of every route of the path; the framework names those of the first."""
    path = getattr(request.scope.get("route"), "path_format", "")
    described = request.app.openapi()["paths"].get(path, {})
    return ", ".join(sorted({*of_one.split(", "), *map(str.upper, described)}))


async def _broken_world(request: Request, error: Exception) -> JSONResponse:
    log.warning("request.unavailable", path=request.url.path, cause=type(error).__name__, detail=str(error))
    text = "A part that this answer needs is away; nothing was kept. Send the same request again later."
    return _answer(request, Problem(503, "unavailable", text, headers={"Retry-After": str(RETRY_AFTER_S)}))


async def _mistake(request: Request, error: Exception) -> JSONResponse:
    log.error("request.mistake", path=request.url.path, exc_info=error)
    return _answer(request, Problem(500, _MISTAKE, "We made a mistake; it is recorded. Nothing was kept."))
