"""Taking note of refusals and uses: beside the requests, bounded, and through whatever MongoDB does."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from chassis.access import issue_key
from chassis.audit import Refusal
from chassis.errors import Retryable
from chassis.mongo import Database
from services.intake.metrics import AuditMetrics
from services.intake.routes import audit
from services.intake.routes.audit import Audit
from services.intake.store.keys import Keys
from services.intake.store.refusals import KEPT_S, Refusals
from tests.intake.reports import KOTA, NOW, SECOND

pytestmark = pytest.mark.engines


def refusal(at: datetime = NOW, client_id: str | None = "kota") -> Refusal:
    return Refusal(at, 403, "outside-region", client_id, "0a1b2c3d4e5f", "POST", "/v1/submissions", KOTA, "0" * 32)


class Failing(Refusals):
    """Fails once, behind the write: nobody knows whether it was kept."""

    failed = False

    async def add(self, refusals: Iterable[tuple[str, Refusal]]) -> None:
        await super().add(refusals)
        if not self.failed:
            self.failed = True
            raise Retryable("the answer was lost")


class House:
    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        self.keys = Keys(database)
        self.refusals = Failing(database)
        self.audit = Audit(self.refusals, self.keys, AuditMetrics(self.registry))


@pytest_asyncio.fixture
async def house(database: Database) -> House:
    house = House(database)
    await house.refusals.prepare()
    return house


async def test_what_is_tried_again_is_kept_once(house: House) -> None:
    for second in range(3):
        house.audit.refused(refusal(NOW + second * SECOND))
    with pytest.raises(Retryable):
        await house.audit.keep_now()
    await house.audit.keep_now()
    await house.audit.keep_now()
    assert [row["at"] for row in await house.refusals.page(None, None, 10)] == [NOW + 2 * SECOND, NOW + SECOND, NOW]
    assert await house.refusals.page("somebody", None, 10) == []


async def test_what_does_not_fit_is_counted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "WAITING_MAX", 2)
    for _ in range(5):
        house.audit.refused(refusal())
    assert house.registry.get_sample_value("spm_refusals_unkept_total") == 3


async def test_a_use_is_noted_once_a_minute_and_a_lost_note_is_made_up(house: House) -> None:
    _, key = issue_key("kota", [], KOTA)
    house.refusals.failed = True
    for second in (0, 1, 59):
        house.audit.used(key, NOW + second * SECOND)
    await house.audit.keep_now()
    assert await house.keys.last_uses([key.key_id]) == {key.key_id: NOW}
    house.audit.used(key, NOW + timedelta(minutes=1))
    house.audit.used(key, NOW + timedelta(minutes=2))
    await house.audit.keep_now()
    assert await house.keys.last_uses([key.key_id]) == {key.key_id: NOW + timedelta(minutes=2)}


async def test_the_database_drops_refusals_after_four_hundred_days(database: Database) -> None:
    await Refusals(database).prepare()
    collection = database["refusals"]
    indexes = await collection.index_information()  # type: ignore[attr-defined]  # no call of the stores
    assert [index["expireAfterSeconds"] for index in indexes.values() if "expireAfterSeconds" in index] == [KEPT_S]
    assert timedelta(days=400).total_seconds() == KEPT_S
