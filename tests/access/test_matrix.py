"""Every door by every scope by own, foreign and every region, and no key, a wrong, an expired and a revoked one.

The doors come from the OpenAPI documents of the four services, which run here on real engines with one region's report
in them. A new door is asked like all others; one that writes and tells of no example of its body must get one here.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chassis.access import KeyRow, issue_key
from chassis.clock import FixedClock
from contracts.scopes import SCOPES
from tests.access.doors import SERVICES, Door, doors_of
from tests.intake.reports import ANOTHER_KOTA, KOTA, NOW, PERIOD, body, submission
from tests.running import eventually, running, settings_for

pytestmark = pytest.mark.engines

PROVINSI = KOTA[:2]
FOREIGN = (ANOTHER_KOTA, PROVINSI, "31", "31.*")
OWN = (KOTA, f"{PROVINSI}.*")
NATION = {
    # Speaks of the calendar and of groups of regions.
    *("intake GET /v1/periods", "intake GET /v1/periods/{period}", "validation GET /v1/peer-figures/{period}"),
    # The awards are the nation's contest, with published figures (decision 0007).
    *("scoring GET /v1/awards/{edition_year}", "scoring GET /v1/awards/{edition_year}/ranking"),
    "scoring GET /v1/awards/{edition_year}/bundle",
    # Letters with synthetic facts.
    "notify GET /preview",
}
"""Read by every region's key alike, since they hold nothing of a region that is not public."""
UNKNOWN = {"key_id": "0" * 12, "recipient_id": "r-" + "0" * 16, "webhook_id": "w-" + "0" * 16}
QUERY = {
    "fiscal_year": "2023",
    "period": PERIOD,
    "category": "kabupaten",
    "client": "kota",
    "proof": "x",
}
STEP = {"author_role": "Sekretariat SPM", "reason": "Uji."}
OFFICE = {"region": KOTA, "role": "Tim Penerapan SPM", "address": "tim@kota-contoh.example"}
BODIES: dict[str, Any] = {
    "scoring POST /v1/awards/{edition_year}/scores": STEP | {"seat": "bappenas", "scores": []},
    "scoring POST /v1/awards/{edition_year}/scores/confirm": STEP | {"step": 1},
    "scoring POST /v1/awards/{edition_year}/correct": STEP | {"step": 1},
    **{
        f"scoring POST /v1/awards/{{edition_year}}/{step}": STEP for step in ("close", "nominate", "decide", "announce")
    },
    "scoring POST /v1/scorecards/{region}/{period}:what-if": {},
    "notify POST /v1/award-reasons": {"edition_year": 2024, "region": KOTA},
    "notify POST /v1/recipients": OFFICE,
    "notify POST /v1/webhooks": {"region": KOTA, "url": "https://kota-contoh.example/hook"},
    "notify POST /v1/webhooks/{webhook_id}:rotate": {},
    "notify PUT /v1/recipients/{recipient_id}/mutes": {"kinds": []},
    "notify PUT /v1/recipients/{recipient_id}/subscriptions": {"kinds": []},
}


@dataclass(frozen=True)
class Nation:
    clients: Mapping[str, httpx.AsyncClient]
    tokens: Mapping[tuple[str, str], str]
    """By scope and region."""
    broken: Mapping[str, str]
    ids: Mapping[str, str]
    """What stands in paths, by the name of the parameter: of the one region that has reported."""
    files: Mapping[str, tuple[str, bytes]]
    """Bodies that are no JSON, with their types, by door."""
    locked: Sequence[Door]

    async def knock(self, door: Door, token: str | None = None, **named: str) -> httpx.Response:
        """Ask at the door as its document says, of the region that has reported."""
        given = {**self.ids, **named}
        path = door.path
        for name in door.parameters:
            path = path.replace(f"{{{name}}}", given.get(name, "x"))
        query = {
            name: given.get(name) or QUERY[name]
            for name, told in door.parameters.items()
            if told["in"] == "query" and (told.get("required") or name == "region")
        }
        kind, content = self.files.get(str(door)) or ("application/json", json.dumps(BODIES.get(str(door), door.body)))
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
        sent = None if door.reads else content
        return await self.clients[door.service].request(door.method, path, params=query, headers=headers, content=sent)


