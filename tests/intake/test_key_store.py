"""Keys as the log has them: whatever was published late, the last word counts and stands last."""

import pytest

from chassis.mongo import Database
from contracts.key import ClientKeyChangedV1, KeyState
from services.intake.store.keys import Keys
from tests.intake.reports import NOW

ISSUED = ClientKeyChangedV1(
    key_id="0123456789ab",
    revision=1,
    state=KeyState.ISSUED,
    client_id="region-64.71",
    scopes=("submissions:read",),
    region="64.71",
    token_sha256="0" * 64,
    issued_at=NOW,
    changed_at=NOW,
    changed_by="sekretariat",
)
REVOKED = ISSUED.model_copy(update={"revision": 2, "state": KeyState.REVOKED})


@pytest.mark.parametrize(("log", "unsaid"), [([ISSUED, REVOKED], []), ([REVOKED, ISSUED], [REVOKED])])
async def test_a_revocation_that_an_older_record_overtook_is_announced_again(
    database: Database, log: list[ClientKeyChangedV1], unsaid: list[ClientKeyChangedV1]
) -> None:
    await database["keys"].delete_many({})
    keys = Keys(database)
    await keys.change(ISSUED)
    await keys.change(REVOKED)
    assert await keys.announced(REVOKED)
    await keys.add(log)
    assert await keys.key(ISSUED.key_id) == REVOKED
    assert await keys.unannounced() == unsaid, "compaction would keep the key in force"
    await keys.add([REVOKED])
    assert await keys.unannounced() == []
