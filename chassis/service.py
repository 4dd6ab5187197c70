"""A service from its parts: one process with HTTP doors, one stream, one database."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from socket import socket
from typing import Final

import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry

from chassis import logs, problems
from chassis.access import KeyRing
from chassis.audit import NoWitness, Witness
from chassis.clock import Clock, SystemClock
from chassis.documentation import OPENAPI, documentation
from chassis.endless import Task, end, for_ever, until_done
from chassis.engines import watch_engines
from chassis.errors import BROKEN_WORLD, Misconfigured
from chassis.events import Views
from chassis.exposition import NOT_READY, metrics_apart, registry_of, vital_signs
from chassis.gate import Gate, Rehearsal
from chassis.http import Measured, SafeDoors, SandboxDoor, Traced
from chassis.kafka import Publisher, Publishes, ensure_topics, make_broker
from chassis.memory import calm_collector, collect_whole, few_arenas
from chassis.metrics import EngineMetrics, HttpMetrics, StreamMetrics, TaskMetrics
from chassis.mongo import Database, Mongo
from chassis.oauth import Issuer
from chassis.openapi import Described
from chassis.orders import Orders
from chassis.quota import Quota
from chassis.replay import learn_keys
from chassis.settings import Settings, read_settings
from chassis.shortway import ShortWay
from chassis.stream import Handler, Stream
from chassis.tracing import Tracing
from chassis.unlogged import NOTHING_UNLOGGED, Unlogged
from chassis.wire import BoundedHttp
from contracts.topics import TOPICS, Topic, dead_letter_of, written_of

_NOT_STARTED: Final = 3
_UNTOLD: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}
"""Our metrics are our own; otherwise FastAPI looks at every request whether somebody wants its."""
log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class World:
    """What a service is given."""

    settings: Settings
    clock: Clock
    database: Database
    publisher: Publishes
    registry: CollectorRegistry
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is asked to stop: answers that go on by themselves end now."""
    tracing: Tracing | None = None


@dataclass(frozen=True)
class Sandbox:
    """Doors for keys of the sandbox, in place of the service's own; of the real job's metrics they know nothing."""

    routers: Sequence[APIRouter | ShortWay]
    rehearsal: Rehearsal


@dataclass(frozen=True)
class Service:
    """What a service gives."""

    name: str
    handlers: Mapping[Topic, Handler]
    routers: Sequence[APIRouter | ShortWay] = ()
    views: Views = field(default_factory=dict)
    gather_ms: int = 0
    """How long its records may be gathered before they come, by which they cost less; for who is not waited for."""
    webhooks: APIRouter | None = None
    """What others are told over HTTP; for the OpenAPI document alone."""
    prepare: Task | None = None
    """Makes indexes and repairs what a crash left; run before the stream starts, safe to repeat."""
    tasks: Sequence[Task] = ()
    """Run beside the stream until the service stops; each is begun again when it fails."""
    senders: Sequence[Task] = ()
    """The same, but they rest while operators let the service rest."""
    ready: Callable[[], bool] = lambda: True
    """Whether it knows enough to decide what it is asked; part of ``/ready``."""
    unlogged: Unlogged = NOTHING_UNLOGGED
    """What of its database a rebuild cannot take from the log."""
    title: str = "SPM Awards"
    witness: Witness | None = None
    """Is told which keys are used and which requests are refused."""
    sandbox: Sandbox | None = None
    """None: keys of the sandbox are refused."""


Build = Callable[[World], Service]


@dataclass
class _Running:
    stream: Stream
    broker: KafkaBroker
    publisher: Publisher
    mongo: Mongo
    ring: KeyRing
    orders: Orders
    metrics: TaskMetrics
    ready: bool = False
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        """Before the world has answered, waiting is life; afterwards every loop must run."""
        return not self.ready or (self.stream.alive and not any(task.done() for task in self.tasks))


