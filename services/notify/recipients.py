"""Whom a region's notices go to until its first office is registered.

A JSON file of regions with their offices' addresses, or example addresses where no file is named.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from chassis.errors import Misconfigured
from chassis.problems import faults_of
from contracts.recipient import Role
from services.notify.domain.notice import Mailbox

_FILE: Final[TypeAdapter[dict[str, tuple[Mailbox, ...]]]] = TypeAdapter(dict[str, tuple[Mailbox, ...]])
_MAILBOXES: Final[Mapping[Role, str]] = {Role.TEAM: "tim-spm", Role.SECRETARY: "sekda"}
SEEDED: Final = frozenset(_MAILBOXES)
_FAULTS_SHOWN: Final = 5


class Directory:
    """The mailboxes of each region."""

    def __init__(self, by_region: Mapping[str, tuple[Mailbox, ...]] | None = None) -> None:
        self._by_region = by_region

    @classmethod
    def read(cls, path: Path | None) -> "Directory":
        """The directory of a file like ``{"64.71": [{"role": "Sekretaris Daerah", "address": "…"}]}``.

        Without a file, each region has addresses below ``.example`` (RFC 2606), which no mail can reach.

        Raises:
            Misconfigured: the file is missing or not of this form.
        """
        if path is None:
            return cls()
        try:
            return cls(_FILE.validate_json(path.read_bytes()))
        except OSError as error:
            raise Misconfigured(f"SPM_RECIPIENTS: {path} cannot be read ({error.strerror})") from error
        except ValidationError as error:
            # Only where the faults are: addresses belong to people and do not go into logs.
            places = ", ".join(fault.pointer for fault in faults_of(error)[:_FAULTS_SHOWN])
            raise Misconfigured(f"SPM_RECIPIENTS: {path} has {error.error_count()} faults, at {places}") from None

    def of(self, region: str) -> tuple[Mailbox, ...]:
        if self._by_region is not None:
            return self._by_region.get(region, ())
        host = f"{region.replace('.', '-')}.daerah.example"
        return tuple(Mailbox(role=role, address=f"{mailbox}@{host}") for role, mailbox in _MAILBOXES.items())
