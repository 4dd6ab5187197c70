"""The system as its clients see it: HTTP doors of three services, each asked with the right key."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx

from cli.demo.plan import PlannedReport

ATTEMPTS_MAX: Final = 60
RETRY_S_MAX: Final = 5.0
ANSWER_S: Final = 60.0
_FIRST_RETRY_S: Final = 0.2
_DETAIL_CHARS: Final = 1_000

Headers = Mapping[str, str]
Answer = dict[str, Any]


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


class RefusedError(DemoError):
    """A door said no, with a problem document."""

    def __init__(self, what: str, response: httpx.Response) -> None:
        try:
            problem: Answer = response.json()
        except ValueError:
            problem = {"detail": response.text}
        self.slug = str(problem.get("type", "")).rpartition(":")[2]
        detail = str(problem.get("detail"))[:_DETAIL_CHARS]
        super().__init__(f"{what} was answered {response.status_code} {self.slug}: {detail}")


@dataclass(frozen=True, slots=True)
class Doors:
    intake: httpx.AsyncClient
    scoring: httpx.AsyncClient
    notify: httpx.AsyncClient
    importer: Headers
    secretariat: Headers

    async def send(self, report: PlannedReport) -> tuple[Answer, bool]:
        """The receipt, and whether it was given before.

        A lost answer is asked for again with the same key, so that nothing counts twice.
        """
        response = await _respond(
            self.intake,
            "POST",
            "/v1/submissions",
            content=report.submission().model_dump_json(exclude_none=True).encode(),
            headers={
                **self.importer,
                "Content-Type": "application/json",
                "Idempotency-Key": f'"{report.key}"',
                "Spm-Arrived-At": report.arrived_at.isoformat(),
            },
        )
        return response.json(), response.headers.get("Idempotency-Replayed") == "true"

    async def story(self, submission_id: str) -> Answer:
        return await self._read(self.intake, f"/v1/submissions/{submission_id}")

    async def period(self, period: str) -> Answer | None:
        """None when it was never opened."""
        try:
            return await self._read(self.intake, f"/v1/periods/{period}")
        except RefusedError as refusal:
            if refusal.slug == "not-found":
                return None
            raise

    async def order_period(self, period: str, state: str, reason: str) -> Answer:
        order = {"state": state, "author_role": "Sekretariat Bersama SPM (demo)", "reason": reason}
        return await _ask(self.intake, "PUT", f"/v1/periods/{period}", json=order, headers=self.secretariat)

    async def ledger(self, fiscal_year: int) -> Answer:
        return await self._read(self.intake, "/v1/ledger", fiscal_year=fiscal_year)

    async def award(self, edition_year: int) -> Answer:
        return await self._read(self.scoring, f"/v1/awards/{edition_year}")

    async def order_award(self, edition_year: int, step: str) -> Answer:
        """``close``, ``nominate``, ``decide`` or ``announce``."""
        order = {"author_role": "Ditjen Bina Pembangunan Daerah (demo)", "reason": "Synthetic figures."}
        path = f"/v1/awards/{edition_year}/{step}"
        return await _ask(self.scoring, "POST", path, json=order, headers=self.secretariat)

    async def bundle(self, edition_year: int) -> bytes:
        path = f"/v1/awards/{edition_year}/bundle"
        return (await _respond(self.scoring, "GET", path, headers=self.secretariat)).content

    async def attainment(self, period: str) -> Answer:
        return await self._read(self.scoring, "/v1/attainment", period=period)

    async def notices(self, fiscal_year: int) -> Answer:
        return await self._read(self.notify, "/v1/notices/summary", fiscal_year=fiscal_year)

    async def _read(self, client: httpx.AsyncClient, path: str, **query: str | int) -> Answer:
        return await _ask(client, "GET", path, params=query, headers=self.secretariat)


@asynccontextmanager
async def open_doors(addresses: Mapping[str, str], tokens: Mapping[str, str]) -> AsyncIterator[Doors]:
    """Doors to the services at these addresses, with the tokens of ``importer`` and ``secretariat``."""
    # A proxy for the way out must not be asked for an address of this machine.
    async with (
        httpx.AsyncClient(base_url=addresses["intake"], trust_env=False, timeout=ANSWER_S) as intake,
        httpx.AsyncClient(base_url=addresses["scoring"], trust_env=False, timeout=ANSWER_S) as scoring,
        httpx.AsyncClient(base_url=addresses["notify"], trust_env=False, timeout=ANSWER_S) as notify,
    ):
        keys = {client: {"Authorization": f"Bearer {tokens[client]}"} for client in ("importer", "secretariat")}
        yield Doors(intake, scoring, notify, importer=keys["importer"], secretariat=keys["secretariat"])


async def _ask(client: httpx.AsyncClient, method: str, path: str, **request: Any) -> Answer:
    answer: Answer = (await _respond(client, method, path, **request)).json()
    return answer


async def _respond(client: httpx.AsyncClient, method: str, path: str, **request: Any) -> httpx.Response:
    """The answer; asked for again, with growing delay, while the door says so or the world is away.

    Raises:
        RefusedError: the door said no.
        DemoError: no answer came in all attempts.
    """
    delay_s = _FIRST_RETRY_S
    trouble = ""
    for _ in range(ATTEMPTS_MAX):
        try:
            response = await client.request(method, path, **request)
        except httpx.TransportError as error:
            trouble = type(error).__name__
        else:
            if response.is_success:
                return response
            if "Retry-After" not in response.headers and response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                raise RefusedError(f"{method} {path}", response)
            trouble = str(response.status_code)
        await asyncio.sleep(delay_s)
        delay_s = min(delay_s * 2, RETRY_S_MAX)
    raise DemoError(
        f"{method} {client.base_url}{path} was not answered in {ATTEMPTS_MAX} attempts ({trouble})."
        " See how the parts stand: make status"
    )
