"""How a service's figures are shown: at a door of its own, or at a port for operators alone."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.openmetrics import exposition as openmetrics

from chassis.metrics import BuildInfo
from chassis.settings import Settings

NOT_READY: Final = "not ready"
_OPENMETRICS: Final = "application/openmetrics-text"
"""The only form that tells exemplars. The library's own choice fails at a version that is no number."""


def registry_of(name: str) -> CollectorRegistry:
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the counters, and nobody asks for them
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(BuildInfo(name, version("spm-awards")))
    return registry


@contextmanager
def metrics_apart(settings: Settings, registry: CollectorRegistry) -> Iterator[None]:
    """The metrics at a port of their own, where there is one."""
    if settings.metrics_port is None:
        yield
        return
    server, serving = start_http_server(settings.metrics_port, settings.metrics_host, registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def vital_signs(
    alive: Callable[[], bool], standing: Callable[[], Awaitable[str]], settings: Settings, registry: CollectorRegistry
) -> APIRouter:
    """``standing``: what /ready says; ``NOT_READY`` is 503. Metrics are shown where they have no port of their own."""
    router = APIRouter(tags=["operation"])

    @router.get("/live", summary="200 while it and every task of it run", responses={500: {}})
    async def live() -> Response:
        return Response(status_code=200 if alive() else 500)

    @router.get("/ready", summary="200 when it can do its work", responses={503: {}})
    async def ready() -> Response:
        word = await standing()
        return JSONResponse({"status": word}, 503 if word == NOT_READY else 200)

    if settings.metrics_port is None:
        _add_metrics(router, registry)
    return router


def _add_metrics(router: APIRouter, registry: CollectorRegistry) -> None:
    @router.get("/metrics", summary="Prometheus metrics")
    async def metrics(request: Request) -> Response:
        if _OPENMETRICS in request.headers.get("accept", ""):
            told: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]  # half of it is typed
            return Response(told, media_type=openmetrics.CONTENT_TYPE_LATEST)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
