"""The doors of intake as methods. Whatever is sent again is sent with the same key, so nothing counts twice."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter

from client.addresses import is_loopback, require_private
from client.answers import Obligation, Receipt, Story, Summary
from client.credentials import ApiKey
from client.errors import Refused, SpmError, Unavailable
from client.retrying import Retry
from contracts.period import PeriodChangedV1
from contracts.submission import Submission

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
ANSWER_S: Final = 60.0
"""The longest wait for one answer; a door gives up well before."""
STREAM_LINES_MAX: Final = 200
STREAM_BYTES_MAX: Final = 4 * 1024 * 1024
"""One request's part of a stream: its results fit into the buffers between us and the door, which the door needs in
order to go on reading."""
_LOOK_AGAIN_S: Final = 0.5

M = TypeVar("M", bound=BaseModel)
_SUMMARIES: Final = TypeAdapter(list[Summary])
_OBLIGATIONS: Final = TypeAdapter(list[Obligation])
_PERIODS: Final = TypeAdapter(list[PeriodChangedV1])


@dataclass(frozen=True, slots=True)
class Taken:
    """A report that the log has."""

    receipt: Receipt
    replayed: bool
    """Whether it was handed in before; the receipt is that time's."""
    written: bytes
    """The receipt as the door wrote it, to be kept."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one report of many."""

    number: int
    """Its place, from 1."""
    outcome: Receipt | Refused


class _Line(BaseModel):
    """One line of a stream's answer; the last one of an answer that went well is a summary without a status."""

    line: int = 0
    status: int | None = None
    receipt: Receipt | None = None
    problem: object = None
    retry_after_s: float | None = None


