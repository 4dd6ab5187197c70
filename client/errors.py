"""Two families decide what a caller does next: a refusal needs another request, an absence the same one later."""

from typing import Final

import httpx
from pydantic import BaseModel, ValidationError

_TEXT_CHARS_MAX: Final = 300


class Fault(BaseModel):
    """One fault of a request, and where it is."""

    code: str = ""
    pointer: str = ""
    detail: str = ""


class _Problem(BaseModel):
    type: str = ""
    detail: str = ""
    errors: list[Fault] = []


class SpmError(Exception):
    """What was asked for did not come about."""


class Refused(SpmError):  # noqa: N818 - the word of the doors
    """A door said no; the same request is refused again.

    ``slug`` names the problem (docs/operations.md has a heading for each), ``errors`` every fault with its pointer.
    """

    def __init__(
        self, status: int, slug: str, detail: str, errors: tuple[Fault, ...] = (), *, written: bytes = b""
    ) -> None:
        super().__init__(f"{status} {slug}: {detail}")
        self.written = written
        """The problem document as the door wrote it."""
        self.status = status
        self.slug = slug
        self.detail = detail
        self.errors = errors

    @classmethod
    def of(cls, response: httpx.Response) -> "Refused":
        return cls.told(response.status_code, response.content)

    @classmethod
    def told(cls, status: int, problem: bytes) -> "Refused":
        """The refusal that a problem document tells of; whatever else was answered is told as text."""
        try:
            told = _Problem.model_validate_json(problem)
        except ValidationError:
            return cls(status, "", problem[:_TEXT_CHARS_MAX].decode("utf-8", "replace"), written=problem)
        slug = told.type.rpartition(":")[2].rpartition("#")[2]
        return cls(status, slug, told.detail, tuple(told.errors), written=problem)


class Unavailable(SpmError):  # noqa: N818 - the word of the doors
    """Nobody answered, or asked to come back later than we wait; the same request may be sent again."""

    def __init__(self, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        """When the door wants to be asked again; None where it did not say."""
