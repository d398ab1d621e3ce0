"""Facebook Login and Instagram Login: consent without a page to click, codes, tokens and their exchange."""

from urllib.parse import urlencode

from ingestion.simulator import graph_errors, tokens
from ingestion.simulator.calls import Call
from ingestion.simulator.graph_errors import GraphError
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Grant, Json, MetaApp
from konectus.errors import Invalid

_REFRESH_FROM = 24 * 3600


def consent(stage: Stage, call: Call) -> str:
    """The address to send the browser back to, with a code. `deny=1` plays somebody who says no.

    With Instagram Login `account` chooses which account of the app consents; the first where it is absent.
    """
    app, back, state = _app(stage, call), call.text("redirect_uri"), call.text("state")
    if call.flag("deny"):
        refused = {"error": "access_denied", "error_reason": "user_denied", "state": state}
        return f"{back}?{urlencode(refused | {'error_description': 'Permissions error'})}"
    code = stage.world.mint.text(40, "code", app.id, len(stage.world.codes))
    stage.world.codes[code] = _grant(stage, app, _consenting(stage, call, app))
    tail = "#_" if app.flavour == "instagram" else ""
    return f"{back}?{urlencode({'code': code, 'state': state})}{tail}"


def _consenting(stage: Stage, call: Call, app: MetaApp) -> Account | None:
    if app.flavour != "instagram":
        return None
    theirs = [a for a in stage.world.accounts.values() if a.app == app.name and call.text("account") in {"", a.id}]
    if not theirs:
        raise Invalid(f"no Instagram account of the app {app.name!r} to consent with")
    return theirs[0]


def _grant(stage: Stage, app: MetaApp, instagram: Account | None) -> Grant:
    mint, now = stage.world.mint, stage.clock.now()
    head = "IGAA" if instagram else "EAA"
    token = head + mint.text(120, "grant", app.id, len(stage.world.grants), len(stage.world.codes))
    user_id = mint.digits(17, "user", app.id, instagram.id if instagram else "")
    return Grant(token, app, user_id, now + tokens.SHORT_LIFE, now, instagram)


def exchange(stage: Stage, call: Call) -> Json:
    """GET /oauth/access_token: a code, or a short token, for a token of 60 days."""
    app = _app(stage, call)
    if call.text("client_secret") not in {app.secret, app.instagram_secret}:
        raise GraphError(1, "Error validating client secret.")
    if call.text("grant_type") == "fb_exchange_token":
        grant = stage.world.grants.get(call.text("fb_exchange_token"))
        if grant is None:
            raise graph_errors.invalid_token()
        grant.expires_at = stage.clock.now() + tokens.LONG_LIFE
    else:
        grant = _redeem(stage, call)
    life = int((grant.expires_at - stage.clock.now()).total_seconds())
    return {"access_token": grant.token, "token_type": "bearer", "expires_in": life}


def exchange_instagram(stage: Stage, call: Call) -> Json:
    """POST api.instagram.com/oauth/access_token. Its user_id is not the one that webhooks use (channels.md 1.6)."""
    app = _app(stage, call)
    if call.text("client_secret") not in {app.secret, app.instagram_secret}:
        raise GraphError(1, "Error validating client secret.")
    grant = _redeem(stage, call)
    if grant.instagram is None:
        raise GraphError(100, "Invalid authorization code")
    grant.instagram.token, grant.instagram.token_expires_at = grant.token, grant.expires_at
    grant.instagram.token_dead = False
    permissions = ",".join(tokens.INSTAGRAM_SCOPES)
    return {"data": [{"access_token": grant.token, "user_id": grant.user_id, "permissions": permissions}]}


def _redeem(stage: Stage, call: Call) -> Grant:
    grant = stage.world.codes.pop(call.text("code").removesuffix("#_"), None)
    if grant is None or stage.clock.now() >= grant.expires_at:
        raise GraphError(100, "This authorization code has been used or is invalid.", 36009)
    stage.world.grants[grant.token] = grant
    return grant


def lengthen_instagram(stage: Stage, call: Call) -> Json:
    """GET graph.instagram.com/access_token?grant_type=ig_exchange_token: one hour becomes 60 days."""
    return _renewed(stage, tokens.holder(stage, call, "instagram"))


def refresh_instagram(stage: Stage, call: Call) -> Json:
    """GET graph.instagram.com/refresh_access_token: only for tokens at least a day old."""
    account = tokens.holder(stage, call, "instagram")
    grant = stage.world.grants.get(account.token)
    if grant is not None and (stage.clock.now() - grant.issued_at).total_seconds() < _REFRESH_FROM:
        raise graph_errors.parameter("The token can be refreshed once it is at least 24 hours old")
    return _renewed(stage, account)


def _renewed(stage: Stage, account: Account) -> Json:
    account.token_expires_at = stage.clock.now() + tokens.LONG_LIFE
    life = int(tokens.LONG_LIFE.total_seconds())
    return {"access_token": account.token, "token_type": "bearer", "expires_in": life}


def pages(stage: Stage, call: Call) -> Json:
    """GET /me/accounts: the Pages of the app whose user this is, each with its token."""
    grant = stage.world.grants.get(call.token)
    if grant is None:
        raise graph_errors.invalid_token()
    if stage.clock.now() >= grant.expires_at:
        raise graph_errors.expired_token()
    tokens.check_proof(call, grant.app)
    theirs = [a for a in stage.world.accounts.values() if a.channel == "messenger" and a.app == grant.app.name]
    return {"data": [_page(stage, page) for page in theirs]}


def _page(stage: Stage, page: Account) -> Json:
    tasks = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]
    told: Json = {"id": page.id, "name": page.name, "access_token": page.token, "tasks": tasks}
    if linked := stage.world.linked_instagram(page.id):
        told["instagram_business_account"] = {"id": linked.id, "username": linked.username}
    return told


def _app(stage: Stage, call: Call) -> MetaApp:
    app = stage.world.app_by_id(call.text("client_id"))
    if app is None:
        raise GraphError(101, "Error validating application. Cannot get application info due to a system error.")
    return app