@pytest_asyncio.fixture(scope="module")
async def nation(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nation]:
    folder = tmp_path_factory.mktemp("nation")
    tokens, broken, rows = issued()
    (folder / "keys.json").write_text(json.dumps([row.model_dump(mode="json") for row in rows]))
    settings = settings_for(
        kafka,
        mongo,
        api_keys=folder / "keys.json",
        rate_limit=1_000_000,
        failed_keys_limit=1_000_000,
    )
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(
                running(name, import_module(f"services.{name}.app").build, settings, FixedClock(NOW))
            )
            for name in SERVICES
        }
        documents = {name: (await client.get("/openapi.json")).json() for name, client in clients.items()}
        locked = [door for name, told in documents.items() for door in doors_of(name, told) if door.scopes]
        ids = await reported(clients, tokens)
        form = await clients["intake"].get(
            f"/v1/templates/{KOTA}/{PERIOD}.xlsx",
            headers={"Authorization": f"Bearer {tokens['submissions:read', '*']}"},
        )
        files = {
            "intake POST /v1/workbooks": (form.headers["Content-Type"], form.content),
            "notify POST /v1/recipients:import": (
                "text/csv",
                f"region,role,sector,channel,address,mute\n{KOTA},Kepala Daerah,,email,a@b.example,\n".encode(),
            ),
            "notify POST /situation/{region}/award-reasons": (
                "application/x-www-form-urlencoded",
                b"edition_year=2024",
            ),
        }
        yield Nation(clients, tokens, broken, ids, files, locked)


def issued() -> tuple[dict[tuple[str, str], str], dict[str, str], list[KeyRow]]:
    """One key for each scope and region alone; and keys that hold every scope and yet nothing."""
    tokens: dict[tuple[str, str], str] = {}
    rows: list[KeyRow] = []
    for region in ("*", *OWN, *FOREIGN):
        for number, scope in enumerate(SCOPES):
            tokens[scope, region], row = issue_key(f"klien-{number}", [scope], region)
            rows.append(row)
    expired, row = issue_key("klien", SCOPES, "*")
    rows.append(row.model_copy(update={"expires_at": NOW - timedelta(seconds=1)}))
    revoked, row = issue_key("klien", SCOPES, "*")
    rows.append(row.model_copy(update={"revoked": True}))
    unknown, _ = issue_key("klien", SCOPES, "*")
    mistyped = unknown[:-8] + ("a" if unknown[-8] != "a" else "b") + unknown[-7:]
    broken = {"expired": expired, "revoked": revoked, "unknown": unknown, "mistyped": mistyped, "none of ours": "Zm9v"}
    return tokens, broken, rows


