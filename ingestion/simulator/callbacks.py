"""What Meta calls beside events: the subscription check, deauthorise and data deletion."""

import base64
import hashlib
import hmac
import json

import httpx

from ingestion.simulator import updates
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Json, MetaApp

_ANSWER_WITHIN = 10.0


async def verify(stage: Stage, app: MetaApp) -> Json:
    """GET with hub.challenge, as when the address is saved on the dashboard."""
    challenge = stage.world.mint.digits(10, "challenge", app.id, len(stage.calls))
    params = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": app.verify_token}
    try:
        answer = await stage.courier.http.get(app.webhook_url, params=params, timeout=_ANSWER_WITHIN)
    except httpx.HTTPError as trouble:
        return {"status": None, "echoed": False, "error": type(trouble).__name__}
    return {"status": answer.status_code, "echoed": answer.text == challenge}


async def call_back(stage: Stage, app: MetaApp, user_id: str, purpose: str) -> Json:
    """POST a signed_request to …/deauthorize or …/data-deletion."""
    facts = {"user_id": user_id, "algorithm": "HMAC-SHA256", "issued_at": updates.seconds(stage.clock.now())}
    form = {"signed_request": signed_request(facts, app.signing_secret)}
    answer = await stage.courier.http.post(f"{app.webhook_url}/{purpose}", data=form, timeout=_ANSWER_WITHIN)
    return {"status": answer.status_code, "body": answer.text}


def signed_request(facts: Json, secret: str) -> str:
    """base64url of the raw digest, a dot, base64url of the JSON; both without padding."""
    payload = _encoded(json.dumps(facts).encode())
    return f"{_encoded(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest())}.{payload}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
