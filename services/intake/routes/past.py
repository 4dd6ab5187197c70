"""Doors that decide from the database wait until it holds what the log says."""

import asyncio

from chassis.errors import Retryable
from chassis.groups import group_of, wait_until_read
from chassis.settings import Settings
from contracts.topics import CLIENT_KEY_CHANGED, PERIOD_CHANGED, SUBMISSION_RECEIVED
from services.intake.store.submissions import Store


class Past:
    """An empty database may be new, or dropped and about to be filled again from the log.

    Until that is known, a report sent again would be taken for a new one and a closed period for one that was never
    opened. Once known it is kept, so that later starts wait for nothing.
    """

    def __init__(self, service: str, store: Store, settings: Settings) -> None:
        self._group = group_of(service, settings)
        self._store = store
        self._settings = settings
        self._known = asyncio.Event()

    @property
    def known(self) -> bool:
        return self._known.is_set()

    async def require(self) -> None:
        """Raises:
        Retryable: it is not known yet.
        """
        if not self.known:
            raise Retryable("the log is still being read up to the point where it ended at the start")

    async def learn(self) -> None:
        if not await self._store.knows_the_past():
            topics = SUBMISSION_RECEIVED, PERIOD_CHANGED, CLIENT_KEY_CHANGED
            await wait_until_read(self._settings, self._group, *topics)
            await self._store.keep_that_the_past_is_known()
        self._known.set()