async def reported(clients: Mapping[str, httpx.AsyncClient], tokens: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """One region hands in a report; every service knows it when this returns."""

    def headers(scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens[scope, '*']}", "Content-Type": "application/json"}

    order = {"state": "open", "author_role": "Sekretariat SPM", "reason": "Sesuai jadwal."}
    opened = await clients["intake"].put(f"/v1/periods/{PERIOD}", json=order, headers=headers("periods:write"))
    assert opened.status_code == 201, opened.text
    sent = await clients["intake"].post(
        "/v1/submissions", content=body(submission()), headers=headers("submissions:write")
    )
    assert sent.status_code == 202, sent.text
    key = await clients["intake"].post(
        "/v1/keys",
        json={"client_id": "kota", "scopes": ["submissions:read"], "region": KOTA},
        headers=headers("keys:write"),
    )

    office = await clients["notify"].post("/v1/recipients", json=OFFICE, headers=headers("recipients:write"))

    async def scored() -> bool:
        card = await clients["scoring"].get(f"/v1/scorecards/{KOTA}/{PERIOD}", headers=headers("scorecards:read"))
        return card.status_code == 200

    async def noticed() -> bool:
        found = await clients["notify"].get("/v1/notices", headers=headers("notices:read"))
        return bool(found.json()["notices"])

    await eventually(scored)
    await eventually(noticed)
    notices = (await clients["notify"].get("/v1/notices", headers=headers("notices:read"))).json()["notices"]
    return UNKNOWN | {
        "region": KOTA,
        "period": PERIOD,
        "edition_year": "2024",
        "submission_id": sent.json()["submission_id"],
        "key_id": key.json()["key_id"],
        "recipient_id": office.json()["recipient_id"],
        "notice_id": notices[0]["notice_id"],
    }


def slug(answer: httpx.Response) -> str:
    told = answer.headers.get("Content-Type", "").startswith("application/problem+json")
    return str(answer.json()["type"]).rpartition(":")[2] if told else ""


async def test_without_a_good_key_every_door_stays_shut(nation: Nation) -> None:
    for door in nation.locked:
        for kind, token in {"no key": None, **nation.broken}.items():
            answer = await nation.knock(door, token)
            assert (answer.status_code, slug(answer)) == (401, "unauthenticated"), f"{door} with {kind}: {answer.text}"
            assert answer.headers["WWW-Authenticate"].split(" ")[0] in {"Bearer", "Basic"}, door


async def test_a_door_opens_to_its_own_scope_alone(nation: Nation) -> None:
    for door in nation.locked:
        for scope in SCOPES:
            if scope not in (door.scopes or ()):
                answer = await nation.knock(door, nation.tokens[scope, "*"])
                assert (answer.status_code, slug(answer)) == (403, "forbidden"), f"{door} with {scope}: {answer.text}"


async def test_what_a_foreign_region_asks_to_change_is_refused(nation: Nation) -> None:
    for door in nation.locked:
        for region in () if door.reads else FOREIGN:
            answer = await nation.knock(door, nation.tokens[the_scope_of(door), region])
            assert refused_for_its_region(door, answer), f"{door} by {region}: {answer.status_code} {answer.text[:300]}"


def refused_for_its_region(door: Door, answer: httpx.Response) -> bool:
    if answer.status_code == 404:
        # What an id names may be unknown by now; a page that shows a region nothing has no form for it either.
        return bool(set(door.parameters) & set(UNKNOWN)) or answer.headers["Content-Type"].startswith("text/html")
    if slug(answer) == "batch-refused":
        return {fault["code"] for fault in answer.json()["errors"]} == {"outside-region"}
    return (answer.status_code, slug(answer)) == (403, "outside-region")


async def test_what_a_foreign_region_asks_to_see_is_not_there(nation: Nation) -> None:
    for door in nation.locked:
        for region in FOREIGN if door.reads and str(door) not in NATION else ():
            answer = await nation.knock(door, nation.tokens[the_scope_of(door), region])
            told = f"{door} by {region}: {answer.status_code} {answer.text[:300]}"
            if door.names_a_region or set(door.parameters) & {"submission_id", "notice_id", *UNKNOWN}:
                assert answer.status_code == 404, told
            else:
                assert answer.status_code in {200, 303} or slug(answer) == "outside-region", told
            shown = answer.text if answer.is_success else answer.headers.get("Location", "")
            assert not any(secret in shown for secret in secrets_of(nation)), told


async def test_what_is_foreign_and_what_does_not_exist_are_told_alike(nation: Nation) -> None:
    for door in nation.locked:
        ids = set(door.parameters) & {"submission_id", "notice_id", "key_id", "recipient_id"}
        if door.reads and ids and not door.names_a_region:
            token = nation.tokens[the_scope_of(door), ANOTHER_KOTA]
            foreign = await nation.knock(door, token)
            absent = await nation.knock(door, token, **{name: UNKNOWN.get(name, "unheard-of") for name in ids})
            assert foreign.status_code == absent.status_code == 404, f"{door}: {foreign.text} {absent.text}"
            assert without_names(foreign) == without_names(absent), door


async def test_the_regions_own_key_and_its_provinces_are_let_in(nation: Nation) -> None:
    for door in nation.locked:
        for region in (*OWN, "*") if door.reads else ():
            answer = await nation.knock(door, nation.tokens[the_scope_of(door), region])
            told = f"{door} by {region}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code < 500, told
            if door.names_a_region or "submission_id" in door.parameters or region == "*":
                assert answer.status_code not in {401, 403}, told


def the_scope_of(door: Door) -> str:
    assert door.scopes
    return door.scopes[0]


def secrets_of(nation: Nation) -> tuple[str, ...]:
    return KOTA, nation.ids["submission_id"], nation.ids["notice_id"], "Samarinda"


def without_names(answer: httpx.Response) -> str:
    """The answer without what the caller named itself, and without the request's own id."""
    told = answer.text
    if answer.headers["Content-Type"].startswith("application/problem+json"):
        told = told.replace(answer.json()["trace_id"], "")
    for part in filter(None, answer.request.url.path.split("/")):
        told = told.replace(part, "…")
    return told
