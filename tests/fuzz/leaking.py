"""Intake with a leak that is there on purpose, a kibibyte a request: the storm must notice it."""

import runpy
from typing import Final

from chassis import service
from chassis.wire import BoundedHttp

LEAK_BYTES: Final = 1024
_kept: list[bytearray] = []


class Leaking(BoundedHttp):
    def on_message_complete(self) -> None:
        _kept.append(bytearray(LEAK_BYTES))
        super().on_message_complete()


if __name__ == "__main__":
    service.BoundedHttp = Leaking  # type: ignore[attr-defined]  # in place of the one that is imported there
    runpy.run_module("services.intake", run_name="__main__")
