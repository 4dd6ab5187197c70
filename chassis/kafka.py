"""The broker as every service uses it, and the topics as the contracts name them."""

import asyncio
import logging
import ssl
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, OutOfOrderSequenceNumber, ProducerFenced, UnknownProducerId, for_code
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from prometheus_client import CollectorRegistry

from chassis.errors import BROKEN_WORLD, Misconfigured, Retryable
from chassis.events import Event
from chassis.logs import logger
from chassis.settings import Settings
from chassis.tracing import Tracing
from contracts.topics import EVERY_TOPIC, MAX_DEAD_LETTER_BYTES, Topic

REQUEST_MS: Final = 30_000
ACKNOWLEDGED_S: Final = 30.0
_SEEN_WITHIN_S: Final = 90.0
_SEEN_AGAIN_S: Final = 0.05
_BATCH_BYTES: Final = 512 * 1024
_TOPIC_EXISTS: Final = 36
_NO_ERROR: Final = 0
_STUCK: Final = (OutOfOrderSequenceNumber, ProducerFenced, UnknownProducerId)

RawRecord = tuple[str, bytes | None, Sequence[tuple[str, bytes | None]], bytes | None]
"""Topic, key, headers, value."""

log = logger(__name__)


class Publishes(Protocol):
    """What a service's doors need of the log."""

    async def publish(self, events: Iterable[Event]) -> None: ...


def make_broker(settings: Settings, service: str, registry: CollectorRegistry) -> KafkaBroker:
    """A broker that only consumes; what is published goes through ``Publisher``."""
    return KafkaBroker(
        settings.kafka.split(","),
        client_id=f"spm-{service}",
        security=_security(settings),
        consumer_only=True,
        request_timeout_ms=REQUEST_MS,
        graceful_timeout=settings.stop_wait_s,
        allow_auto_create_topics=False,
        middlewares=[KafkaPrometheusMiddleware(registry=registry, app_name=f"spm-{service}")],
        logger=logging.getLogger("faststream"),
        log_level=logging.DEBUG,
    )


