"""Results of charges, as a payment provider (or whatever stands before one) tells them: POST /webhooks/payments.

Signed, booked once. What is understood and what becomes of it is services/payment_events.
"""

import logging

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from backoffice.callbacks import signed
from backoffice.deps import TheInstallation
from konectus.services import payment_events
from konectus.services.installation import Installation
from konectus.services.payment_events import Taken
from konectus.services.work import Actor

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)


@router.post("/webhooks/payments")
async def take_payment(request: Request, installation: TheInstallation) -> Response:
    """200 for whatever is signed and JSON, with what became of it: what nobody understands waits for a person."""
    settings = installation.settings
    told = await signed.read(request, settings.payment_webhook_secret, settings.max_webhook_bytes)
    if isinstance(told, Response):
        return told
    address = request.client.host if request.client else None
    taken = await run_in_threadpool(_take, installation, told, (address, request.state.request_id))
    if taken.line:
        log.warning("payment event set aside: %s", taken.line, extra={"outcome": str(taken.outcome)})
    return JSONResponse({"outcome": str(taken.outcome)})


def _take(installation: Installation, told: signed.Told, source: tuple[str | None, str]) -> Taken:
    provider = payment_events.provider_of(told.content)
    with installation.works.system(Actor("provider", provider, provider, *source)) as work:
        return payment_events.take(work, provider, told.content, told.sha256)
