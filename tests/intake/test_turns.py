"""Who may hand in a batch next."""

import asyncio

import pytest

from chassis.problems import Problem
from services.intake.routes.batches import BATCHES_MAX, Turns


async def hold(turns: Turns, client_id: str, begun: list[str], until: asyncio.Event) -> None:
    async with turns.of(client_id):
        begun.append(client_id)
        await until.wait()


async def test_a_client_that_sends_slowly_keeps_only_itself_waiting() -> None:
    turns, begun, until = Turns(), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as holding:
        for client_id in ("slow", "slow", "slow", "quick"):
            holding.create_task(hold(turns, client_id, begun, until))
        await asyncio.sleep(0.01)
        assert begun == ["slow", "quick"]
        until.set()
    assert begun == ["slow", "quick", "slow", "slow"]


async def test_no_more_than_so_many_have_a_turn_and_the_rest_is_sent_away_in_time() -> None:
    turns, begun, until = Turns(within_s=0.05), list[str](), asyncio.Event()
    async with asyncio.TaskGroup() as holding:
        for number in range(BATCHES_MAX):
            holding.create_task(hold(turns, str(number), begun, until))
        await asyncio.sleep(0.01)
        with pytest.raises(Problem) as refused:
            async with turns.of("late"):
                pytest.fail("more than there are turns")
        assert (refused.value.status, refused.value.slug) == (503, "batches-full")
        assert "Retry-After" in (refused.value.headers or {})
        until.set()
    async with turns.of("late"):
        pass


@pytest.mark.parametrize("fails", [Problem(400, "malformed-json", "contoh"), asyncio.CancelledError()])
async def test_a_turn_ends_however_the_batch_does(fails: BaseException) -> None:
    turns = Turns(within_s=0.05)
    with pytest.raises(type(fails)):
        async with turns.of("satu"):
            raise fails
    async with turns.of("satu"):
        pass
