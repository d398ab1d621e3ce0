"""The way of a page without a good ticket: once to the web process, which hands one out, and back. The gate walks it.

The address carries a mark on the way, so that nobody is sent a second time whose browser keeps no cookie.
"""

from urllib.parse import quote, urlencode

from starlette.datastructures import Headers
from starlette.types import Scope

from konectus import passes
from konectus.errors import Unauthenticated

MARK = "ticket=asked"
SAFE = ("GET", "HEAD")


class TicketNotKept(Unauthenticated):
    """The web process has handed one out, and the browser brings none."""

    code = "ticket_not_kept"


class TicketNotRead(Unauthenticated):
    """The browser brings a new one that another key has signed, or that another clock calls over."""

    code = "ticket_not_read"


def is_page(scope: Scope, headers: Headers) -> bool:
    """Somebody goes to an address; no script, picture or call asks."""
    if scope["type"] != "http" or scope["method"] not in SAFE:
        return False
    asked_for = headers.get("sec-fetch-dest")
    return asked_for == "document" if asked_for else "text/html" in headers.get("accept", "")


def has_come_back(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in SAFE and MARK in _query(scope)


def asked_for(scope: Scope) -> str:
    """The address as the reader asked for it, without the mark."""
    return _address(scope, [part for part in _query(scope) if part != MARK])


def door_for(scope: Scope) -> str:
    """Where a ticket is handed out to who returns to this address."""
    back = _address(scope, [*(part for part in _query(scope) if part), MARK])
    return f"{passes.DASHBOARD_DOOR}?{urlencode({'next': back})}"


def _query(scope: Scope) -> list[str]:
    return str(scope["query_string"].decode("latin-1")).split("&")


def _address(scope: Scope, parts: list[str]) -> str:
    query = "&".join(parts)
    return quote(scope["path"]) + (f"?{query}" if query else "")
