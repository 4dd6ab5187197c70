"""Looks at an installation; each look asks one part and gives what ``judging`` holds against what is needed."""

import smtplib
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import httpx
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from prometheus_client.parser import text_string_to_metric_families

from chassis.access import KeyRing
from chassis.clock import Clock, unix_s
from chassis.groups import existing, group_of, members_of, waiting_for
from chassis.kafka import admin_client
from chassis.mending import cases
from chassis.mongo import Mongo
from chassis.operators import SERVICES, pauses
from chassis.settings import Settings
from cli.doctor import judging
from cli.doctor.findings import Finding, fault, warning, well
from cli.doctor.indexes import wanted_indexes
from cli.doctor.judging import TopicSeen
from contracts.topics import EVERY_TOPIC, TOPICS
from services.intake.domain.receipt_keys import ReceiptKeys
from services.notify.mailer.courier import MailServer

ANSWER_S: Final = 5.0
_DIGEST: Final = "__consumer_offsets"

Look = Callable[[], Awaitable[list[Finding]]]


async def kafka(settings: Settings, open_files_max: int | None) -> list[Finding]:
    admin = admin_client(settings)
    try:
        await admin.start()
        brokers = (await admin.describe_cluster())["brokers"]
        there = set(await admin.list_topics())
        described = await admin.describe_topics(sorted(there))
        names = [settings.kafka_prefix + topic.name for topic in EVERY_TOPIC]
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names if name in there]
        answers = await admin.describe_configs(asked) if asked else []
    finally:
        await admin.close()
    configs = {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in answers
        for _, _, _, name, entries in answer.resources
    }
    seen = {
        row["topic"].removeprefix(settings.kafka_prefix): TopicSeen(
            partitions=len(row["partitions"]),
            copies=min(len(partition["replicas"]) for partition in row["partitions"]),
            in_sync=min(len(partition["isr"]) for partition in row["partitions"]),
            config=configs[row["topic"]],
        )
        for row in described
        if row["topic"] in configs
    }
    held = Counter(at for row in described for partition in row["partitions"] for at in partition["replicas"])
    found = judging.topics(seen, EVERY_TOPIC, copies=settings.kafka_replication)
    found += judging.open_files(max(held.values(), default=0), open_files_max)
    if len(brokers) < settings.kafka_replication:
        how = "start the brokers that are missing, or set SPM_KAFKA_REPLICATION to what there is"
        found.append(fault("Kafka", f"{len(brokers)} brokers", f"{settings.kafka_replication} or more", how))
    else:
        found.append(well("Kafka", f"{len(brokers)} brokers answer"))
    return found


async def groups(settings: Settings) -> list[Finding]:
    rests = {name: order.reason for name, order in (await pauses(settings)).items() if order.paused}
    found = []
    for service in SERVICES:
        name = group_of(service, settings)
        topics = await existing(settings, [topic for topic in TOPICS if service in topic.read_by])
        waiting = await waiting_for(settings, name, topics)
        readers = await members_of(settings, name)
        found += judging.group(service, readers, waiting, rests=rests.get(service), now_s=unix_s())
    return found


async def dead_letters(settings: Settings) -> list[Finding]:
    known = (await cases(settings)).values()
    return judging.dead_letters(Counter(case.letter.service for case in known if case.settled is None))


async def mongo(settings: Settings, clock: Clock) -> list[Finding]:
    deployment = Mongo(settings)
    try:
        build, asked_at = await deployment.ask("buildInfo"), clock.now()
        hello = await deployment.ask("hello")
        found = judging.mongo(hello, build["version"], asked_at=asked_at, answered_at=clock.now())
        room = await deployment.database(SERVICES[0]).command("dbStats")
        if room.get("fsTotalSize"):  # of a database that is not there yet, nothing is told
            used, total = float(room["fsUsedSize"]), float(room["fsTotalSize"])
            found += judging.disk("MongoDB", free_bytes=total - used, total_bytes=total)
    finally:
        await deployment.close()
    return found


