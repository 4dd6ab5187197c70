"""``spm desk``: the pages of operators, served with the operators' credential."""

from typing import Annotated

import typer
import uvicorn

from chassis import logs
from chassis.clock import SystemClock
from chassis.errors import Misconfigured
from chassis.service import Server
from chassis.wire import BoundedHttp
from cli.desk.app import NAME, make_desk
from cli.installation import installation
from cli.operators import fail


def desk(
    host: Annotated[str, typer.Option(envvar="SPM_HTTP_HOST", help="Where it listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="SPM_HTTP_PORT", min=0, max=65_535)] = 8084,
) -> None:
    """Serve the page of dead letters until it is stopped.

    Who comes in has a key of every region with operations:read; to replay and to discard, with operations:write. It
    acts with the credential that SPM_KAFKA_USERNAME names: the desk's own (spm rights).
    """
    try:
        settings = installation("kafka", service="intake")
        logs.configure(NAME, settings.log_level)
        app = make_desk(settings, SystemClock())
    except Misconfigured as fault:
        fail(str(fault))
    Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            # Each look makes clients of Kafka and ends them: uvloop waits 30 s to end one that has TLS and reads.
            loop="asyncio",
            log_config=None,
            access_log=False,
            http=BoundedHttp,
            timeout_graceful_shutdown=int(settings.stop_wait_s) + 1,
            server_header=False,
        )
    ).run()
