"""The ground on which every message stands."""

import dataclasses
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, TypeVar, cast, dataclass_transform
from uuid import UUID, uuid5

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.dataclasses import dataclass

from contracts.quarter import Quarter

_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2199

NAMESPACE = UUID("5b1f6c52-8a0e-5d0b-9c39-54d1f0c6a2e7")
"""Every deterministic id of this system is a UUIDv5 below this namespace; it never changes."""


class Frozen(BaseModel):
    """A value. Strict, so that the text "12" is no number; open, so that a newer sender may add fields."""

    model_config = ConfigDict(strict=True, frozen=True, ser_json_inf_nan="constants", validate_default=True)


_Leaf = TypeVar("_Leaf")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field,))
def leaf(kind: type[_Leaf]) -> type[_Leaf]:
    """A value that stands by the hundred in one report: as strict, frozen and open as ``Frozen``, in slots.

    A model keeps a dictionary and a set beside each instance; for a batch of reports that is most of its memory, and
    a third of the time to read it (``make bench``). Change one with ``dataclasses.replace``.
    """
    made = dataclass(kind, frozen=True, slots=True, kw_only=True, config=ConfigDict(strict=True))
    return cast("type[_Leaf]", made)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(Field,))
def computed(kind: type[_Leaf]) -> type[_Leaf]:
    """A leaf whose figures this system computes itself: checked when it is read, not when it is made."""
    made = dataclasses.dataclass(frozen=True, slots=True, kw_only=True)(kind)
    made.__pydantic_config__ = ConfigDict(strict=True)  # type: ignore[attr-defined]  # read by pydantic where it stands
    return made


class Message(Frozen):
    """An event's data. Its id, key and time follow from its content, so every publication is the same bytes."""

    TYPE: ClassVar[str]
    SOURCE: ClassVar[str]

    def identity(self) -> str:
        """What makes this fact one and the same fact, unique within its type."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """The Kafka key: events with one key stay in order."""
        raise NotImplementedError

    @property
    def occurred_at(self) -> datetime:
        """When the first fact of the chain happened; when a stage ran is the record's own timestamp."""
        raise NotImplementedError

    @property
    def correlation_id(self) -> str:
        """What all events of one story share."""
        return self.key

    @property
    def event_id(self) -> str:
        return deterministic_id(self.TYPE, self.identity())

    @property
    def ordered_by(self) -> str | None:
        """What a later message of the same type and key puts in this one's place, where it is decided in their order.

        None where readers keep the newest by its revision, in whatever order they come.
        """
        return None

    @classmethod
    def writer(cls) -> str:
        """The service that makes this message, or ``operators``."""
        return cls.SOURCE.rpartition(":")[2]

    @classmethod
    def schema_id(cls) -> str:
        """The value of ``ce_dataschema`` and the ``$id`` of the committed JSON Schema."""
        return f"urn:spm:schema:{cls.schema_name()}"

    @classmethod
    def schema_name(cls) -> str:
        """``id.go.spm.submission-received.v1`` is kept as ``submission-received-v1``."""
        return cls.TYPE.removeprefix("id.go.spm.").replace(".", "-")


@lru_cache(maxsize=4_096)  # an event's id is asked for several times on its way
def deterministic_id(*parts: str) -> str:
    """A UUIDv5 over the parts; each part's length is written in, so that no two lists of parts collide."""
    return str(uuid5(NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))


def _canonical_period(given: Any) -> Any:
    return Quarter.parse(given).text if isinstance(given, str) else given


PeriodText = Annotated[
    str,
    BeforeValidator(_canonical_period),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^20[0-9]{2}(Q[1-4]|-Q[1-4]|-TW[1-4]|-(01|04|07|10)-01/P3M)$",
            "description": "A quarter of a fiscal year; kept as 2023Q4. Also read: 2023-Q4, 2023-TW4, 2023-10-01/P3M.",
            "examples": ["2023Q4"],
        }
    ),
]
RegionCode = Annotated[
    str,
    Field(
        pattern=r"^[1-9][0-9](\.[0-9]{2})?$",
        description="The ministry's code with its dot: 64 (provinsi), 64.71 (kabupaten or kota).",
        examples=["64", "64.71"],
    ),
]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
ServiceTypeId = Annotated[
    str,
    Field(pattern=r"^[a-z]+\.(prov|kab)\.[a-z_]+$", max_length=64, examples=["health.kab.pregnancy"]),
]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
ShortWords = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, hexadecimal.")]
COUNT_MAX: Final = 2**31 - 1
"""Bounds every count and revision: far above what can happen, and kept by any database."""


def _of_our_time(instant: datetime) -> datetime:
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise ValueError(f"the year must be from {_FIRST_YEAR} to {_LAST_YEAR}")
    return instant


Instant = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""With its offset from UTC; the bounds keep every conversion between zones within the calendar."""


class Bilingual(Frozen):
    """One text in Indonesian and in English; officials read the first."""

    id: Words
    en: Words
