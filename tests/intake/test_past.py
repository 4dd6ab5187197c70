import pytest

from chassis.errors import Retryable
from chassis.groups import group_of, rewind
from chassis.kafka import ensure_topics
from chassis.mongo import Mongo
from chassis.settings import Settings
from contracts.topics import PERIOD_CHANGED, SUBMISSION_RECEIVED
from services.intake.app import NAME, build
from services.intake.routes.past import Past
from services.intake.store.submissions import Store
from tests.running import Keys, running

pytestmark = pytest.mark.engines


async def test_doors_that_decide_wait_until_the_past_is_known(settings: Settings) -> None:
    mongo = Mongo(settings)
    past = Past(NAME, Store(mongo.database(NAME)), settings)
    with pytest.raises(Retryable, match="still being read"):
        await past.require()
    await ensure_topics(settings)
    await rewind(settings, [SUBMISSION_RECEIVED, PERIOD_CHANGED], group_of(NAME, settings))
    await past.learn()
    await past.require()
    await mongo.close()


async def test_a_database_that_knows_the_past_waits_for_nothing(settings: Settings) -> None:
    mongo = Mongo(settings)
    store = Store(mongo.database(NAME))
    await store.keep_that_the_past_is_known()
    past = Past(NAME, store, settings.model_copy(update={"kafka": "127.0.0.1:1"}))
    await past.learn()
    assert past.known
    await mongo.close()


async def test_a_new_installation_is_ready_when_it_has_looked_at_its_empty_log(settings: Settings, keys: Keys) -> None:
    importer = keys.issue("importer", ["submissions:write"])
    async with running(NAME, build, settings) as intake:
        assert (await intake.post("/v1/submissions", headers=importer, content=b"")).status_code == 415
