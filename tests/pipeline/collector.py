"""What takes spans as a collector does (OTLP over HTTP), in a thread, because services hand them over from threads."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

Found = str | int | bool


@dataclass(frozen=True)
class Told:
    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    """Empty for the first of its trace."""
    links: tuple[str, ...]
    attributes: Mapping[str, Found]
    failed: bool
    began_ns: int


@dataclass
class Collector:
    endpoint: str = ""
    spans: list[Told] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            service = str(_read(resource.resource.attributes)["service.name"])
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                self.spans.append(
                    Told(
                        service,
                        span.name,
                        span.kind,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        tuple(link.span_id.hex() for link in span.links),
                        _read(span.attributes),
                        span.status.code == span.status.STATUS_CODE_ERROR,
                        span.start_time_unix_nano,
                    )
                )


def _read(pairs: "list[KeyValue]") -> dict[str, Found]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                collector.take(body)
            self.send_response(HTTPStatus.OK)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    serving = Thread(target=server.serve_forever)
    serving.start()
    collector.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
