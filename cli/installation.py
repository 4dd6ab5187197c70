"""Which installation a command speaks to."""

from typing import Literal

from chassis.errors import Misconfigured
from chassis.settings import Settings, read_settings
from cli.stack import plain_errors
from deploy.local.settings import LocalSettings

Engine = Literal["kafka", "mongo"]


def local_doors(*names: str) -> dict[str, str]:
    """Where these parts of the local stack answer, so far as it has them; empty when none was ever started here."""
    with plain_errors():
        from deploy.local import stack  # noqa: PLC0415 - as below

        return {
            name: address for name, address in stack.addresses(stack.FOLDER, LocalSettings()).items() if name in names
        }


def installation(*engines: Engine, service: str | None = None) -> Settings:
    """The one whose engines the environment names, else the stack that was started here, with a service's settings.

    Raises:
        Misconfigured: neither.
    """
    settings = read_settings()
    if settings.model_fields_set.issuperset(engines):
        return settings
    with plain_errors():
        from deploy.local import stack  # noqa: PLC0415 - an installation elsewhere has no local engines

        placed = stack.addresses(stack.FOLDER, LocalSettings())
        given = stack.environment_of(service, stack.FOLDER, LocalSettings()) if service else {}
    if not placed:
        names = " and ".join(f"SPM_{engine.upper()}" for engine in engines)
        raise Misconfigured(f"Nothing was ever started here, and {names} name no other installation.")
    of_service = {name.removeprefix("SPM_").lower(): text for name, text in given.items() if name.startswith("SPM_")}
    engines_here = {"kafka": placed["kafka"], "mongo": placed["mongodb"]}
    return Settings.model_validate(settings.model_dump() | of_service | engines_here)
