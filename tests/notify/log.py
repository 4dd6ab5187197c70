"""A log inside the test: takes what is published, or refuses it while ``away``."""

from collections.abc import Iterable
from typing import TypeVar

from chassis.errors import Retryable
from chassis.events import Event, decode
from contracts.message import Message
from contracts.notice import NoticeSettledV1

M = TypeVar("M", bound=Message)


class Log:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False

    async def publish(self, events: Iterable[Event]) -> None:
        given = list(events)
        if self.away and given:
            raise Retryable("Kafka is away")
        self.events += given

    @property
    def messages(self) -> list[Message]:
        return [decode(event.topic, event.wire_headers, event.value)[1] for event in self.events]

    @property
    def ends(self) -> list[NoticeSettledV1]:
        return self.of(NoticeSettledV1)

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.messages if isinstance(message, kind)]
