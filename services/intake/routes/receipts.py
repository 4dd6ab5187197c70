"""The doors at which receipts are got again, and the keys with which anybody checks them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse

from chassis.access import KeyRow
from chassis.errors import Misconfigured
from chassis.events import JSON
from chassis.http import requires_on_page
from chassis.problems import Problem
from chassis.settings import Settings
from services.intake.domain.proof import Signer
from services.intake.domain.receipt_keys import ReceiptKeys
from services.intake.domain.status import Receipt
from services.intake.routes.openapi import problems
from services.intake.routes.reading import own_report
from services.intake.routes.stories import READ
from services.intake.store.submissions import Store

JWKS: Final = "/.well-known/jwks.json"
_JWKS_TYPE: Final = "application/jwk-set+json"
_KEYS_KEPT_S: Final = 300
_REFUSED: Final = problems("unauthenticated", "forbidden", "not-found", "unprocessable-request", "unavailable")


def router(store: Store, signer: Signer) -> APIRouter:
    routes = APIRouter(tags=["receipts"])
    keys = signer.keys.public()

    @routes.get(
        "/v1/submissions/{submission_id}/receipt",
        summary="The receipt as it was handed out",
        description="Byte for byte what the hand-in was answered with; `spm receipt verify` checks it offline.",
        response_model=Receipt,
        responses=_REFUSED,
    )
    async def receipt(
        submission_id: Annotated[str, Path(max_length=128)], caller: Annotated[KeyRow, requires_on_page(READ)]
    ) -> Response:
        document = await own_report(store, submission_id, caller)
        if document is None:
            raise Problem(404, "not-found", "No report has this id.")
        return Response(signer.receipt(document).model_dump_json(), media_type=JSON, headers=as_file(document))

    @routes.get(
        JWKS,
        summary="The public keys of receipts",
        description="A JWK set (RFC 7517): the key that signs now, and those that signed before and still hold.",
        response_class=JSONResponse,
        responses={200: {"content": {_JWKS_TYPE: {"schema": {"type": "object"}}}}},
    )
    async def jwks() -> Response:
        cache = {"Cache-Control": f"public, max-age={_KEYS_KEPT_S}"}
        return JSONResponse(keys, media_type=_JWKS_TYPE, headers=cache)

    return routes


def as_file(document: dict[str, Any]) -> dict[str, str]:
    name = f"tanda-terima-{document['region_code']}-{document['period']}-{document['_id'][:8]}.json"
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def signer_of(settings: Settings) -> Signer:
    """Raises:
    Misconfigured: no key signs receipts. One made up here would be gone at the next start, its receipts worth nothing.
    """
    path = settings.receipt_keys
    if path is None:
        raise Misconfigured("SPM_RECEIPT_KEYS names no file with the key that signs receipts: spm receipt keygen FILE")
    try:
        keys = ReceiptKeys.parse(path.read_bytes())
    except OSError as error:
        raise Misconfigured(f"SPM_RECEIPT_KEYS: {path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise Misconfigured(f"SPM_RECEIPT_KEYS: {path}: {error}") from None
    if not keys.can_sign:
        raise Misconfigured(f"SPM_RECEIPT_KEYS: {path}: the first key has no private part and cannot sign")
    return Signer(keys, settings.intake_url)
