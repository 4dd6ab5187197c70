"""Three families of failure; the family alone decides what follows.

``Retryable``      the world is broken: again later, with growing delay; nothing is dead-lettered
``Unprocessable``  the record is broken: to the dead letter; its neighbours go on
``Misconfigured``  the installation is broken: stop, and say what to set

Anything else that a handler raises is a mistake in our code. The batch is then taken record by record, and the record
at which the mistake happens goes to the dead letter (``chassis.stream``).
"""

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError


class Retryable(Exception):  # noqa: N818 - a family's name says what follows, not that it is an error
    """Again later."""


class Conflict(Retryable):
    """Somebody else wrote first; at the next try what they wrote is found and used."""


class Unprocessable(Exception):  # noqa: N818 - as above
    """The record can never be read. ``reason`` is a word for metrics, the text is for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Misconfigured(Exception):  # noqa: N818 - as above
    """The process cannot run like this; the text says what to set."""


BROKEN_WORLD = (Retryable, KafkaError, PyMongoError, OSError, TimeoutError)
"""What passes when Kafka, MongoDB or the network comes back."""