class SpmClient:
    """A connection to intake: ``async with SpmClient(url, token) as spm: receipt = await spm.submit(report)``."""

    def __init__(
        self,
        url: str,
        credentials: str | httpx.Auth,
        *,
        retry: Retry | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        insecure: bool = False,
    ) -> None:
        """``credentials``: an API key, or what authenticates requests otherwise (``client.credentials.Tokens``).

        ``insecure`` takes an http:// address of another machine, for a network that is safe without TLS.

        Raises:
            ValueError: without it, such an address: the key could be read on the way.
        """
        if not insecure:
            require_private(url)
        self._retry = retry or Retry()
        self._http = httpx.AsyncClient(
            base_url=url,
            auth=ApiKey(credentials) if isinstance(credentials, str) else credentials,
            timeout=ANSWER_S,
            transport=transport,
            # A proxy for the way out must not be asked for an address of this machine.
            trust_env=not is_loopback(httpx.URL(url).host),
            headers={"User-Agent": "spm-client"},
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    # Handing in

    async def submit(self, report: Submission, *, key: str | None = None) -> Receipt:
        """Hand a report in; it is in the log when the receipt comes back.

        ``key`` names the report; without one its content does, so that the same report is never handed in twice.
        """
        body = report.model_dump_json(exclude_none=True).encode()
        taken = await self.hand_in("/v1/submissions", body, media_type=JSON, key=key or report.content_digest)
        return taken.receipt

    async def hand_in(
        self, path: str, body: bytes, *, media_type: str, key: str, headers: dict[str, str] | None = None
    ) -> Taken:
        """The same for a body as it is, at any door that gives receipts.

        Raises:
            Refused: the door said no.
            Unavailable: nobody answered; whether the log has the report is known when it is sent again.
        """
        given = {"Content-Type": media_type, "Idempotency-Key": f'"{key}"', "Accept": JSON} | (headers or {})
        response = await self._ask("POST", path, content=body, headers=given)
        replayed = response.headers.get("Idempotency-Replayed") == "true"
        return Taken(_read(Receipt, response), replayed, response.content)

    async def submit_many(self, reports: Iterable[Submission]) -> AsyncIterator[Handed]:
        """Hand in as a stream, in parts; each report is told of in order. A part that was cut goes on where it was.

        Raises:
            Unavailable: nobody answered; of the reports that were not told of, some may be in the log.
        """
        number = 1
        for part in _parts(report.model_dump_json(exclude_none=True).encode() for report in reports):
            left = part
            while left:
                response = await self._ask(
                    "POST", "/v1/submissions", content=b"\n".join(left) + b"\n", headers={"Content-Type": NDJSON}
                )
                told = list(_outcomes(response))
                for outcome in told:
                    yield Handed(number, outcome)
                    number += 1
                left = left[len(told) :]
                if left and not told:
                    raise Unavailable("the stream ended before its first result", _pause_s(response))
                if left:
                    await asyncio.sleep(_pause_s(response) or 0)

    # Reading

    async def story(self, submission_id: str) -> Story:
        return _read(Story, await self._ask("GET", f"/v1/submissions/{submission_id}"))

    async def verdict(self, submission_id: str, *, within_s: float = 60.0) -> Story:
        """The story once the report is judged.

        Raises:
            Unavailable: it is not judged in time.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while (story := await self.story(submission_id)).outcome is None:
            if loop.time() > end:
                raise Unavailable(f"{submission_id} is not judged within {within_s:.0f} s; ask again later")
            await asyncio.sleep(_LOOK_AGAIN_S)
        return story

    async def report(self, submission_id: str) -> Submission:
        """The report itself, as it was handed in."""
        return _read(Submission, await self._ask("GET", f"/v1/submissions/{submission_id}/report"))

    async def reports(self, region: str | None = None, period: str | None = None) -> AsyncIterator[Summary]:
        """Newest first, every page. The key's own region where none is named."""
        query = {name: text for name, text in (("region", region), ("period", period)) if text is not None}
        path = str(httpx.URL("/v1/submissions", params=query))
        while path:
            response = await self._ask("GET", path)
            for summary in _SUMMARIES.validate_json(response.content):
                yield summary
            path = response.links.get("next", {}).get("url", "")

    async def receipt(self, submission_id: str) -> bytes:
        """The receipt as it was handed out, byte for byte."""
        return (await self._ask("GET", f"/v1/submissions/{submission_id}/receipt")).content

    async def obligations(self, region: str | None = None) -> Sequence[Obligation]:
        """What is due, until when and what to do next. The key's own region where none is named."""
        path = httpx.URL("/v1/obligations", params={} if region is None else {"region": region})
        return _OBLIGATIONS.validate_json((await self._ask("GET", str(path))).content)

    async def periods(self) -> Sequence[PeriodChangedV1]:
        """The calendar, latest first."""
        return _PERIODS.validate_json((await self._ask("GET", "/v1/periods")).content)

    async def _ask(
        self, method: str, path: str, *, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return await self._retry.answer(lambda: self._http.request(method, path, content=content, headers=headers))


def _read(model: type[M], response: httpx.Response) -> M:
    try:
        return model.model_validate_json(response.content)
    except ValueError as error:
        raise SpmError(f"{response.url} answered no {model.__name__}: is it the address of intake? {error}") from error


def _parts(bodies: Iterable[bytes]) -> Iterator[list[bytes]]:
    part: list[bytes] = []
    size = 0
    for body in bodies:
        if part and (len(part) == STREAM_LINES_MAX or size + len(body) > STREAM_BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(body)
        size += len(body)
    if part:
        yield part


def _lines(response: httpx.Response) -> Iterator[_Line]:
    return (_Line.model_validate_json(line) for line in response.content.splitlines() if line)


def _outcomes(response: httpx.Response) -> Iterator[Receipt | Refused]:
    """One a line, up to where the world broke."""
    for line in _lines(response):
        if line.receipt is not None:
            yield line.receipt
        elif line.status is not None and line.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return
        elif line.problem is not None and line.status is not None:
            yield Refused.told(line.status, TypeAdapter(object).dump_json(line.problem))


def _pause_s(response: httpx.Response) -> float | None:
    return next((line.retry_after_s for line in _lines(response) if line.retry_after_s is not None), None)
