from base64 import b64decode
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chassis.clock import SystemClock
from chassis.errors import Misconfigured
from contracts.recipient import Channel, RecipientChangedV1, Role, Scheme, SigningKey
from services.notify.webhooks.signing import Signer

BEFORE = SystemClock().now()
BODY = '{"type":"test.v1","data":{"region_name":"Kota Contoh é"}}'.encode()
SIGNER = Signer(b"s" * 32)
FIRST = SigningKey(number=1, since=BEFORE)


def endpoint(scheme: Scheme, *keys: SigningKey, recipient_id: str = "w-0000000000000001") -> RecipientChangedV1:
    return RecipientChangedV1(
        recipient_id=recipient_id,
        revision=1,
        region_code="64.71",
        role=Role.SYSTEM,
        channel=Channel.WEBHOOK,
        address="https://hooks.example/spm",
        scheme=scheme,
        keys=keys or (FIRST,),
        active_from=BEFORE,
        changed_at=BEFORE,
        changed_by="region-64.71",
    )


def now() -> datetime:
    """The official library holds a delivery against the time of its own clock."""
    return SystemClock().now()


def headers(row: RecipientChangedV1, at: datetime | None = None) -> dict[str, str]:
    return SIGNER.headers(row, webhook_id="notice-1", body=BODY, at=at or now())


def ed25519_holds(shown: str, sent: dict[str, str], body: bytes = BODY) -> bool:
    key = Ed25519PublicKey.from_public_bytes(b64decode(shown.removeprefix("whpk_")))
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
    for signature in sent["webhook-signature"].split():
        version, _, text = signature.partition(",")
        assert version == "v1a"
        try:
            key.verify(b64decode(text), signed)
        except InvalidSignature:
            continue
        return True
    return False


def test_the_official_library_verifies_a_shared_secret() -> None:
    row = endpoint(Scheme.SYMMETRIC)
    shown = SIGNER.shown(row, FIRST)
    assert shown.startswith("whsec_")
    assert Webhook(shown).verify(BODY, headers(row))["type"] == "test.v1"


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body"])
def test_the_official_library_refuses_what_was_tampered_with(changed: str) -> None:
    row = endpoint(Scheme.SYMMETRIC)
    sent = headers(row)
    if changed in sent:
        sent[changed] = "notice-2" if changed == "webhook-id" else str(int(sent[changed]) + 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(SIGNER.shown(row, FIRST)).verify(BODY if changed in sent else BODY + b" ", sent)


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_the_official_library_refuses_a_stale_delivery(age: timedelta) -> None:
    row = endpoint(Scheme.SYMMETRIC)
    with pytest.raises(WebhookVerificationError):
        Webhook(SIGNER.shown(row, FIRST)).verify(BODY, headers(row, now() - age))


def test_a_public_key_verifies_and_fails_on_another_body() -> None:
    row = endpoint(Scheme.ASYMMETRIC)
    shown = SIGNER.shown(row, FIRST)
    assert shown.startswith("whpk_")
    assert ed25519_holds(shown, headers(row))
    assert not ed25519_holds(shown, headers(row), BODY + b" ")


@pytest.mark.parametrize("scheme", Scheme)
def test_both_keys_sign_while_a_rotation_lasts_and_the_new_one_alone_afterwards(scheme: Scheme) -> None:
    rotated = now()
    old = FIRST.model_copy(update={"until": rotated + timedelta(hours=24)})
    new = SigningKey(number=2, since=rotated)
    row = endpoint(scheme, old, new)

    during, after = headers(row, rotated), headers(row, rotated + timedelta(hours=24))

    assert len(during["webhook-signature"].split()) == 2
    assert len(after["webhook-signature"].split()) == 1
    assert SIGNER.shown(row, old) != SIGNER.shown(row, new)
    if scheme is Scheme.SYMMETRIC:
        for key in (old, new):
            Webhook(SIGNER.shown(row, key)).verify(BODY, during)
    else:
        assert all(ed25519_holds(SIGNER.shown(row, key), during) for key in (old, new))
        assert not ed25519_holds(SIGNER.shown(row, old), after)


def test_a_key_follows_from_the_secret_the_endpoint_and_its_number_alone() -> None:
    row, other = endpoint(Scheme.SYMMETRIC), endpoint(Scheme.SYMMETRIC, recipient_id="w-0000000000000002")
    shown = {
        SIGNER.shown(row, FIRST),
        SIGNER.shown(other, FIRST),
        SIGNER.shown(row, FIRST.model_copy(update={"number": 2})),
        Signer(b"t" * 32).shown(row, FIRST),
    }
    assert len(shown) == 4
    assert Signer(b"s" * 32).shown(row, FIRST) == SIGNER.shown(row, FIRST)
    assert "ssss" not in repr(SIGNER)


def test_no_file_is_no_webhooks_and_a_file_that_is_no_secret_stops_the_service(tmp_path: Path) -> None:
    assert Signer.read(None) is None
    short = tmp_path / "short"
    short.write_bytes(b"x" * 31)
    with pytest.raises(Misconfigured, match=r"SPM_WEBHOOK_SECRET.*31 bytes"):
        Signer.read(short)
    with pytest.raises(Misconfigured, match=r"SPM_WEBHOOK_SECRET.*cannot be read"):
        Signer.read(tmp_path / "absent")
