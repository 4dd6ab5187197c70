"""``spm doctor``: everything that can be wrong with an installation, and how to mend it."""

import asyncio
import json
import resource
from collections.abc import Awaitable, Mapping
from typing import Annotated, Final

import typer

from chassis.clock import SystemClock
from chassis.errors import BROKEN_WORLD, Misconfigured
from chassis.operators import SERVICES
from chassis.settings import Settings
from cli.doctor import looking
from cli.doctor.brokers import brokers
from cli.doctor.certificates import certificates
from cli.doctor.findings import Finding, State, fault, worst
from cli.doctor.watching import prometheus
from cli.installation import installation, local_doors
from cli.saying import harmless

LOOK_WITHIN_S: Final = 60.0
PROMETHEUS: Final = "prometheus"
EXIT_CODES: Final[Mapping[State, int]] = {State.WELL: 0, State.FAULT: 1, State.WARNING: 2}
_NOTIFYS_FILES: Final = {"webhook_secret", "recipients", "oidc_client_secret"}
_MARKS: Final = {State.WELL: "ok", State.WARNING: "warning", State.FAULT: "FAULT"}

Doors = Annotated[
    list[str] | None,
    typer.Option("--door", metavar="SERVICE=URL", help="Where a service, or prometheus, answers; may be repeated."),
]


def doctor(
    door: Doors = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every finding as one JSON array.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="What is well too.")] = False,
) -> None:
    """Look at everything that can be wrong with an installation, and say how to mend it. Changes nothing.

    Settings, brokers and topics, groups and their lag, dead letters, MongoDB and its indexes, rights, clocks, disks,
    files of keys, certificates, the mail server, the services, Prometheus. Exit code 0: all is well; 1: something must
    be mended; 2: warnings alone.
    """
    try:
        settings = installation("kafka", "mongo", service="intake")
        notify = installation("kafka", "mongo", service="notify")
        doors = dict(_door(text) for text in door) if door else local_doors(*SERVICES, PROMETHEUS)
    except Misconfigured as broken:
        found = [fault("settings", str(broken), "an installation that can be reached", "set what it names")]
    else:
        found = asyncio.run(examine(settings, notify, doors))
    if as_json:
        print(json.dumps([finding.row() for finding in found], indent=2, ensure_ascii=False))
    else:
        _print(found, everything=everything)
    raise typer.Exit(EXIT_CODES[worst(found)])


async def examine(settings: Settings, notify: Settings, doors: Mapping[str, str]) -> list[Finding]:
    """Every look, at once; one that cannot be taken is a finding too. ``notify``: that service's own settings."""
    files_max = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if _is_local(settings) else None
    clock = SystemClock()
    looks: dict[str, Awaitable[list[Finding]]] = {
        "Kafka": looking.kafka(settings, files_max),
        "brokers": brokers(settings),
        "consumer groups": looking.groups(settings),
        "dead letters": looking.dead_letters(settings),
        "MongoDB": looking.mongo(settings, clock),
        "files": looking.files(settings.model_copy(update=notify.model_dump(include=_NOTIFYS_FILES)), clock),
        "certificates": certificates(notify, clock),
        "mail server": asyncio.to_thread(looking.mail, notify, clock),
    }
    for name, url in doors.items():
        looks[name] = prometheus(url) if name == PROMETHEUS else looking.service(name, url.rstrip("/"))
    told = await asyncio.gather(*(_taken(part, look) for part, look in looks.items()))
    for name in SERVICES:
        # One after the other and last: each reads the whole law, and nothing else moves meanwhile.
        own = notify if name == "notify" else settings
        told.append(await _taken(f"indexes of {name}", looking.indexes(own, name)))
    return [finding for findings in told for finding in findings]


async def _taken(part: str, look: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(LOOK_WITHIN_S):
            return await look
    except TimeoutError:
        return [fault(part, f"no answer within {LOOK_WITHIN_S:.0f} s", "an answer", "look whether it runs")]
    except Misconfigured as broken:
        return [fault(part, str(broken), "settings that can be used", "set what it names")]
    except BROKEN_WORLD as error:
        found = f"cannot be asked ({type(error).__name__}: {str(error)[:300]})"
        return [fault(part, found, "an answer", "look whether it runs, at SPM_KAFKA, SPM_MONGO and the rights")]


def _is_local(settings: Settings) -> bool:
    return settings.kafka.startswith(("127.", "localhost"))


def _door(text: str) -> tuple[str, str]:
    name, _, url = text.partition("=")
    if name not in (*SERVICES, PROMETHEUS) or not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"found {text!r}, expected a service and its address: intake=https://…")
    return name, url


def _print(found: list[Finding], *, everything: bool) -> None:
    for finding in sorted(found, key=lambda one: list(_MARKS).index(one.state), reverse=True):
        if finding.state is State.WELL:
            if everything:
                print(harmless(f"{_MARKS[finding.state]:8}{finding.part}: {finding.found}"))
            continue
        print(harmless(f"{_MARKS[finding.state]:8}{finding.part}: {finding.found}; expected {finding.expected}"))
        print(harmless(f"{'':8}→ {finding.mend}"))
    counted = {state: sum(finding.state is state for finding in found) for state in State}
    print(
        f"{counted[State.FAULT]} faults, {counted[State.WARNING]} warnings, {counted[State.WELL]} looks found all well"
    )
