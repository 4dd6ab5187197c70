"""Keys are issued at intake and hold in every service: on real Kafka and MongoDB."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chassis.clock import FixedClock
from chassis.groups import group_of, rewind
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.key import ClientKeyChangedV1, KeyState
from contracts.topics import CLIENT_KEY_CHANGED
from services.intake import app as intake
from services.intake.store.keys import Keys as KeyStore
from services.validation import app as validation
from tests.intake.reports import ANOTHER_KOTA, KOTA, NOW
from tests.running import Keys, eventually, read_topic, running, settings_for

pytestmark = pytest.mark.engines
PROVINSI = KOTA[:2]
ORDER = {"client_id": f"region-{KOTA}", "scopes": ["submissions:read"], "region": KOTA}


@dataclass(frozen=True)
class Installation:
    intake: httpx.AsyncClient
    validation: httpx.AsyncClient
    settings: Settings
    clock: FixedClock
    managers: dict[str, dict[str, str]]

    async def issue(self, manager: str = "*", **changes: Any) -> httpx.Response:
        return await self.intake.post("/v1/keys", json=ORDER | changes, headers=self.managers[manager])

    async def answers(self, token: str, service: httpx.AsyncClient | None = None) -> int:
        """What a door that needs submissions:read answers."""
        headers = {"Authorization": f"Bearer {token}"}
        if service is self.validation:
            return (await service.get("/v1/trends/findings", headers=headers)).status_code
        return (await self.intake.get("/v1/submissions", headers=headers)).status_code

    async def everywhere(self, token: str, status: int) -> None:
        for service in (self.intake, self.validation):

            async def holds(service: httpx.AsyncClient = service) -> bool:
                return await self.answers(token, service) == status

            await eventually(holds, within_s=5)


@pytest_asyncio.fixture(scope="module")
async def installation(kafka: str, mongo: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    keys = Keys(tmp_path_factory.mktemp("keys"))
    managers = {
        region: keys.issue(f"manager-{number}", ["keys:write", "submissions:read"], region)
        for number, region in enumerate(("*", KOTA, f"{PROVINSI}.*"))
    }
    managers["auditor"] = keys.issue("pengawas", ["audit:read"])
    managers["regional auditor"] = keys.issue("pengawas-daerah", ["audit:read"], KOTA)
    settings, clock = settings_for(kafka, mongo, keys), FixedClock(NOW)
    async with (
        running(intake.NAME, intake.build, settings, clock) as doors,
        running(validation.NAME, validation.build, settings, clock) as others,
    ):
        yield Installation(doors, others, settings, clock, managers)


async def test_a_key_is_shown_once_and_holds_in_every_service_until_it_is_revoked(installation: Installation) -> None:
    answer = await installation.issue(label="Aplikasi Kota Contoh")
    key = answer.json()
    assert answer.status_code == 201
    assert (key["state"], key["revision"], key["label"], key["last_used_at"]) == (
        "issued",
        1,
        "Aplikasi Kota Contoh",
        None,
    )
    await installation.everywhere(key["token"], 200)

    shown = await installation.intake.get(f"/v1/keys/{key['key_id']}", headers=installation.managers["*"])
    listed = await installation.intake.get("/v1/keys", params={"region": KOTA}, headers=installation.managers["*"])
    assert key["key_id"] in {each["key_id"] for each in listed.json()}
    for told in (shown.text, listed.text):
        assert key["token"] not in told
        assert "sha256" not in told

    for _ in range(2):
        gone = await installation.intake.post(f"/v1/keys/{key['key_id']}:revoke", headers=installation.managers["*"])
        assert (gone.status_code, gone.json()["state"], gone.json()["revision"]) == (200, "revoked", 2)
    await installation.everywhere(key["token"], 401)
    refused = await installation.intake.get("/v1/submissions", headers={"Authorization": f"Bearer {key['token']}"})
    assert "was revoked" in refused.json()["detail"]


async def test_the_log_and_the_database_keep_a_hash_and_no_token(installation: Installation) -> None:
    key = (await installation.issue()).json()
    changes = [
        ClientKeyChangedV1.model_validate_json(record.value)
        for record in await read_topic(installation.settings, CLIENT_KEY_CHANGED.name, 1, settle_s=0.3)
    ]
    (change,) = (each for each in changes if each.key_id == key["key_id"])
    assert change.state is KeyState.ISSUED
    assert key["token"].split("_")[2] not in change.model_dump_json()


async def test_a_rotated_key_lives_on_for_its_grace_and_no_longer(installation: Installation) -> None:
    old = (await installation.issue()).json()
    path = f"/v1/keys/{old['key_id']}:rotate"
    answer = await installation.intake.post(path, json={"grace_hours": 2}, headers=installation.managers["*"])
    new = answer.json()
    assert answer.status_code == 201
    assert {name: new[name] for name in ("client_id", "scopes", "region")} == ORDER
    await installation.everywhere(new["token"], 200)
    await installation.everywhere(old["token"], 200)
    try:
        installation.clock.instant = NOW + timedelta(hours=2)
        assert await installation.answers(old["token"]) == 401
        assert await installation.answers(new["token"]) == 200
        again = await installation.intake.post(path, json={}, headers=installation.managers["*"])
        assert (again.status_code, again.json()["type"]) == (409, "urn:spm:problem:key-over")
    finally:
        installation.clock.instant = NOW


async def test_no_key_lives_longer_than_keys_may_though_it_is_rotated(installation: Installation) -> None:
    latest = NOW + timedelta(days=400)
    key = (await installation.issue()).json()
    assert datetime.fromisoformat(key["expires_at"]) == latest
    path = f"/v1/keys/{key['key_id']}:rotate"
    beyond = {"expires_at": (latest + timedelta(days=1)).isoformat()}
    refused = await installation.intake.post(path, json=beyond, headers=installation.managers["*"])
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/expires_at")
    rotated = (await installation.intake.post(path, json={}, headers=installation.managers["*"])).json()
    assert datetime.fromisoformat(rotated["expires_at"]) == latest


@pytest.mark.parametrize(
    ("manager", "changes", "status", "slug"),
    [
        (KOTA, {"region": ANOTHER_KOTA}, 403, "outside-region"),
        (KOTA, {"region": "*"}, 403, "outside-region"),
        (KOTA, {"region": f"{PROVINSI}.*"}, 403, "outside-region"),
        (KOTA, {"client_id": "manager-1", "scopes": ["periods:write"]}, 403, "forbidden"),
        (KOTA, {"client_id": "manager-0"}, 403, "forbidden"),
        (KOTA, {"client_id": "manager-1"}, 201, None),
        (KOTA, {"client_id": "manager-1", "requests_per_minute": 6_000}, 201, None),
        (KOTA, {"client_id": "manager-1", "requests_per_minute": 6_001}, 403, "forbidden"),
        (f"{PROVINSI}.*", {"client_id": "manager-2"}, 201, None),
        (f"{PROVINSI}.*", {"client_id": "manager-2", "region": "31"}, 403, "outside-region"),
        ("*", {"scopes": ["awards:write"], "region": "*"}, 201, None),
        ("*", {"scopes": ["everything:write"]}, 422, "unprocessable-key"),
        ("*", {"scopes": []}, 422, "unprocessable-key"),
        ("*", {"region": "6471"}, 422, "unprocessable-key"),
        ("*", {"client_id": "Region 64"}, 422, "unprocessable-key"),
        ("*", {"expires_at": "2020-01-01T00:00:00Z"}, 422, "unprocessable-key"),
        ("*", {"expires_at": (NOW + timedelta(days=400)).isoformat()}, 201, None),
        ("*", {"expires_at": (NOW + timedelta(days=400, seconds=1)).isoformat()}, 422, "unprocessable-key"),
        ("*", {"requests_per_minute": 0}, 422, "unprocessable-key"),
        ("*", {"token": "spm_mine"}, 422, "unprocessable-key"),
    ],
)
async def test_nobody_hands_on_more_than_they_hold(
    installation: Installation, manager: str, changes: dict[str, Any], status: int, slug: str | None
) -> None:
    answer = await installation.issue(manager, **changes)
    assert answer.status_code == status, answer.text
    if slug:
        assert answer.json()["type"] == f"urn:spm:problem:{slug}"


async def test_a_manager_of_a_region_sees_and_changes_the_keys_of_that_region_alone(installation: Installation) -> None:
    foreign = (await installation.issue(region="31", client_id="region-31")).json()
    own = (await installation.issue()).json()
    for region in (KOTA, f"{PROVINSI}.*"):
        headers = installation.managers[region]
        seen = (await installation.intake.get("/v1/keys", headers=headers)).json()
        assert own["key_id"] in {key["key_id"] for key in seen}
        assert {key["region"] for key in seen} <= {KOTA, f"{PROVINSI}.*"}
        path = f"/v1/keys/{foreign['key_id']}"
        assert (await installation.intake.get(path, headers=headers)).status_code == 404
        assert (await installation.intake.get("/v1/keys", params={"region": "31"}, headers=headers)).status_code == 404
        assert (await installation.intake.post(f"{path}:revoke", headers=headers)).status_code == 403
        assert (await installation.intake.post(f"{path}:rotate", json={}, headers=headers)).status_code == 403


async def test_a_page_of_keys_leads_to_the_next(installation: Installation) -> None:
    wanted = {(await installation.issue(region="33", client_id="region-33")).json()["key_id"] for _ in range(3)}
    seen: list[str] = []
    path: str | None = "/v1/keys?region=33&limit=2"
    while path:
        answer = await installation.intake.get(path, headers=installation.managers["*"])
        seen += [key["key_id"] for key in answer.json()]
        path = answer.links.get("next", {}).get("url", "")
    assert sorted(seen) == sorted(wanted)


async def test_use_is_noted_beside_the_requests_at_most_once_a_minute(installation: Installation) -> None:
    key = (await installation.issue()).json()
    await installation.everywhere(key["token"], 200)

    async def last_use() -> str | None:
        path = f"/v1/keys/{key['key_id']}"
        return str((await installation.intake.get(path, headers=installation.managers["*"])).json()["last_used_at"])

    async def noted() -> bool:
        return await last_use() != "None"

    await eventually(noted)
    first = await last_use()
    try:
        installation.clock.instant = NOW + timedelta(seconds=59)
        await installation.answers(key["token"])
        installation.clock.instant = NOW + timedelta(seconds=60)
        await installation.answers(key["token"])

        async def moved() -> bool:
            return await last_use() != first

        await eventually(moved)
        assert await last_use() == "2024-01-10T03:01:00.123000Z"
    finally:
        installation.clock.instant = NOW


async def test_what_was_not_announced_is_announced_at_the_next_start_and_comes_back_from_the_log(
    kafka: str, mongo: str, keys: Keys
) -> None:
    manager = keys.issue("manager", ["keys:write", "submissions:read"])
    settings = settings_for(kafka, mongo, keys)
    async with running(intake.NAME, intake.build, settings) as doors:
        answer = await doors.post("/v1/keys", json=ORDER, headers=manager)
        token = {"Authorization": f"Bearer {answer.json()['token']}"}
        listed = (await doors.get("/v1/keys", headers=manager)).json()
    database = Mongo(settings)
    await database.drop(intake.NAME)
    await rewind(settings, [CLIENT_KEY_CHANGED], group_of(intake.NAME, settings))
    store = KeyStore(database.database(intake.NAME))
    await store.change(
        ClientKeyChangedV1(
            key_id="0" * 12,
            revision=1,
            state=KeyState.ISSUED,
            client_id="left-behind",
            scopes=("submissions:read",),
            region="*",
            token_sha256="0" * 64,
            issued_at=NOW,
            changed_at=NOW,
            changed_by="manager",
        )
    )
    await database.close()
    async with running(intake.NAME, intake.build, settings) as doors:
        assert (await doors.get("/v1/submissions", headers=token)).status_code == 200
        again = (await doors.get("/v1/keys", headers=manager)).json()
    unused = {"last_used_at": None}
    assert [key | unused for key in again if key["key_id"] != "0" * 12] == [key | unused for key in listed]
    records = await read_topic(settings, CLIENT_KEY_CHANGED.name, 2)
    assert b"left-behind" in records[-1].value


async def test_refusals_are_kept_for_operators_newest_first(installation: Installation) -> None:
    auditor = installation.managers["auditor"]
    installation.clock.instant = NOW + timedelta(hours=1)
    for wanted in ("31", "33"):
        refused = await installation.issue(KOTA, region=wanted)
        assert refused.status_code == 403
        installation.clock.instant += timedelta(seconds=1)
    path = "/v1/refusals?client=manager-1&limit=1"

    async def kept() -> bool:
        return [row["region"] for row in (await installation.intake.get(path, headers=auditor)).json()] == ["33"]

    await eventually(kept)
    first = await installation.intake.get(path, headers=auditor)
    (row,) = first.json()
    assert (row["slug"], row["status"], row["client_id"], row["method"], row["route"]) == (
        *("outside-region", 403, "manager-1", "POST", "/v1/keys"),
    )
    assert row["trace_id"] == refused.json()["trace_id"]
    second = await installation.intake.get(first.links["next"]["url"], headers=auditor)
    assert [row["region"] for row in second.json()] == ["31"]
    for asked, status in ((installation.managers["regional auditor"], 403), (installation.managers["*"], 403)):
        assert (await installation.intake.get("/v1/refusals", headers=asked)).status_code == status
    installation.clock.instant = NOW
