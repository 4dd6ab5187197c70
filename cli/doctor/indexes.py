"""Which indexes a service wants: asked of its own preparation, on a database that only listens."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, cast

from prometheus_client import CollectorRegistry

from chassis.beside import Silent
from chassis.clock import SystemClock
from chassis.mongo import Collection, Database, Document
from chassis.service import Service, World
from chassis.settings import Settings


class _Nothing:
    """An empty answer, whichever way it is asked for."""

    modified_count = matched_count = deleted_count = inserted_count = 0
    upserted_ids: Mapping[int, str] = {}

    def sort(self, *_: Any) -> "_Nothing":
        return self

    def limit(self, _: int) -> "_Nothing":
        return self

    async def to_list(self, _: int | None = None) -> list[Document]:
        return []

    def __aiter__(self) -> "_Nothing":
        return self

    async def __anext__(self) -> Document:
        raise StopAsyncIteration


class _Listening:
    """A collection that is empty and remembers which indexes it was asked for."""

    def __init__(self, wanted: set[str]) -> None:
        self._wanted = wanted

    async def create_index(self, keys: str | Iterable[tuple[str, Any]], **options: Any) -> str:
        fields = [(keys, 1)] if isinstance(keys, str) else list(keys)
        name = str(options.get("name") or "_".join(f"{field}_{order}" for field, order in fields))
        self._wanted.add(name)
        return name

    def find(self, *_: Any, **__: Any) -> _Nothing:
        return _Nothing()

    def aggregate(self, *_: Any) -> _Nothing:
        return _Nothing()

    def with_options(self, **_: Any) -> "_Listening":
        return self

    def __getattr__(self, _: str) -> Any:
        async def nothing(*_: Any, **__: Any) -> None:
            """No document is found, none is written."""

        return nothing


class _Database:
    def __init__(self) -> None:
        self.name = "listening"
        self.wanted: dict[str, set[str]] = defaultdict(set)

    def __getitem__(self, name: str) -> Collection:
        return cast("Collection", _Listening(self.wanted[name]))


async def wanted_indexes(settings: Settings, service: str) -> dict[str, set[str]]:
    """Names by collection; of the sandbox nothing is wanted."""
    database = _Database()
    registry, silent = CollectorRegistry(), Silent(settings, service)
    world = World(settings, SystemClock(), cast("Database", database), silent, registry)
    built: Service = import_module(f"services.{service}.app").build(world)
    if built.prepare is not None:
        await built.prepare()
    return {name: names for name, names in database.wanted.items() if names and not name.startswith("sandbox_")}
