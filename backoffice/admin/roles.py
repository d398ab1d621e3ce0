"""Who of the staff may do what in /admin: one matrix, deny by default, behind sqladmin's two backends.

Who the person is has been decided by the guard (backoffice.middleware) before a request comes here.
"""

from collections.abc import Mapping
from uuid import UUID

from sqladmin.authentication import AuthenticationBackend
from sqladmin.authorization import Action, GrantsAuthorizationBackend
from starlette.requests import Request
from starlette.responses import Response

from backoffice.sessions import Visitor
from konectus.domain.roles import MAY_SUSPEND, StaffRole
from konectus.errors import Unauthenticated

# Identities as sqladmin derives them from the models, and the home page.
TODAY, CLIENT, AUDIT = "today", "client", "audit-entry"
PLAN, SUBSCRIPTION, SUSPENSION, CONNECTOR = "plan", "subscription", "suspension", "connector"
EVENT, LETTER = "webhook-event", "dead-letter"
SUSPEND, LIFT = "suspend", "lift"
REPLAY, DISCARD = "replay", "discard"

Grants = frozenset[tuple[str, str]]


def _sees(*identities: str) -> Grants:
    return frozenset((identity, action) for identity in identities for action in (Action.LIST, Action.DETAILS))


_HOUSE = _sees(TODAY, CLIENT, PLAN, SUBSCRIPTION, SUSPENSION, CONNECTOR)
_EDITS: Grants = frozenset({(CLIENT, Action.EDIT)})
_SUSPENDS: Grants = frozenset({(CLIENT, SUSPEND), (SUSPENSION, LIFT)})

# Events and letters are metadata; reading them again brings Clients what they lack, discarding takes it away for good.
_LOG = _sees(EVENT, LETTER)
_REPLAYS: Grants = frozenset({(EVENT, REPLAY), (LETTER, REPLAY)})
_DISCARDS: Grants = frozenset({(LETTER, DISCARD)})

_BASE: Mapping[StaffRole, Grants] = {
    StaffRole.ADMIN: _HOUSE | _EDITS | _sees(AUDIT) | _LOG | _REPLAYS | _DISCARDS,
    StaffRole.SUPPORT: _HOUSE | _EDITS | _LOG | _REPLAYS,
    StaffRole.BILLING: _HOUSE | _EDITS,
    StaffRole.TRUST: _HOUSE | _sees(AUDIT) | _LOG,
    StaffRole.LEGAL: _HOUSE | _sees(AUDIT),
    StaffRole.PRIVACY: _sees(TODAY, CLIENT, CONNECTOR, AUDIT) | _LOG,
    StaffRole.ANALYST: frozenset(),
}
GRANTS: Mapping[StaffRole, Grants] = {
    role: grants | (_SUSPENDS if role in MAY_SUSPEND else frozenset()) for role, grants in _BASE.items()
}


def visitor_of(request: Request) -> Visitor:
    """The signed-in person of the staff. Raises Unauthenticated where the guard found none."""
    found = request.scope.get("state", {}).get("visitor")
    if not isinstance(found, Visitor) or found.kind != "staff":
        raise Unauthenticated
    return found


class StaffOnly(AuthenticationBackend):
    """Asks who the guard let in; signing in and out live elsewhere, so this keeps no session of its own."""

    def __init__(self) -> None:
        self.middlewares = []

    async def authenticate(self, request: Request) -> Response | bool:
        visitor_of(request)
        return True

    async def get_user_id(self, request: Request) -> UUID:
        return visitor_of(request).user_id


class RoleMatrix(GrantsAuthorizationBackend):
    """What the role of the person is granted; an unknown role has nothing."""

    async def get_grants(self, request: Request) -> set[tuple[str, str]]:
        return set(GRANTS.get(StaffRole(visitor_of(request).role), frozenset()))
