"""The other services' part, played by a test."""

from collections.abc import Iterable

from chassis.events import Event
from chassis.kafka import Publisher
from chassis.settings import Settings
from contracts.message import Message


async def tell(settings: Settings, messages: Iterable[Message]) -> None:
    """Write the facts to the log, as whoever makes them would."""
    publisher = Publisher(settings, "test", linger_ms=0)
    await publisher.start()
    try:
        await publisher.publish([Event.of(message) for message in messages])
    finally:
        await publisher.stop()
