"""MongoDB, behind one module: the only place that knows which driver is used.

Motor is the default and past its end of life; PyMongo's asyncio client is its successor. Only calls in which both agree
are used by the stores; the others (``aggregate``, ``close``) are levelled here. See decision record 0003.
"""

import inspect
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from bson import json_util
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

from chassis.errors import Conflict
from chassis.settings import Settings
from chassis.tracing import Span, SpanKind, Tracing, fail

__all__ = [
    "ASCENDING",
    "DESCENDING",
    "Area",
    "Collection",
    "Database",
    "Document",
    "Mongo",
    "Move",
    "UpdateMany",
    "UpdateOne",
]

Document = dict[str, Any]
_DUPLICATE_KEY: Final = 11_000
_ANSWER_MS: Final = 20_000
_SELECTION_MS: Final = 5_000
_ONE_MOMENT: Final = ReadConcern("snapshot")
_UNDER_WAY_MAX: Final = 1_000
"""Commands whose spans are open; of one that is cancelled the driver tells nothing more."""


class Cursor(Protocol):
    def sort(self, key_or_list: Any, direction: int | None = None) -> "Cursor": ...
    def limit(self, limit: int) -> "Cursor": ...
    def __aiter__(self) -> AsyncIterator[Document]: ...
    async def to_list(self, length: int | None = None) -> list[Document]: ...


class Collection(Protocol):
    """The calls in which Motor and PyMongo's asyncio client agree."""

    def find(self, filter: Mapping[str, Any] | None = None, projection: Any = None) -> Cursor: ...  # noqa: A002 - the drivers' name
    async def find_one(self, filter: Mapping[str, Any], projection: Any = None, **options: Any) -> Document | None: ...  # noqa: A002
    async def find_one_and_update(self, filter: Mapping[str, Any], update: Any, **options: Any) -> Document | None: ...  # noqa: A002
    async def find_one_and_delete(self, filter: Mapping[str, Any]) -> Document | None: ...  # noqa: A002
    async def insert_one(self, document: Document) -> Any: ...
    async def insert_many(self, documents: Sequence[Document], *, ordered: bool = True) -> Any: ...
    async def update_one(self, filter: Mapping[str, Any], update: Any, *, upsert: bool = False) -> Any: ...  # noqa: A002
    async def update_many(self, filter: Mapping[str, Any], update: Any) -> Any: ...  # noqa: A002
    async def replace_one(self, filter: Mapping[str, Any], replacement: Document, *, upsert: bool = False) -> Any: ...  # noqa: A002
    async def delete_one(self, filter: Mapping[str, Any]) -> Any: ...  # noqa: A002
    async def delete_many(self, filter: Mapping[str, Any]) -> Any: ...  # noqa: A002
    async def count_documents(self, filter: Mapping[str, Any]) -> int: ...  # noqa: A002
    async def bulk_write(self, requests: Sequence[Any], *, ordered: bool = True) -> Any: ...
    async def create_index(self, keys: Any, **options: Any) -> str: ...
    def aggregate(self, pipeline: Sequence[Mapping[str, Any]]) -> Any: ...
    def with_options(self, *, read_concern: ReadConcern) -> "Collection": ...
    def watch(self, pipeline: Sequence[Mapping[str, Any]]) -> Any: ...


class Database(Protocol):
    name: str

    def __getitem__(self, name: str) -> Collection: ...
    async def command(self, command: str) -> Document: ...


class Area:
    """A part of a service's database: its collections are told from the others by a prefix, and known by name."""

    def __init__(self, database: Database, prefix: str) -> None:
        self.name = database.name
        self.collections: dict[str, Collection] = {}
        """Those that were asked for, by their names without the prefix."""
        self._database = database
        self._prefix = prefix

    def __getitem__(self, name: str) -> Collection:
        return self.collections.setdefault(name, self._database[self._prefix + name])

    async def command(self, command: str) -> Document:
        return await self._database.command(command)


