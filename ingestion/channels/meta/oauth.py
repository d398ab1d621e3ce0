"""Meta's logins: codes and tokens, their exchange and renewal, the Pages of a person. Sending and events are elsewhere.

Where Meta documents a GET with secrets in its query (channels.md 1.5, 1.6) it is made so; logs see it scrubbed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from ingestion.channels.meta.errors import error_of
from ingestion.channels.meta.graph import VERSION
from ingestion.channels.meta.signatures import proof
from ingestion.channels.port.calls import Answer, perform
from ingestion.channels.port.failures import Action, Permanent
from ingestion.channels.port.reading import id_of, instant_of, list_of, mapping_of, number_of, text_of

_LONGEST_LIFE = 3650 * 86400
_MOST_PAGES = 20
# Sending and reading; subscribing.
TASKS = ("MESSAGING", "MODERATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppLogin:
    """One Meta app and the hosts of its login."""

    app_id: str
    login_id: str
    secret: str = field(repr=False)
    graph: str
    code_host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserToken:
    """A person's token. `user_id` is scoped to the app; None where the answer does not name it."""

    secret: str = field(repr=False)
    user_id: str | None = None
    lives: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A Page of a person, with its own token, and the Instagram account that hangs on it."""

    id: str
    name: str
    secret: str = field(repr=False)
    missing: tuple[str, ...] = ()
    instagram: str | None = None
    instagram_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the channel says about a token. `ends_at`: when it, or what it may see, is over; None = no date."""

    valid: bool
    user_id: str | None
    ends_at: datetime | None
    scopes: frozenset[str]


def redeem(http: httpx.Client, login: AppLogin, redirect: str, code: str) -> UserToken:
    """Facebook Login: the code for a token, and that for one of about 60 days."""
    path = f"{login.graph}/{VERSION}/oauth/access_token"
    who = {"client_id": login.login_id, "client_secret": login.secret}
    short = _token(_get(http, path, {**who, "redirect_uri": redirect, "code": code}))
    longer = {**who, "grant_type": "fb_exchange_token", "fb_exchange_token": short.secret}
    return _token(_get(http, path, longer))


def redeem_instagram(http: httpx.Client, login: AppLogin, redirect: str, code: str) -> UserToken:
    """Instagram Login: the code for a token of an hour, and that for one of 60 days; `user_id` is who granted."""
    form = {
        "client_id": login.login_id,
        "client_secret": login.secret,
        "grant_type": "authorization_code",
        "redirect_uri": redirect,
        "code": code,
    }
    answer = _checked(http, http.build_request("POST", f"{login.code_host}/oauth/access_token", data=form))
    # Documented as a list of one; older answers are flat.
    told = mapping_of(next(iter(list_of(answer.body.get("data"))), answer.body))
    short, user = text_of(told.get("access_token")), id_of(told.get("user_id"))
    if short is None:
        raise Permanent("no access_token", action=Action.REFUSED)
    query = {"grant_type": "ig_exchange_token", "client_secret": login.secret, "access_token": short}
    long = _token(_get(http, f"{login.graph}/access_token", query))
    return UserToken(secret=long.secret, user_id=user, lives=long.lives)


def refresh_instagram(http: httpx.Client, graph: str, token: str) -> UserToken:
    """60 days more, for a token that is a day old and still lives."""
    query = {"grant_type": "ig_refresh_token", "access_token": token}
    return _token(_get(http, f"{graph.rstrip('/')}/refresh_access_token", query))


def pages(http: httpx.Client, login: AppLogin, token: str) -> list[Page]:
    """The Pages of a person, all of them."""
    found: list[Page] = []
    fields = "id,name,access_token,tasks,instagram_business_account{id,username}"
    query = {"fields": fields, "limit": "100", "appsecret_proof": proof(login.secret, token)}
    for _ in range(_MOST_PAGES):
        answer = _get(http, f"{login.graph}/{VERSION}/me/accounts", query, token)
        found += [page for row in list_of(answer.body.get("data")) if (page := _page(mapping_of(row)))]
        cursors = mapping_of(mapping_of(answer.body.get("paging")).get("cursors"))
        after = text_of(cursors.get("after"))
        if after is None or "next" not in mapping_of(answer.body.get("paging")):
            break
        query["after"] = after
    return found


def facts(http: httpx.Client, login: AppLogin, token: str) -> Facts:
    """GET /debug_token with the app's own token."""
    answer = _get(
        http, f"{login.graph}/{VERSION}/debug_token", {"input_token": token}, f"{login.app_id}|{login.secret}"
    )
    told = mapping_of(answer.body.get("data"))
    # Zero says that there is no date.
    ends = [
        at
        for key in ("expires_at", "data_access_expires_at")
        if number_of(told.get(key)) and (at := instant_of(told.get(key)))
    ]
    scopes = frozenset(scope for scope in list_of_text(told.get("scopes")))
    return Facts(
        valid=told.get("is_valid") is True,
        user_id=id_of(told.get("user_id")),
        ends_at=min(ends, default=None),
        scopes=scopes,
    )


def list_of_text(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _page(told: Mapping[str, object]) -> Page | None:
    page, secret = id_of(told.get("id")), text_of(told.get("access_token"))
    if page is None or secret is None:
        return None
    linked = mapping_of(told.get("instagram_business_account"))
    tasks = list_of_text(told.get("tasks"))
    return Page(
        id=page,
        name=text_of(told.get("name")) or page,
        secret=secret,
        missing=tuple(task for task in TASKS if task not in tasks),
        instagram=id_of(linked.get("id")),
        instagram_name=text_of(linked.get("username")) or "",
    )


def _token(answer: Answer) -> UserToken:
    secret, seconds = text_of(answer.body.get("access_token")), number_of(answer.body.get("expires_in"))
    if secret is None:
        raise Permanent("no access_token", action=Action.REFUSED)
    lives = timedelta(seconds=min(seconds, _LONGEST_LIFE)) if seconds and seconds > 0 else None
    return UserToken(secret=secret, lives=lives)


def _get(http: httpx.Client, url: str, query: dict[str, str], bearer: str = "") -> Answer:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return _checked(http, http.build_request("GET", url, params=query, headers=headers))


def _checked(http: httpx.Client, request: httpx.Request) -> Answer:
    answer = perform(http, request)
    if error := error_of(answer):
        raise error
    return answer
