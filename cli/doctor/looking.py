"""Looks at an installation; each look asks one part and gives what ``judging`` holds against what is needed."""

import smtplib
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from os import getuid
from pathlib import Path
from typing import Any, cast

import httpx
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from prometheus_client.parser import text_string_to_metric_families

from chassis.access import KeyRing
from chassis.clock import Clock, unix_s
from chassis.errors import Misconfigured
from chassis.groups import existing, group_of, members_of, waiting_for
from chassis.kafka import admin_client
from chassis.mending import cases
from chassis.mongo import Mongo
from chassis.operators import SERVICES, pauses
from chassis.settings import Settings, secrets_folder
from cli.doctor import judging
from cli.doctor.certificates import ANSWER_S, broken, certificate
from cli.doctor.findings import Finding, State, fault, warning, well, worst
from cli.doctor.indexes import wanted_indexes
from cli.doctor.judging import TopicSeen
from contracts.topics import EVERY_TOPIC, TOPICS, Topic, read_of, written_of
from services.intake.domain.receipt_keys import ReceiptKeys
from services.notify.mailer.courier import MailServer
from services.notify.webhooks.signing import Signer


def needed_topics() -> list[Topic]:
    """Those that a service reads or writes; a twin that nobody would write into is none of them."""
    named = {topic for service in SERVICES for topic in (*read_of(service), *written_of(service))}
    return [topic for topic in EVERY_TOPIC if topic in named]


async def kafka(settings: Settings, open_files_max: int | None) -> list[Finding]:
    needed = needed_topics()
    admin = admin_client(settings)
    try:
        await admin.start()
        brokers = (await admin.describe_cluster())["brokers"]
        there = set(await admin.list_topics())
        described = await admin.describe_topics(sorted(there))
        names = [settings.kafka_prefix + topic.name for topic in needed]
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
    found = judging.topics(seen, needed, copies=settings.kafka_replication)
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
        status = await deployment.ask({"connectionStatus": 1, "showPrivileges": True})
        rights, who = judging.mongo_rights(status, settings), judging.who_looks(status, settings)
        found += rights
        if worst(rights) is State.WELL:
            room = await deployment.database(who if who in SERVICES else SERVICES[0]).command("dbStats")
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
    secret = {
        "SPM_API_KEYS": settings.api_keys,
        "SPM_RECEIPT_KEYS": settings.receipt_keys,
        "SPM_WEBHOOK_SECRET": settings.webhook_secret,
        "SPM_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
        "SPM_RECIPIENTS": settings.recipients,
    }
    named = {name: path for name, path in secret.items() if path is not None} | _secrets()
    for name, path in named.items():
        found += judging.secret_file(name, _mode(path), ours=_mode(path) is None or path.stat().st_uid == getuid())
    if settings.api_keys is not None and _mode(settings.api_keys) is not None:
        found += judging.api_keys(list(KeyRing.read(settings.api_keys).rows.values()), clock.now())
    if settings.receipt_keys is not None and _mode(settings.receipt_keys) is not None:
        found += _receipt_keys(settings.receipt_keys, clock)
    return found + _webhook_secret(settings.webhook_secret)


def _secrets() -> dict[str, Path]:
    """The files that settings are read from, by what they set."""
    folder = secrets_folder()
    files = [] if folder is None else [file for file in sorted(folder.iterdir()) if file.is_file()]
    return {file.name.upper(): file for file in files if file.name.lower().startswith("spm_")}


def _webhook_secret(path: Path | None) -> list[Finding]:
    if path is None or _mode(path) is None:
        return []
    try:
        Signer.read(path)
    except Misconfigured as error:
        how = "openssl rand -base64 48 > FILE; receivers verify nothing until each has its new secret (:rotate)"
        return [fault("SPM_WEBHOOK_SECRET", str(error), "a secret that signs", how)]
    return [well("SPM_WEBHOOK_SECRET", "it signs")]


def _receipt_keys(path: Path, clock: Clock) -> list[Finding]:
    how = "spm receipt keygen, or the copy that was kept"
    try:
        keys = ReceiptKeys.parse(path.read_bytes())
    except ValueError as error:
        return [fault("SPM_RECEIPT_KEYS", str(error), "a JWK set of Ed25519 keys", how)]
    if not keys.can_sign:
        return [fault("SPM_RECEIPT_KEYS", "the first key has no secret", "one that signs", how)]
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return judging.receipt_keys(keys.ids, written_at=written_at, now=clock.now())


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except OSError:
        return None


def mail(settings: Settings, clock: Clock) -> list[Finding]:
    """Greets the mail server, starts TLS where it offers it, signs in where we have a password; sends nothing."""
    server = MailServer.parse(settings.smtp)
    part, where = "mail server", f"{server.host}:{server.port}"
    context = ssl.create_default_context(cafile=settings.smtp_ca_file)
    try:
        if server.tls:
            with smtplib.SMTP_SSL(server.host, server.port, timeout=ANSWER_S, context=context) as talk:
                talk.ehlo()
                return [well(part, f"{where} answers, TLS from the first byte"), *_let_in(talk, server, clock)]
        with smtplib.SMTP(server.host, server.port, timeout=ANSWER_S) as talk:
            talk.ehlo()
            if talk.has_extn("starttls"):
                talk.starttls(context=context)
                talk.ehlo()
                return [well(part, f"{where} answers, with STARTTLS"), *_let_in(talk, server, clock)]
    except ssl.SSLError as error:
        return [broken(part, error)]
    except (OSError, smtplib.SMTPException) as error:
        how = "mend SPM_SMTP, the network or the server; notices wait meanwhile and none is lost"
        return [fault(part, f"{where} does not answer ({type(error).__name__})", "a greeting", how)]
    if settings.smtp_tls_required or server.password is not None:
        why = "STARTTLS, before a password or as SPM_SMTP_TLS_REQUIRED demands: nothing is sent"
        return [fault(part, f"{where} offers no TLS", why, "let it offer TLS")]
    return [warning(part, f"{where} offers no TLS", "STARTTLS beyond one machine", "let it offer TLS")]


def _let_in(talk: smtplib.SMTP, server: MailServer, clock: Clock) -> list[Finding]:
    """What an encrypted connection tells of its certificate and of our password."""
    shown = cast("ssl.SSLSocket", talk.sock).getpeercert()
    found = certificate("certificate of the mail server", shown=shown, now=clock.now())
    if server.username is None or server.password is None:
        return found
    try:
        talk.login(server.username, server.password)
    except smtplib.SMTPNotSupportedError:
        how = "take user and password out of SPM_SMTP, or let it ask for them"
        return [*found, fault("mail server", "it knows no way to sign in", "AUTH", how)]
    except smtplib.SMTPAuthenticationError:
        how = "mend user and password in SPM_SMTP"
        return [*found, fault("mail server", "it refuses our user or password", "to be let in", how)]
    return [*found, well("mail server", "it lets us in")]


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
