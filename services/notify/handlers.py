"""What notify does with the facts that it reads."""

from collections.abc import Iterable, Sequence

from chassis.errors import Unprocessable
from chassis.events import Event, Received
from contracts.notice import NoticeSettledV1, NoticeState
from regulation.errors import RegulationError
from regulation.law import Law
from services.notify.domain.matters import matters_of
from services.notify.domain.notice import CHANNEL, Matter, addressed
from services.notify.metrics import NoticeMetrics
from services.notify.recipients import Directory
from services.notify.store import NoticeStore


class NoticeHandlers:
    def __init__(
        self, store: NoticeStore, law: Law, directory: Directory, metrics: NoticeMetrics, *, templates: str
    ) -> None:
        self._store = store
        self._law = law
        self._directory = directory
        self._metrics = metrics
        self._templates = templates

    async def on_facts(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Make the notices of the facts; sending them is the senders' business."""
        notices = [
            notice
            for received in batch
            for matter in self._matters_of(received)
            for notice in addressed(matter, self._directory.of(matter.region_code))
        ]
        for notice in await self._store.keep(notices, templates=self._templates):
            self._metrics.notices.labels(CHANNEL, notice.matter.kind, NoticeState.CREATED).inc()
        return ()

    async def on_ends(self, batch: Sequence[Received]) -> Iterable[Event]:
        """Our own ends, read back: now they are surely in the log; and at a rebuild they keep old notices unsent."""
        await self._store.keep_ends(
            [received.message for received in batch if isinstance(received.message, NoticeSettledV1)]
        )
        return ()

    def _matters_of(self, received: Received) -> list[Matter]:
        try:
            return matters_of(received.message, received.id, self._law)
        except RegulationError as silence:
            raise Unprocessable("law-silent", str(silence)) from silence
