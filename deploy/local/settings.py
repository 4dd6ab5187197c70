"""What the local stack is told by the environment, each as ``SPM_<NAME>``."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Field(None, ge=1, le=65_535)


class LocalSettings(BaseSettings):
    """None stands for "not demanded": an engine is started, a port is chosen."""

    model_config = SettingsConfigDict(env_prefix="SPM_", env_ignore_empty=True, frozen=True, extra="ignore")

    kafka: str | None = Field(None, description="Bootstrap servers of a Kafka that runs elsewhere.")
    mongo: str | None = Field(None, repr=False, description="URI of a MongoDB replica set that runs elsewhere.")
    smtp: str | None = Field(None, repr=False, description="URL of a mail server that runs elsewhere.")
    port_kafka: int | None = Port
    port_kafka_controller: int | None = Port
    port_mongo: int | None = Port
    port_smtp: int | None = Port
    port_intake: int | None = Port
    port_validation: int | None = Port
    port_scoring: int | None = Port
    port_notify: int | None = Port
    port_desk: int | None = Port
    port_prometheus: int | None = Port
    prometheus: Path | None = Field(None, description="The program of Prometheus; else the one on the path, if any.")
    cache: Path | None = Field(None, description="Where Kafka's jars are kept, outside the clone.")
    caches_of_user: Path = Field(default_factory=lambda: Path.home() / ".cache", validation_alias="XDG_CACHE_HOME")

    @property
    def cache_folder(self) -> Path:
        return self.cache or self.caches_of_user / "spm-awards"