def make_app(name: str, build: Build, settings: Settings, clock: Clock | None = None, *, linger_ms: int = 5) -> FastAPI:
    """The ASGI application of a service; everything starts and ends with its lifespan."""
    clock = clock or SystemClock()
    registry = registry_of(name)
    tracing = Tracing.of(settings, name)
    mongo = Mongo(settings, tracing)
    publisher = Publisher(settings, name, linger_ms=linger_ms, tracing=tracing)
    world = World(settings, clock, mongo.database(name), publisher, registry, tracing=tracing)
    service = build(world)
    witness = service.witness or NoWitness()
    running = _joined(name, service, world, mongo, publisher)
    watch = partial(watch_engines, mongo, publisher, EngineMetrics(registry))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.enter_context(metrics_apart(settings, registry))
            if tracing is not None:
                stack.push_async_callback(tracing.end)
            stack.push_async_callback(mongo.close)
            stack.push_async_callback(publisher.stop)
            stack.push_async_callback(running.broker.stop)
            rising = asyncio.create_task(_rise(running, service, settings))
            watching = asyncio.create_task(for_ever(watch, settings.retry_delay_s_max, running.metrics))
            stack.push_async_callback(end, [rising, watching])
            yield
            world.stopping.set()
            await end(running.tasks)

    app = Described(
        title=service.title,
        version=version("spm-awards"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI,
        webhooks=service.webhooks,
        telemetry=_UNTOLD,
    )
    app.state.stream = running.stream
    app.state.stopping = world.stopping
    gate = partial(Gate, running.ring, clock, failures=Quota(settings.failed_keys_limit), witness=witness)
    signs = vital_signs(lambda: running.alive, partial(_standing, running, service), settings, registry)
    beside = [signs, documentation(service.title)]
    in_earnest = gate(requests=Quota(settings.rate_limit), issuer=Issuer.of(settings, clock))
    _furnish(app, in_earnest, [*beside, *service.routers], registry, witness, clock, tracing)
    if service.sandbox is not None:
        rehearsed = gate(requests=Quota(settings.rate_limit), rehearsal=service.sandbox.rehearsal)
        app.add_middleware(SandboxDoor, sandbox=_stage(service.sandbox.routers, rehearsed, clock))
    return app


def _joined(name: str, service: Service, world: World, mongo: Mongo, publisher: Publisher) -> _Running:
    """The parts that live as long as the process; nothing is connected yet."""
    settings, registry = world.settings, world.registry
    broker = make_broker(settings, name, registry)
    orders = Orders(name, settings, tuple(service.handlers), registry)
    figures = StreamMetrics(registry)
    stream = Stream(
        name,
        service.handlers,
        publisher,
        figures,
        settings,
        service.views,
        orders,
        gather_ms=service.gather_ms,
        tracing=world.tracing,
    )
    stream.attach(broker)
    ring = KeyRing.read(settings.api_keys)
    return _Running(stream, broker, publisher, mongo, ring, orders, TaskMetrics(registry))


def _stage(routers: Sequence[APIRouter | ShortWay], gate: Gate, clock: Clock) -> FastAPI:
    """The sandbox: what is asked and refused there is nobody's figure."""
    stage = FastAPI(openapi_url=None)
    _furnish(stage, gate, routers, CollectorRegistry(), NoWitness(), clock)
    return stage


def _furnish(
    app: FastAPI,
    gate: Gate,
    routers: Sequence[APIRouter | ShortWay],
    registry: CollectorRegistry,
    witness: Witness,
    clock: Clock,
    tracing: Tracing | None = None,
) -> None:
    app.state.gate = gate
    problems.install(app)
    app.add_middleware(SafeDoors)
    app.add_middleware(Measured, metrics=HttpMetrics(registry), witness=witness, clock=clock, tracing=tracing)
    if tracing is not None:
        app.add_middleware(Traced, tracing=tracing)
    app.router.routes[:0] = [door for door in routers if isinstance(door, ShortWay)]
    for router in routers:
        if isinstance(router, APIRouter):
            app.include_router(router)


def run(name: str, build: Build, *, linger_ms: int = 5) -> None:
    """Run a service until SIGTERM; a setting that cannot work ends it at once with one sentence."""
    try:
        settings = read_settings()
        logs.configure(name, settings.log_level)
        app = make_app(name, build, settings, linger_ms=linger_ms)
        few_arenas()
        calm_collector()
    except Misconfigured as fault:
        raise SystemExit(f"{name}: {fault}") from None
    server = Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.http_port,
            log_config=None,
            access_log=False,
            http=BoundedHttp,
            timeout_graceful_shutdown=int(settings.stop_wait_s) + 1,
            server_header=False,
        )
    )
    server.run()
    if not server.started:
        raise SystemExit(_NOT_STARTED)


