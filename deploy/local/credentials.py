"""The API keys of a local stack: hashed for the services, plain for the person who tries it out."""

import json
import secrets
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from chassis.access import EVERY_REGION, issue_key
from services.intake.domain.receipt_keys import ReceiptKeys

_TOLD_SCOPES = ("recipients:read", "recipients:write", "webhooks:read", "webhooks:write")
_REGION_SCOPES = (
    *("submissions:write", "submissions:read", "scorecards:read", "notices:read", "awards:read"),
    *_TOLD_SCOPES,
)
_SECRET_BYTES = 32

# Client, region and scopes of each key.
CLIENTS = (
    (
        "secretariat",
        EVERY_REGION,
        (
            *("periods:write", "awards:write", "awards:read", "submissions:read", "scorecards:read", "notices:read"),
            *_TOLD_SCOPES,
        ),
    ),
    (
        "operator",
        EVERY_REGION,
        ("keys:write", "audit:read", "submissions:read", "operations:read", "operations:write"),
    ),
    ("importer", EVERY_REGION, ("submissions:write", "submissions:import", "submissions:read")),
    ("panel-entry", EVERY_REGION, ("awards:score", "awards:read")),
    ("panel-check", EVERY_REGION, ("awards:score", "awards:read")),
    ("region-32", "32", _REGION_SCOPES),
    ("region-64.71", "64.71", _REGION_SCOPES),
)


def keys_file(folder: Path) -> Path:
    return folder / "keys.json"


def receipt_keys_file(folder: Path) -> Path:
    """The private key with which intake signs receipts."""
    return folder / "receipt-keys.json"


def webhook_secret_file(folder: Path) -> Path:
    """The secret from which notify's webhook keys follow."""
    return folder / "webhook-secret.json"


def credentials_file(folder: Path) -> Path:
    """A JSON object: the token of each client."""
    return folder / "credentials.json"


def issue_once(folder: Path) -> None:
    """Write the files, unless they exist: keys that were handed out stay in force, receipts can be checked."""
    if not receipt_keys_file(folder).exists():
        write_private(receipt_keys_file(folder), ReceiptKeys.new().secret())
    if not webhook_secret_file(folder).exists():
        write_private(webhook_secret_file(folder), secrets.token_urlsafe(_SECRET_BYTES))
    if keys_file(folder).exists() and credentials_file(folder).exists():
        return
    issued = {client: issue_key(client, scopes, region) for client, region, scopes in CLIENTS}
    write_private(credentials_file(folder), {client: token for client, (token, _) in issued.items()})
    write_private(keys_file(folder), [row.model_dump(mode="json") for _, row in issued.values()])


def write_private(file: Path, content: object) -> None:
    """As JSON, whole or not at all, for its owner alone."""
    with TemporaryDirectory(dir=file.parent) as folder:
        # In a folder that nobody else enters there is no file of somebody else's to write into.
        unfinished = Path(folder) / file.name
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(file)


if __name__ == "__main__":
    made = Path(sys.argv[1])
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    issue_once(made)
