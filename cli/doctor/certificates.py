"""Certificates of whom services speak to, and of the authorities they trust: do they hold, and for how long yet?"""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from chassis.clock import Clock
from chassis.kafka import ssl_context
from chassis.mongo import encrypted
from chassis.settings import Settings
from cli.doctor.findings import Finding, fault, warning, well

ANSWER_S: Final = 5.0
ENDS_WITHIN: Final = timedelta(days=30)
_HTTPS_PORT: Final = 443
_RENEW: Final = "renew it before, and let whoever shows it read it again"


@dataclass(frozen=True, slots=True)
class Wire:
    """Where TLS is spoken from the first byte."""

    part: str
    host: str
    port: int
    trusted: ssl.SSLContext


async def certificates(settings: Settings, clock: Clock) -> list[Finding]:
    wires = [*_kafka(settings), *_mongo(settings), *_pages(settings)]
    looks = (asyncio.to_thread(_look, wire, clock) for wire in wires)
    found = [finding for findings in await asyncio.gather(*looks) for finding in findings]
    return [*found, *_authorities(settings, clock)]


def _kafka(settings: Settings) -> Iterator[Wire]:
    if settings.kafka_security.endswith("SSL"):
        for address in settings.kafka.split(","):
            host, _, port = address.rpartition(":")
            yield Wire(f"Kafka at {address}", host, int(port), ssl_context(settings))


def _mongo(settings: Settings) -> Iterator[Wire]:
    if known := encrypted(settings.mongo):
        members, trusted = known
        yield from (Wire(f"MongoDB at {host}:{port}", host, port, trusted) for host, port in members)


def _pages(settings: Settings) -> Iterator[Wire]:
    named = {"SPM_INTAKE_URL": settings.intake_url, "SPM_PUBLIC_URL": settings.public_url}
    for name, url in (named | {"SPM_RULES_URL": settings.rules_url}).items():
        at = urlsplit(url)
        if at.scheme == "https" and at.hostname:
            yield Wire(name, at.hostname, at.port or _HTTPS_PORT, ssl.create_default_context())


def _look(wire: Wire, clock: Clock) -> list[Finding]:
    try:
        with (
            socket.create_connection((wire.host, wire.port), timeout=ANSWER_S) as plain,
            wire.trusted.wrap_socket(plain, server_hostname=wire.host) as talk,
        ):
            return certificate(f"certificate of {wire.part}", shown=talk.getpeercert(), now=clock.now())
    except ssl.SSLError as error:
        return [broken(f"certificate of {wire.part}", error)]
    except OSError as error:
        how = "look whether it runs, and from where it may be reached"
        told = f"{wire.host}:{wire.port} does not answer ({type(error).__name__})"
        return [fault(f"certificate of {wire.part}", told, "an answer", how)]


def broken(part: str, error: ssl.SSLError) -> Finding:
    told = getattr(error, "verify_message", "") or error.reason or str(error)
    how = "renew it, give it the name by which we come, or name its authority in the setting of the CA file"
    return fault(part, f"it does not hold: {told}", "one that holds", how)


def certificate(part: str, *, shown: Any, now: datetime) -> list[Finding]:
    """``shown``: as ``ssl`` tells of one that was verified, or of an authority."""
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)
    told = f"ends on {ends:%Y-%m-%d}"
    if ends <= now:
        return [fault(part, f"ended on {ends:%Y-%m-%d}", "one that holds", "renew it now: TLS fails")]
    if ends < now + ENDS_WITHIN:
        return [warning(part, f"{told}, in {(ends - now).days} days", f"{ENDS_WITHIN.days} days or more", _RENEW)]
    return [well(part, told)]


def _authorities(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Those in files of our own; whose the system's are, the system renews."""
    named = {"SPM_KAFKA_CA_FILE": settings.kafka_ca_file, "SPM_SMTP_CA_FILE": settings.smtp_ca_file}
    for name, path in (named | {"SPM_WEBHOOK_CA_FILE": settings.webhook_ca_file}).items():
        if path is not None:
            yield from _authority(name, path, clock.now())


def _authority(name: str, path: Path, now: datetime) -> list[Finding]:
    try:
        trusted = ssl.create_default_context(cafile=path).get_ca_certs()
    except OSError as error:  # one that is no certificate is an SSLError, which is one too
        return [fault(name, f"its file cannot be used ({error.strerror or error})", "certificates in PEM", "mend it")]
    return [finding for one in trusted for finding in certificate(name, shown=one, now=now)]