class Server(uvicorn.Server):
    """Clears away while it serves, and says that it stops before it waits for the answers that are under way."""

    async def main_loop(self) -> None:
        collecting = asyncio.create_task(collect_whole())
        try:
            await super().main_loop()
        finally:
            await end([collecting])

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self.config.app.state.stopping.set()  # type: ignore[union-attr]  # the app is ours
        await super().shutdown(sockets)


async def _rise(running: _Running, service: Service, settings: Settings) -> None:
    """Bring the parts up in order; each waits for the world as long as it takes."""

    async def topics() -> None:
        await ensure_topics(settings, _topics_of(service))

    def begin(task: Task) -> None:
        running.tasks.append(asyncio.create_task(for_ever(task, settings.retry_delay_s_max, running.metrics)))

    async def orders() -> None:
        begin(running.orders.follow)
        await running.orders.known.wait()

    async def stream() -> None:
        await (running.stream.rest() if running.orders.paused else running.stream.go_on())

    steps: list[tuple[str, Task]] = [
        ("mongo", running.mongo.ping),
        ("topics", topics),
        ("kafka", running.publisher.start),
    ]
    if service.prepare is not None:
        steps.append(("prepare", service.prepare))
    steps += [("orders", orders), ("stream", stream)]
    for step, act in steps:
        try:
            await until_done(step, act, settings.retry_delay_s_max)
        except Misconfigured as fault:
            log.critical("service.misconfigured", step=step, detail=str(fault))
            signal.raise_signal(signal.SIGTERM)
            return
    obey = partial(_obey, running, service.senders, settings.retry_delay_s_max)
    beside: list[Task] = [partial(learn_keys, running.ring, settings), running.stream.watch_lag, obey, *service.tasks]
    for task in beside:
        begin(task)
    running.ready = True
    log.info("service.ready")


def _topics_of(service: Service) -> set[Topic]:
    """What it needs; of others it may know nothing."""
    followed = {topic for topic in TOPICS if topic.followed_by}
    return {*service.handlers, *map(dead_letter_of, service.handlers), *written_of(service.name), *followed}


async def _obey(running: _Running, senders: Sequence[Task], delay_s_max: float) -> None:
    """Let stream and senders rest, or go on, as operators order; until cancelled."""
    sending: list[asyncio.Task[None]] = []
    try:
        while True:
            running.orders.changed.clear()
            if running.orders.paused:
                await running.stream.rest()
                await end(sending)
                sending.clear()
            else:
                await running.stream.go_on()
                sending = sending or [
                    asyncio.create_task(for_ever(task, delay_s_max, running.metrics)) for task in senders
                ]
            await running.orders.changed.wait()
    finally:
        await end(sending)


async def _standing(running: _Running, service: Service) -> str:
    knows = running.ring.complete and service.ready()
    if not (running.ready and running.alive and knows and await _world_answers(running)):
        return NOT_READY
    # The doors of a service that rests go on: no balancer has to leave it out.
    return "resting" if running.stream.resting else "ready"


async def _world_answers(running: _Running) -> bool:
    try:
        await running.mongo.ping()
    except BROKEN_WORLD:
        return False
    return await running.publisher.answers()
