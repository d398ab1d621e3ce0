"""Who is looking: the visitor of a request, the cookies of sign-in and ticket, and which addresses ask for whom.

What a session is worth (expiry, revocation, access) is decided by konectus.services.identity.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Literal
from uuid import UUID

from starlette.responses import Response

from konectus import i18n, passes
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.suspension import Access
from konectus.store.queries.people import StaffSignedIn, UserSession
from konectus.store.queries.standing import Standing

Kind = Literal["agent", "staff"]
COOKIES: Mapping[Kind, str] = {"agent": "__Host-konectus-agent", "staff": "__Host-konectus-staff"}


@dataclass(frozen=True)
class Visitor:
    """A signed-in person. `client_id` is None for staff; `access` says what a Suspension blocks."""

    kind: Kind
    session_id: UUID
    user_id: UUID
    role: str
    name: str
    client_id: UUID | None = None
    client_name: str = ""
    locale: str = i18n.DEFAULT
    zone: str = i18n.LEGAL_ZONE.key
    access: Access = field(default_factory=Access)
    standing: Standing = field(default_factory=Standing)
    record: UserSession | StaffSignedIn | None = None  # as the store knows it, for those who need its e-mail


Recognise = Callable[[Kind, str], Awaitable[Visitor | None]]  # from a session's token to who holds it


@dataclass(frozen=True)
class Surface:
    """A part of the address space, who may enter it, and the addresses in it that are open to everybody.

    `speaks_as_asked`: in the language that the browser asks for, since its people have none on record.
    """

    prefix: str
    kind: Kind
    roles: frozenset[str]
    open_paths: tuple[str, ...] = ()
    speaks_as_asked: bool = False


_PEOPLE = frozenset(UserRole)
_READERS = frozenset({StaffRole.ANALYST, StaffRole.ADMIN})
_STAFF_DOORS = ("/admin/login", "/admin/logout", "/admin/statics")
SURFACES = (
    Surface(
        "/admin",
        "staff",
        frozenset(StaffRole) - {StaffRole.ANALYST},
        _STAFF_DOORS,
    ),
    Surface("/dashboard", "staff", _READERS, speaks_as_asked=True),
    Surface("/views", "staff", _READERS, speaks_as_asked=True),
    Surface(passes.DASHBOARD_DOOR, "staff", _READERS, speaks_as_asked=True),
    Surface("/inbox", "agent", _PEOPLE),
    Surface("/account", "agent", _PEOPLE),
    Surface("/connect", "agent", _PEOPLE),
    Surface("/files", "agent", _PEOPLE),
)
# Terms 1: not before the Client has accepted the Terms; the rest of the account stays open, to accept, pay and export.
NEEDS_TERMS = ("/inbox", "/connect", "/files", "/account/connectors", "/account/people")


def within(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def surface_of(path: str) -> Surface | None:
    """The guarded surface of an address; None where everybody may look."""
    found = next((s for s in SURFACES if within(path, s.prefix)), None)
    if found is None or any(within(path, door) for door in found.open_paths):
        return None
    return found


def home_of(kind: Kind, role: str) -> str:
    """The first surface that lets this person in."""
    return next(s.prefix for s in SURFACES if s.kind == kind and role in s.roles)


def token_in(cookie_header: str, kind: Kind) -> str | None:
    try:
        morsel = SimpleCookie(cookie_header).get(COOKIES[kind])
    except CookieError:
        return None
    return morsel.value if morsel else None


def keep(response: Response, kind: Kind, token: str) -> None:
    """Hand the browser its session. `__Host-` wants Secure, which browsers grant to loopback as well."""
    response.set_cookie(COOKIES[kind], token, path="/", secure=True, httponly=True, samesite="lax")


def drop(response: Response, kind: Kind) -> None:
    """Staff who sign out leave no ticket behind on this machine."""
    response.set_cookie(COOKIES[kind], "", max_age=0, path="/", secure=True, httponly=True, samesite="lax")
    if kind == "staff":
        _set_ticket(response, "", 0)


def keep_ticket(response: Response, ticket: str) -> None:
    _set_ticket(response, ticket, int(passes.DASHBOARD_LASTS.total_seconds()))


def _set_ticket(response: Response, ticket: str, seconds: int) -> None:
    """Lax: a Strict one would not be sent on the way back from our own redirect to who follows a link in a mail."""
    name = passes.DASHBOARD_COOKIE
    response.set_cookie(name, ticket, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")