class Mongo:
    """A connection pool to one deployment. Nothing is connected before the first call."""

    def __init__(self, settings: Settings, tracing: Tracing | None = None) -> None:
        make: Any = AsyncIOMotorClient if settings.mongo_driver == "motor" else AsyncMongoClient
        self._prefix = settings.mongo_prefix
        self._client: Any = make(
            settings.mongo,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            retryWrites=True,
            retryReads=True,
            timeoutMS=_ANSWER_MS,
            serverSelectionTimeoutMS=_SELECTION_MS,
            tz_aware=True,
            appname="spm-awards",
            event_listeners=[] if tracing is None else [_Commands(tracing)],
        )

    def database(self, service: str) -> Database:
        """The one database of a service."""
        options: CodecOptions[Document] = CodecOptions(tz_aware=True)
        return cast("Database", self._client.get_database(self._prefix + service, codec_options=options))

    async def ping(self) -> None:
        await self._client.admin.command("ping")

    async def drop(self, service: str) -> None:
        await self._client.drop_database(self._prefix + service)

    async def ask(self, command: str | Document) -> Document:
        """What the deployment says of itself."""
        options: CodecOptions[Document] = CodecOptions(tz_aware=True)
        answer: Document = await self._client.admin.command(command, codec_options=options)
        return answer

    async def indexes(self, service: str) -> dict[str, set[str]]:
        """Their names, by collection."""
        database = self._client[self._prefix + service]
        return {name: set(await database[name].index_information()) for name in await self.collections(service)}

    async def collections(self, service: str) -> list[str]:
        names: list[str] = await self._client[self._prefix + service].list_collection_names()
        return sorted(names)

    async def drop_collection(self, service: str, name: str) -> None:
        await self._client[self._prefix + service].drop_collection(name)

    async def put_in_place(self, service: str, name: str, *, of: str) -> None:
        """Let the first collection be known by the other's name, whose documents are gone; in one step."""
        database = self._prefix + service
        order = {"renameCollection": f"{database}.{name}", "to": f"{database}.{of}", "dropTarget": True}
        await self._client.admin.command(order)

    async def close(self) -> None:
        closing = self._client.close()
        if inspect.isawaitable(closing):
            await closing


def encrypted(uri: str) -> tuple[list[tuple[str, int]], ssl.SSLContext] | None:
    """Host and port of each member that the URI names, and whom its client trusts; None where nothing is encrypted."""
    parsed = parse_uri(uri)
    options = parsed["options"]
    if not options.get("tls"):
        return None
    context = ssl.create_default_context(cafile=options.get("tlsCAFile"))
    context.check_hostname = not options.get("tlsAllowInvalidHostnames")
    if own := options.get("tlsCertificateKeyFile"):
        context.load_cert_chain(own, password=options.get("tlsCertificateKeyFilePassword"))
    return parsed["nodelist"], context