class Publisher:
    """Publishes and returns when every replica in sync has acknowledged.

    The producer is aiokafka's own: FastStream's layer above it costs twice the CPU and cannot carry a dead letter's
    original header bytes.
    """

    def __init__(self, settings: Settings, service: str, *, linger_ms: int, tracing: Tracing | None = None) -> None:
        self._settings = settings
        self._tracing = tracing
        self._service = service
        self._linger_ms = linger_ms
        self._producer: AIOKafkaProducer | None = None
        self._started = False
        self._connecting = asyncio.Lock()

    async def start(self) -> None:
        await self._connect()
        self._started = True

    async def _connect(self) -> None:
        producer = make_producer(self._settings, self._service, linger_ms=self._linger_ms, max_batch_size=_BATCH_BYTES)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self) -> None:
        self._started = False
        producer, self._producer = self._producer, None
        if producer is not None:
            await _end(producer)

    async def publish(self, events: Iterable[Event]) -> None:
        """Publish in the given order; one key's events keep it.

        Raises:
            Retryable: not acknowledged in time; the events may or may not be in the log.
        """
        if self._tracing is None:
            await self.publish_raw(map(_raw, events))
        else:
            with self._tracing.sending(events) as sent:
                await self.publish_raw(map(_raw, sent))

    async def publish_raw(self, records: Iterable[RawRecord]) -> None:
        """The same for records as they are; null and repeated headers included."""
        producer = self._producer or await self._replacement()
        try:
            async with asyncio.timeout(ACKNOWLEDGED_S):
                waiting = [
                    await producer.send(self._settings.kafka_prefix + topic, value=value, key=key, headers=headers)
                    for topic, key, headers, value in records
                ]
                await asyncio.gather(*waiting)
        except TimeoutError:
            raise Retryable(f"Kafka did not acknowledge within {ACKNOWLEDGED_S:.0f} s") from None
        except _STUCK as error:
            # An idempotent producer does not recover from this by itself; a new one starts a new sequence. Whoever
            # publishes next connects it: this caller may have no time left, and others may have found out as well.
            if self._producer is producer:
                self._producer = None
                await _end(producer)
            raise Retryable(f"the producer lost its sequence and is replaced: {error}") from error

    async def _replacement(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._started and self._producer is None:
                await self._connect()
        if self._producer is None:
            raise Retryable("Kafka is not connected yet")
        return self._producer

    async def answers(self, wait_s: float = 3.0) -> bool:
        """Whether the cluster answers a metadata request now."""
        if self._producer is None:
            return False
        try:
            return bool(await asyncio.wait_for(self._producer.client.force_metadata_update(), wait_s))
        except BROKEN_WORLD:
            return False


def _raw(event: Event) -> RawRecord:
    return event.topic, event.key.encode(), event.wire_headers, event.value


def make_producer(settings: Settings, who: str, **options: Any) -> AIOKafkaProducer:
    """Not started yet; what every producer here must have, whoever publishes."""
    return AIOKafkaProducer(
        bootstrap_servers=settings.kafka,
        client_id=f"spm-{who}",
        acks="all",
        enable_idempotence=settings.kafka_idempotent,
        max_request_size=MAX_DEAD_LETTER_BYTES,
        request_timeout_ms=REQUEST_MS,
        **options,
        **client_security(settings),
    )


async def _end(producer: AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(producer.stop(), ACKNOWLEDGED_S)
    except BROKEN_WORLD as error:
        log.warning("producer.stop", detail=str(error))


def admin_client(settings: Settings) -> AIOKafkaAdminClient:
    return AIOKafkaAdminClient(
        bootstrap_servers=settings.kafka, request_timeout_ms=REQUEST_MS, **client_security(settings)
    )


async def ensure_topics(settings: Settings, wanted: Collection[Topic] = EVERY_TOPIC) -> list[str]:
    """Make those of the topics that do not exist; the names of those made.

    Raises:
        Retryable: the broker cannot be reached or refused for now.
    """
    admin = admin_client(settings)
    try:
        await admin.start()
        existing = set(await admin.list_topics())
        missing = [topic for topic in wanted if settings.kafka_prefix + topic.name not in existing]
        if missing:
            answer = await admin.create_topics([_new(topic, settings) for topic in missing])
            for name, code, *_ in answer.topic_errors:
                if code not in {_NO_ERROR, _TOPIC_EXISTS}:
                    refusal = for_code(code).__name__
                    raise Retryable(f"topic {name} is not there and could not be made: {refusal}; run `spm topics`")
            await _seen(admin, [settings.kafka_prefix + topic.name for topic in missing])
        return [topic.name for topic in missing]
    except KafkaError as error:
        raise Retryable(f"Kafka at {settings.kafka} does not answer: {error}") from error
    finally:
        await admin.close()


async def _seen(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    """Until the broker tells of topics that it has just made: for a moment it may not, and a reader would find none."""
    try:
        async with asyncio.timeout(_SEEN_WITHIN_S):
            while not all(one["partitions"] for one in await admin.describe_topics(names)):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(_SEEN_AGAIN_S)
    except TimeoutError:
        raise Retryable(f"Kafka made topics and does not tell of them yet: {', '.join(names)}") from None


def _new(topic: Topic, settings: Settings) -> NewTopic:
    copies = settings.kafka_replication
    in_sync = {"min.insync.replicas": str(max(1, copies - 1))}
    name = settings.kafka_prefix + topic.name
    return NewTopic(name, topic.partitions, copies, topic_configs=topic.settings | in_sync)


def client_security(settings: Settings) -> dict[str, Any]:
    """The options of an aiokafka client."""
    options: dict[str, Any] = {"security_protocol": settings.kafka_security}
    if settings.kafka_security.endswith("SSL"):
        options["ssl_context"] = ssl_context(settings)
    if settings.kafka_security.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password,
        }
    return options


def _security(settings: Settings) -> BaseSecurity | None:
    if settings.kafka_security == "PLAINTEXT":
        return None
    context = ssl_context(settings) if settings.kafka_security.endswith("SSL") else None
    if settings.kafka_security == "SSL":
        return BaseSecurity(ssl_context=context)
    if not (settings.kafka_username and settings.kafka_password):
        raise Misconfigured(f"SPM_KAFKA_SECURITY is {settings.kafka_security}: set SPM_KAFKA_USERNAME and _PASSWORD")
    kinds = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
    return kinds[settings.kafka_sasl_mechanism](
        username=settings.kafka_username,
        password=settings.kafka_password,
        ssl_context=context,
        use_ssl=context is not None,
    )


def ssl_context(settings: Settings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(settings.kafka_ca_file) if settings.kafka_ca_file else None)
