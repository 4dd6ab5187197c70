"""The watch on what goes out: what became of notices, and how long they wait for their first attempt."""

import asyncio
from dataclasses import dataclass
from typing import Final

from contracts.recipient import Channel
from services.notify.sender.ends import Ends
from services.notify.store.flow import Flow

SAMPLED_EVERY_S: Final = 15.0
_SENT: Final = (Channel.EMAIL, Channel.WEBHOOK)


@dataclass(frozen=True, slots=True)
class NoticeWatch:
    """Samples the store, so that the figures outlive a restart and asking for metrics costs nothing."""

    ends: Ends
    flow: Flow

    async def watch(self) -> None:
        """While ends are still being read from the log, nothing is known to wait."""
        await self.ends.known.wait()
        await self.sample()
        await asyncio.sleep(SAMPLED_EVERY_S)

    async def sample(self) -> None:
        year = await self.flow.latest_fiscal_year()
        kept = await self.ends.store.summary(year) if year else []
        self.ends.metrics.show(kept, {channel: await self._waited_s(channel) for channel in _SENT})

    async def _waited_s(self, channel: Channel) -> float:
        since = await self.flow.untried_since(channel, since=self.ends.oldest)
        return max(0.0, (self.ends.clock.now() - since).total_seconds()) if since else 0.0