class _Commands(CommandListener):
    """A span for each command that is given within another span. What is asked and answered is no part of it."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._under_way: dict[int, Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if not self._tracing.recording:
            return
        name, given = event.command_name, event.command
        collection = given.get("collection") if name == "getMore" else given.get(name)
        named = {"db.collection.name": collection} if isinstance(collection, str) else {}
        attributes = {"db.system.name": "mongodb", "db.namespace": event.database_name, "db.operation.name": name}
        title = " ".join([name, *named.values()])
        span = self._tracing.begin(title, kind=SpanKind.CLIENT, attributes=attributes | named)
        self._under_way[event.request_id] = span
        if len(self._under_way) > _UNDER_WAY_MAX:
            self._under_way.pop(next(iter(self._under_way))).end()

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if span := self._under_way.pop(event.request_id, None):
            span.end()

    def failed(self, event: CommandFailedEvent) -> None:
        if span := self._under_way.pop(event.request_id, None):
            fail(span, str(event.failure.get("codeName") or event.failure.get("code") or "failed"))
            span.end()


async def aggregate(collection: Collection, pipeline: Sequence[Mapping[str, Any]]) -> list[Document]:
    """Every document of the pipeline's answer, all of one moment; Motor gives the cursor at once, PyMongo when awaited.

    Without a snapshot a document that moves along the index during the count is counted twice, or not at all.
    """
    cursor = collection.with_options(read_concern=_ONE_MOMENT).aggregate(pipeline)
    if inspect.isawaitable(cursor):
        cursor = await cursor
    documents: list[Document] = await cursor.to_list(None)
    return documents


async def inserted(collection: Collection, fields: Sequence[str]) -> AsyncIterator[Document | None]:
    """These fields of each document that anybody inserts from now on; None first, once nothing can be missed any more.

    A change stream, so that one reader a process learns at once what every replica wrote. It ends where the driver has
    closed it, as it does when a cancellation comes at a bad moment, which it may keep to itself.
    """
    shown = {f"fullDocument.{name}": True for name in fields}
    stream = collection.watch([{"$match": {"operationType": "insert"}}, {"$project": shown}])
    if inspect.isawaitable(stream):
        stream = await stream
    async with stream:
        # Motor opens the stream with the first question; each question waits a second at most.
        change = await stream.try_next()
        yield None
        while stream.alive:  # a closed one answers at once, for ever, and nothing else in the process would go on
            if change is not None:
                yield change["fullDocument"]
            change = await stream.try_next()


def written(document: Mapping[str, Any]) -> str:
    """The whole document in one form, whatever the order in which its fields were set."""
    return json_util.dumps(document, sort_keys=True)


def read_back(text: str | bytes) -> Document:
    """The document that was ``written`` so."""
    document: Document = json_util.loads(text, json_options=json_util.JSONOptions(tz_aware=True))
    return document


async def find_by_id(collection: Collection, ids: Sequence[str], projection: Any = None) -> dict[str, Document]:
    """The documents that exist, by their id."""
    if not ids:
        return {}
    found = await collection.find({"_id": {"$in": list(ids)}}, projection).to_list(None)
    return {document["_id"]: document for document in found}


async def insert_once(collection: Collection, documents: Sequence[Document]) -> None:
    """Insert in order, so that what is kept is always a beginning of what was decided.

    Raises:
        Conflict: one of them exists; somebody else decided it in the meantime.
    """
    if not documents:
        return
    try:
        await collection.insert_many(documents, ordered=True)
    except BulkWriteError as error:
        raise _conflict_or(error, collection) from error


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a document whose ``revision`` counts its states; ``before`` is None for the first."""

    document: Document
    before: int | None


async def move(collection: Collection, moves: Sequence[Move]) -> None:
    """Compare and set: each document replaces the state it was decided from, or nothing.

    Raises:
        Conflict: a document was not in the expected state.
    """
    if not moves:
        return
    writes: list[Any] = [
        InsertOne(step.document)
        if step.before is None
        else ReplaceOne({"_id": step.document["_id"], "revision": step.before}, step.document)
        for step in moves
    ]
    try:
        done = await collection.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        raise _conflict_or(error, collection) from error
    if done.matched_count + done.inserted_count != len(moves):
        raise Conflict(f"{len(moves) - done.matched_count - done.inserted_count} documents had moved on")


async def insert_where_free(collection: Collection, documents: Sequence[Document]) -> list[Document]:
    """Insert each document whose id is free; the others come back."""
    if not documents:
        return []
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        other = _conflict_or(error, collection)
        if not isinstance(other, Conflict):
            raise
        return [documents[fault["index"]] for fault in error.details["writeErrors"]]
    return []


async def keep_first(collection: Collection, documents: Iterable[Document]) -> None:
    """Insert what is not there yet; of several with one id the first counts, whenever it came.

    Upserts would cost the database twice to four times as much, because inserts go together.
    """
    first: dict[str, Document] = {}
    for document in documents:
        first.setdefault(document["_id"], document)
    await insert_where_free(collection, list(first.values()))


async def replace_where_free(collection: Collection, wanted: Mapping[str, Any], document: Document) -> bool:
    """Whether it was there and is replaced; False as well where something unique in the new one is taken."""
    try:
        done = await collection.replace_one(wanted, document)
    except DuplicateKeyError:
        return False
    return bool(done.matched_count)


async def insert_first(collection: Collection, document: Document) -> bool:
    """Whether this call was the one that inserted it."""
    try:
        await collection.insert_one(document)
    except DuplicateKeyError:
        return False
    return True


def _conflict_or(error: BulkWriteError, collection: Any) -> Exception:
    faults = error.details.get("writeErrors", [])
    if faults and all(fault.get("code") == _DUPLICATE_KEY for fault in faults):
        return Conflict(f"{len(faults)} documents of {collection.name} exist already")
    return error
