"""Validation with one thing broken that no fault from outside brings about at will; for ``staged_alerts``.

whole      nothing
deaf       its consume loop is cancelled at its first batch, and ends in silence
refused    the broker refuses each commit, as after a batch that took too long
older      it says that it is of another version
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Final
from unittest.mock import patch

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError

from chassis import exposition
from chassis.service import run
from chassis.stream import Stream
from services.validation.app import NAME, build


async def _cancelled(*_: Any) -> None:
    raise asyncio.CancelledError


async def _refused(*_: Any, **__: Any) -> None:
    raise CommitFailedError("staged")


BROKEN: Final[Mapping[str, Callable[[], Any]]] = {
    "whole": nullcontext,
    "deaf": lambda: patch.object(Stream, "_take", _cancelled),
    "refused": lambda: patch.object(AIOKafkaConsumer, "commit", _refused),
    "older": lambda: patch.object(exposition, "version", lambda _: "0.0.1"),
}

if __name__ == "__main__":
    with BROKEN[sys.argv[1]]():
        run(NAME, build)
