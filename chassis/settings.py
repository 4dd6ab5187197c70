"""The only reader of the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.errors import Misconfigured


class Settings(BaseSettings):
    """Every setting of every service; each is the environment variable ``SPM_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="SPM_", frozen=True, extra="ignore")

    kafka: str = Field("127.0.0.1:9092", description="Bootstrap servers, host:port,…")
    kafka_prefix: str = Field("", pattern=r"^([a-z0-9-]{1,40}-)?$", description="Begins each topic and group name.")
    kafka_replication: int = Field(1, ge=1, le=9, description="Copies of each topic that is made; 3 in production.")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: str | None = Field(None, repr=False)
    kafka_ca_file: Path | None = Field(None, description="CA bundle for SSL; the system's where not given.")
    kafka_idempotent: bool = Field(default=True, description="Let the broker drop what a producer sends twice.")
    mongo: str = Field("mongodb://127.0.0.1:27017/?directConnection=true", repr=False)
    mongo_driver: Literal["motor", "pymongo"] = "motor"
    mongo_prefix: str = Field("spm_", pattern=r"^[a-z0-9_]{0,20}$", description="Begins each database's name.")
    smtp: str = Field("smtp://127.0.0.1:8025", repr=False, description="smtp:// or smtps://, user:password@ if needed.")
    mail_from: str = "SPM Awards <spm@example.invalid>"
    bounce_domain: str | None = Field(
        None,
        pattern=r"^[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$",
        description="Takes returned mail at bounces+<notice>@; without it mail returns to SPM_MAIL_FROM.",
    )
    mail_attempts_max: int = Field(12, ge=1, le=100)
    smtp_tls_required: bool = Field(default=False, description="Send no mail to a server without TLS.")
    smtp_ca_file: Path | None = Field(None, description="CA bundle for the mail server; the system's where not given.")
    http_host: str = "127.0.0.1"
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(
        None, ge=1, le=65_535, description="Where /metrics is, for operators alone; without it at http_port."
    )
    http_port: int = Field(8080, ge=0, le=65_535)
    public_url: str = Field("http://127.0.0.1:8083", description="Where officials reach notify's pages.")
    rules_url: str = Field("http://127.0.0.1:8081/rules", description="Where validation's pages of the rules stand.")
    intake_url: str = Field("http://127.0.0.1:8080", description="Where everybody reaches intake; receipts name it.")
    receipt_keys: Path | None = Field(None, description="JWK set that signs receipts; intake does not start without.")
    page_notice: str = Field("", max_length=300, description="Heads each public page: «Indonesian / English».")
    api_keys: Path | None = Field(None, description="JSON file with the hashed API keys.")
    rate_limit: int = Field(6_000, ge=1, le=1_000_000, description="Requests a minute of a client, at each process.")
    failed_keys_limit: int = Field(
        120, ge=1, le=1_000_000, description="Unknown keys a minute from one address before 429 instead of 401."
    )
    key_days_max: int = Field(400, ge=1, le=3_660, description="How long a key that is issued may live, and does.")
    oauth_issuer: str | None = Field(None, description="Whose access tokens (RFC 9068) are taken beside API keys.")
    oauth_audience: str | None = Field(None, description="The name by which that issuer means this installation.")
    oauth_jwks: str | None = Field(None, description="The issuer's public keys: a file, or an https:// URL.")
    escalate_after_days: int = Field(
        3, ge=1, le=60, description="So long an office has to acknowledge a notice before the next is told. Ours."
    )
    session_idle_hours: int = Field(
        8, ge=1, le=72, description="An official who did nothing for so long signs in anew."
    )
    oidc_issuer: str | None = Field(None, description="Where officials may sign in beside one-time links.")
    oidc_client_id: str | None = Field(None, description="Our name at that issuer.")
    oidc_client_secret: Path | None = Field(None, description="File with our secret at that issuer.")
    recipients: Path | None = Field(None, description="JSON file with the officials' addresses.")
    emblem: Path | None = Field(None, description="PNG or JPEG that stands at the head of certificates.")
    webhook_secret: Path | None = Field(None, description="File with 32 random bytes or more; without it, no webhooks.")
    webhook_networks: str = Field("", description="Networks beside the public ones that webhooks may lie in.")
    webhook_ca_file: Path | None = Field(None, description="CA bundle for webhooks; the system's where not given.")
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^/?#\s@]+(/[^?#\s]*)?$",
        description="A collector that takes OTLP over HTTP, http://host:4318; turns tracing on.",
    )
    replica: str | None = Field(None, description="This replica's lasting name; makes restarts free of rebalances.")
    batch_records: int = Field(500, ge=1, le=2_000)
    batch_wait_ms: int = Field(50, ge=1, le=5_000)
    retry_delay_s_max: float = Field(10.0, gt=0, le=300)
    stop_wait_s: float = Field(20.0, gt=0, le=300, description="How long a batch in hand may take at SIGTERM.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class _Secrets(BaseSettings):
    """Where settings stand that must not stand in the environment, each in a file with its variable's name."""

    model_config = SettingsConfigDict(env_prefix="SPM_", frozen=True, extra="ignore")

    secrets_dir: Path | None = None


def secrets_folder() -> Path | None:
    """The folder of ``SPM_SECRETS_DIR``; None where it names none.

    Raises:
        Misconfigured: it is not there.
    """
    folder = _Secrets().secrets_dir
    if folder is not None and not folder.is_dir():
        raise Misconfigured(f"SPM_SECRETS_DIR is {folder}, and no such folder is there. Mount it, or unset it.")
    return folder


def read_settings() -> Settings:
    """The settings as the environment gives them, and the files of ``SPM_SECRETS_DIR`` where it gives none.

    Such a folder is what Docker and Kubernetes mount: ``spm_kafka_password`` is SPM_KAFKA_PASSWORD.

    Raises:
        Misconfigured: a variable's value is not of its kind; names each one. The folder is none.
    """
    try:
        return Settings(_secrets_dir=secrets_folder())
    except ValidationError as error:
        faults = "; ".join(
            f"SPM_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}, found {fault['input']!r}"
            for fault in error.errors()
        )
        raise Misconfigured(f"Settings cannot be used: {faults}") from None