async def indexes(settings: Settings, service: str) -> list[Finding]:
    deployment = Mongo(settings)
    try:
        there = await deployment.indexes(service)
    finally:
        await deployment.close()
    return judging.indexes(service, await wanted_indexes(settings, service), there)


async def files(settings: Settings, clock: Clock) -> list[Finding]:
    """Those that the environment names; where none is named there is nothing to look at."""
    found = judging.time_zone(clock.now())
    secret = {"SPM_API_KEYS": settings.api_keys, "SPM_RECEIPT_KEYS": settings.receipt_keys}
    for name, path in (secret | {"SPM_WEBHOOK_SECRET": settings.webhook_secret}).items():
        if path is not None:
            found += judging.secret_file(name, _mode(path))
    if settings.api_keys is not None and _mode(settings.api_keys) is not None:
        found += judging.api_keys(list(KeyRing.read(settings.api_keys).rows.values()), clock.now())
    if settings.receipt_keys is not None and _mode(settings.receipt_keys) is not None:
        found += _receipt_keys(settings.receipt_keys)
    return found


def _receipt_keys(path: Path) -> list[Finding]:
    how = "spm receipt keygen, or the copy that was kept"
    try:
        keys = ReceiptKeys.parse(path.read_bytes())
    except ValueError as error:
        return [fault("SPM_RECEIPT_KEYS", str(error), "a JWK set of Ed25519 keys", how)]
    if not keys.can_sign:
        return [fault("SPM_RECEIPT_KEYS", "the first key has no secret", "one that signs", how)]
    return [well("SPM_RECEIPT_KEYS", f"{keys.ids[0]} signs, {len(keys.ids) - 1} more verify")]


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None


def mail(settings: Settings) -> list[Finding]:
    """Greets the mail server and starts TLS where it offers it; sends nothing."""
    server = MailServer.parse(settings.smtp)
    part, where = "mail server", f"{server.host}:{server.port}"
    context = ssl.create_default_context(cafile=settings.smtp_ca_file)
    try:
        if server.tls:
            with smtplib.SMTP_SSL(server.host, server.port, timeout=ANSWER_S, context=context) as talk:
                talk.ehlo()
            return [well(part, f"{where} answers, TLS from the first byte")]
        with smtplib.SMTP(server.host, server.port, timeout=ANSWER_S) as talk:
            talk.ehlo()
            if talk.has_extn("starttls"):
                talk.starttls(context=context)
                return [well(part, f"{where} answers, with STARTTLS")]
    except ssl.SSLError as error:
        how = "give the server a certificate of its name, or name its CA in SPM_SMTP_CA_FILE"
        return [fault(part, f"{where}: TLS fails ({error.reason or error})", "a certificate that holds", how)]
    except (OSError, smtplib.SMTPException) as error:
        how = "mend SPM_SMTP, the network or the server; notices wait meanwhile and none is lost"
        return [fault(part, f"{where} does not answer ({type(error).__name__})", "a greeting", how)]
    if settings.smtp_tls_required:
        return [fault(part, f"{where} offers no TLS", "STARTTLS, as SPM_SMTP_TLS_REQUIRED demands", "let it offer TLS")]
    return [warning(part, f"{where} offers no TLS", "STARTTLS beyond one machine", "let it offer TLS")]


async def service(name: str, url: str) -> list[Finding]:
    async with httpx.AsyncClient(trust_env=False, timeout=ANSWER_S) as client:
        try:
            ready = (await client.get(f"{url}/ready")).status_code
            metrics = (await client.get(f"{url}/metrics")).text
        except httpx.HTTPError:
            return judging.service(name, None, (), ours=version("spm-awards"))
    return judging.service(name, ready, _versions(metrics), ours=version("spm-awards"))


def _versions(metrics: str) -> Sequence[str]:
    families: Mapping[str, Any] = {family.name: family for family in text_string_to_metric_families(metrics)}
    build = families.get("spm_build_info")
    return [sample.labels["version"] for sample in build.samples] if build else []
