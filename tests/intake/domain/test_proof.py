import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws

from services.intake.domain import kept
from services.intake.domain.proof import Doubt, NotGenuineError, Signer, verified, verified_file
from services.intake.domain.receipt_keys import ReceiptKeys
from tests.intake.reports import ISSUER, SIGNER, received

FACT = SIGNER.signed(received())
RECEIPT = SIGNER.receipt(kept.received(FACT))
FILE = RECEIPT.model_dump_json().encode()
KEYS = SIGNER.keys
SECRET = KEYS.secret()["keys"][0]


def doubt_of(content: bytes, keys: ReceiptKeys = KEYS) -> NotGenuineError:
    with pytest.raises(NotGenuineError) as caught:
        verified_file(content, keys)
    return caught.value


def test_a_receipt_states_the_arrival_and_is_genuine() -> None:
    statement = verified_file(FILE, KEYS).statement
    assert (statement.submission_id, statement.content_digest) == (FACT.submission_id, FACT.content_digest)
    assert (statement.arrived_at, statement.due_at, statement.on_time) == (FACT.arrived_at, FACT.due_at, True)
    assert (statement.iss, statement.iat) == (ISSUER, int(FACT.recorded_at.timestamp()))


def test_anybody_can_check_it_with_a_library_of_their_own() -> None:
    head, payload, signature = RECEIPT.proof.split(".")
    key = Ed25519PublicKey.from_public_bytes(_bytes(KEYS.public()["keys"][0]["x"]))
    key.verify(_bytes(signature), f"{head}.{payload}".encode())
    assert json.loads(_bytes(head)) == {"alg": "Ed25519", "kid": KEYS.ids[0], "typ": "spm-receipt+jwt"}


def test_the_id_of_a_key_is_its_thumbprint() -> None:
    """That of the example key is printed in RFC 8037, appendix A.3."""
    assert KEYS.ids == ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]


def test_every_altered_byte_is_found() -> None:
    for place in range(len(FILE)):
        for bits in (0x01, 0x20, 0x80):
            altered = bytearray(FILE)
            altered[place] ^= bits
            doubt_of(bytes(altered))


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", FILE[:-1], FILE + b"\n", b"[" * 9_000, FILE * 20])
def test_what_is_no_receipt_is_refused_with_a_sentence(content: bytes) -> None:
    assert doubt_of(content).doubt in {Doubt.UNREADABLE, Doubt.FORM}


def test_the_altered_member_is_named_with_what_was_signed() -> None:
    fault = doubt_of(FILE.replace(b'"on_time":true', b'"on_time":false'))
    assert (fault.doubt, str(fault)) == (Doubt.MEMBER, "on_time: the file says false, signed was true")


@pytest.mark.parametrize("change", [{"note": "added"}, {"status": "scored"}])
def test_a_member_that_was_never_signed_is_named(change: dict[str, Any]) -> None:
    fault = doubt_of(json.dumps(json.loads(FILE) | change, separators=(",", ":")).encode())
    assert (fault.doubt, str(fault).partition(":")[0]) == (Doubt.MEMBER, *change)


def test_a_file_that_was_written_again_says_that_only_its_form_differs() -> None:
    assert doubt_of(json.dumps(json.loads(FILE), indent=2).encode()).doubt is Doubt.FORM


def test_the_same_facts_in_another_signature_are_not_taken() -> None:
    """The last letter of a signature has four bits that decode to nothing."""
    head, _, last = FILE.rpartition(RECEIPT.proof[-1:].encode() + b'"}')
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    following = letters[letters.index(RECEIPT.proof[-1].encode()) ^ 1 :][:1]
    assert last == b""
    assert doubt_of(head + following + b'"}').doubt is Doubt.UNREADABLE


def test_a_receipt_outlives_the_rotation_of_its_key_and_not_its_removal() -> None:
    rotated = KEYS.rotated()
    assert verified_file(FILE, rotated).key_id == KEYS.ids[0]
    removed = ReceiptKeys.parse(json.dumps({"keys": rotated.public()["keys"][:1]}).encode())
    fault = doubt_of(FILE, removed)
    assert fault.doubt is Doubt.UNKNOWN_KEY
    assert KEYS.ids[0] in str(fault)
    assert rotated.ids[0] in str(fault)


def test_a_rotated_set_signs_with_its_new_key_and_forgets_the_old_secret() -> None:
    rotated = ReceiptKeys.parse(json.dumps(KEYS.rotated().secret()).encode())
    again = Signer(rotated, ISSUER)
    assert verified(again.receipt(kept.received(received())).proof, rotated).key_id == rotated.ids[0] != KEYS.ids[0]
    assert [("d" in key) for key in rotated.secret()["keys"]] == [True, False]


def test_public_keys_hold_no_secret() -> None:
    assert [set(key) for key in KEYS.public()["keys"]] == [{"kid", "kty", "crv", "x", "use", "alg"}]


def test_what_was_handed_out_stays_whatever_key_signs_now() -> None:
    document = kept.received(FACT)
    assert Signer(KEYS.rotated(), "https://moved.example").receipt(document).proof == RECEIPT.proof


def test_what_a_key_signed_that_is_no_longer_in_force_is_signed_again() -> None:
    document, keys = kept.received(FACT), ReceiptKeys.new()
    assert verified(Signer(keys, ISSUER).receipt(document).proof, keys).key_id == keys.ids[0]


def test_a_report_from_before_receipts_were_signed_gets_the_same_proof_at_each_question() -> None:
    unsigned = kept.received(received())
    assert "receipt" not in unsigned["received"]
    assert SIGNER.receipt(unsigned) == SIGNER.receipt(unsigned) == RECEIPT


@pytest.mark.parametrize(
    "text",
    [
        b"no json",
        b"[]",
        b'{"keys": []}',
        b'{"keys": [{"kty": "RSA"}]}',
        b'{"keys": [{"kty": "OKP", "crv": "Ed448", "x": "AA"}]}',
        b'{"keys": [{"kty": "OKP", "crv": "Ed25519"}]}',
        b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]}',
        b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": 7}]}',
        json.dumps({"keys": [SECRET | {"x": ReceiptKeys.new().secret()["keys"][0]["x"]}]}).encode(),
    ],
)
def test_a_file_of_keys_that_cannot_be_used_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"expected|keys/0|Expecting"):
        ReceiptKeys.parse(text)


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {"typ": "JWT"}, {"kid": 7}, {"kid": None}]
)
def test_another_algorithm_kind_or_key_id_in_the_head_is_refused(header: dict[str, Any]) -> None:
    head, payload, signature = RECEIPT.proof.split(".")
    forged = json.dumps(json.loads(_bytes(head)) | header).encode()
    proof = ".".join((urlsafe_b64encode(forged).rstrip(b"=").decode(), payload, signature))
    with pytest.raises(NotGenuineError):
        verified(proof, KEYS)


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", None])
def test_what_the_same_key_signed_for_another_purpose_is_no_receipt(kind: str | None) -> None:
    header = {"alg": "Ed25519", "kid": KEYS.ids[0]} | ({"typ": kind} if kind else {})
    payload = _bytes(RECEIPT.proof.split(".")[1])
    with pytest.raises(NotGenuineError, match="is no receipt"):
        verified(jws.serialize_compact(header, payload, KEYS.signing, algorithms=["Ed25519"]), KEYS)


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_proof_is_what_a_library_for_jws_writes() -> None:
    head, payload, _ = RECEIPT.proof.split(".")
    assert RECEIPT.proof == jws.serialize_compact(
        json.loads(_bytes(head)), _bytes(payload), KEYS.signing, algorithms=["Ed25519"]
    )
