"""Who a Meta token belongs to, whether it still lives, and its proof. Bot tokens are elsewhere."""

import hashlib
import hmac
from datetime import datetime, timedelta

from ingestion.simulator import graph_errors
from ingestion.simulator.calls import Call
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Json, MetaApp

LONG_LIFE = timedelta(days=60)
SHORT_LIFE = timedelta(hours=1)
PAGE_SCOPES = ("pages_show_list", "pages_messaging", "pages_manage_metadata", "pages_read_engagement",
               "instagram_basic", "instagram_manage_messages", "business_management")  # fmt: skip
INSTAGRAM_SCOPES = ("instagram_business_basic", "instagram_business_manage_messages")


def holder(stage: Stage, call: Call, channel: str) -> Account:
    """The Page or Instagram-Login account whose token this is. Raises GraphError where it is none or dead."""
    if not call.token:
        raise graph_errors.no_token()
    owners = (a for a in stage.world.accounts.values() if a.channel == channel and not a.page)
    account = next((a for a in owners if hmac.compare_digest(a.token.encode(), call.token.encode())), None)
    if account is None:
        raise graph_errors.invalid_token()
    if is_dead(stage, account):
        raise graph_errors.expired_token(account.dead_subcode)
    check_proof(call, stage.world.apps.get(account.app))
    return account


def is_dead(stage: Stage, account: Account) -> bool:
    ended = account.token_expires_at is not None and stage.clock.now() >= account.token_expires_at
    return account.token_dead or ended


def age(stage: Stage, account: Account, by: timedelta) -> None:
    """The token of an account is that much older: its end comes nearer, and it may be refreshed that much sooner."""
    ends = account.token_expires_at or stage.clock.now() + LONG_LIFE
    account.token_expires_at = ends - by
    grant = stage.world.grants.get(account.token)
    if grant is not None:
        grant.issued_at -= by
        grant.expires_at -= by


def check_proof(call: Call, app: MetaApp | None) -> None:
    """A proof is optional; a wrong one is refused."""
    proof = call.text("appsecret_proof")
    if not proof or app is None:
        return
    for secret in filter(None, (app.secret, app.instagram_secret)):
        right = hmac.new(secret.encode(), call.token.encode(), hashlib.sha256).hexdigest()
        if hmac.compare_digest(right.encode(), proof.encode()):
            return
    raise graph_errors.bad_proof()


def debug(stage: Stage, call: Call) -> Json:
    """GET /debug_token: what is known about the token that was put in."""
    if not _may_ask(stage, call.token):
        raise graph_errors.invalid_token()
    asked = call.text("input_token")
    grant = stage.world.grants.get(asked)
    if grant is not None:
        return {"data": _facts(stage, grant.app, "USER", grant.expires_at) | {"user_id": grant.user_id}}
    account = next((a for a in stage.world.accounts.values() if a.token and a.token == asked and not a.page), None)
    if account is None:
        error = {"code": 190, "message": "Invalid OAuth access token data."}
        return {"data": {"is_valid": False, "scopes": [], "error": error}}
    app = stage.world.app(account.app)
    data = _facts(stage, app, "PAGE", account.token_expires_at) | {"profile_id": account.id}
    data["user_id"] = stage.world.mint.digits(15, "owner", account.id)
    if is_dead(stage, account):
        error = {"code": 190, "message": "Error validating access token: Session has expired", "subcode": 463}
        data |= {"is_valid": False, "error": error}
    return {"data": data}


def _may_ask(stage: Stage, token: str) -> bool:
    app_tokens = {f"{app.id}|{app.secret}" for app in stage.world.apps.values()}
    return (
        token in app_tokens
        or token in stage.world.grants
        or any(a.token == token for a in stage.world.accounts.values())
    )


def _facts(stage: Stage, app: MetaApp, kind: str, expires_at: datetime | None) -> Json:
    scopes = INSTAGRAM_SCOPES if app.flavour == "instagram" else PAGE_SCOPES
    return {
        "app_id": app.id,
        "type": kind,
        "application": app.name,
        "is_valid": expires_at is None or stage.clock.now() < expires_at,
        "scopes": list(scopes),
        "granular_scopes": [{"scope": scope} for scope in scopes],
        "expires_at": int(expires_at.timestamp()) if expires_at else 0,
        "data_access_expires_at": int((stage.clock.now() + timedelta(days=90)).timestamp()),
    }
