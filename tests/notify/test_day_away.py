"""A day without a mail server, hour by hour: the service as it runs, on real engines; only its clock is the test's."""

from collections import Counter
from datetime import timedelta

from chassis.clock import FixedClock
from contracts.notice import NoticeState
from contracts.recipient import Channel
from tests.notify.catcher import Catcher
from tests.notify.installation import Installation
from tests.notify.messages import ARRIVED, office, returned
from tests.running import Keys, eventually, settings_for

REGION = "64.71"
HOURS = 24


async def states(installation: Installation) -> Counter[tuple[str, str]]:
    return Counter((kept["channel"], kept["state"]) for kept in await installation.documents())


async def hours(installation: Installation, clock: FixedClock, numbers: range) -> None:
    """One report is returned in each; its inbox has the notice within the hour, and no attempt at a mail is spent."""
    async with installation.notify(clock):
        for number in numbers:
            await installation.publish([returned(number, recorded_at=clock.instant)])

            async def told(number: int = number) -> bool:
                found = await states(installation)
                return found == {("inbox", NoticeState.DELIVERED): number, ("email", NoticeState.CREATED): number}

            await eventually(told)
            clock.instant += timedelta(hours=1)


async def test_a_day_without_a_mail_server_loses_nothing_and_reaches_every_inbox(
    kafka: str, mongo: str, keys: Keys
) -> None:
    catcher, clock = Catcher(), FixedClock(ARRIVED)
    installation = Installation(settings_for(kafka, mongo, keys, smtp=catcher.uri), catcher, {}, {}, {})
    since = ARRIVED - timedelta(days=1)
    inbox = office(since, recipient_id="r-inbox", channel=Channel.INBOX, address=None)
    await installation.publish([inbox, office(since)])

    await hours(installation, clock, range(1, HOURS // 2 + 1))
    await hours(installation, clock, range(HOURS // 2 + 1, HOURS + 1))  # by a process that was started anew
    assert catcher.raw == []

    async with catcher.running(), installation.notify(clock):
        await eventually(lambda: installation.all_settled(2 * HOURS), within_s=60)
    assert await states(installation) == {
        ("inbox", NoticeState.DELIVERED): HOURS,
        ("email", NoticeState.DELIVERED): HOURS,
    }
    assert {kept["attempts"] for kept in await installation.documents()} == {0, 1}
    assert len(catcher.raw) == len({mail["Message-ID"] for mail in catcher.mails}) == HOURS
    assert len(await installation.ends()) == 2 * HOURS, "one end of each notice in the log"
