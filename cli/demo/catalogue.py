"""What invented reports are made of."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("catalogue.toml")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Row):
    code: str
    name: str
    unit: str
    per_hundred: int = Field(ge=1, description="Needed for one hundred recipients.")
    decimals: int = Field(0, ge=0, le=4)


class Service(_Row):
    entitled_per_million: int = Field(ge=1, description="Of one million inhabitants.")
    cost_rupiah: int = Field(ge=1, description="Of one recipient in a year.")
    items: str
    counted_with: str | None = Field(None, description="The service type that counts the same people.")


class Catalogue(_Row):
    services: dict[str, Service]
    items: dict[str, tuple[Item, ...]]

    def items_of(self, service_type: str) -> tuple[Item, ...]:
        return self.items[self.services[service_type].items]


def load_catalogue() -> Catalogue:
    return Catalogue.model_validate(tomllib.loads(FILE.read_text()))
