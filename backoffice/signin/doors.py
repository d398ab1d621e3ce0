"""The two doors and what differs between them; the demo's one-click people. Routes are in routes.py."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from backoffice import deps, sessions
from backoffice.sessions import Visitor
from konectus import i18n
from konectus.domain.roles import UserRole
from konectus.i18n import msg
from konectus.services import documents, identity
from konectus.services.installation import Installation
from konectus.services.work import Actor, Works
from konectus.settings import LOOPBACK
from konectus.store.queries import profiles
from konectus.store.roles import Role

# argon2 takes 19 MiB and a core each: two at a time leave the rest of the house alive (surfaces.md 1).
_HASHING = threading.BoundedSemaphore(2)
_MOST_DEMO_PEOPLE = 8


@dataclass(frozen=True)
class DemoPerson:
    """Somebody who enters with one click, in the demo alone."""

    id: str
    name: str
    what: str


@dataclass(frozen=True)
class Door:
    """A sign-in page: whose, where it leads, and how its people prove who they are."""

    kind: sessions.Kind
    path: str
    out: str
    heading: str
    hint: str
    wants_code: bool
    sign_in: Callable[[Works, identity.Credentials], str]
    visitor_of: Callable[[Works, str], Visitor | None]
    sign_out: Callable[[Works, str], None]
    demo_people: Callable[[Works], list[DemoPerson]]
    enter_demo: Callable[[Works, str, str], str | None]

    def leads_to(self, wanted: str, visitor: Visitor | None) -> str:
        """The address asked for, if this person may enter it; else their home. Never another host."""
        if visitor is None:
            return self.path
        surface = sessions.surface_of(wanted.partition("?")[0])
        local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
        may = surface is not None and surface.kind == self.kind and visitor.role in surface.roles
        return wanted if local and may else sessions.home_of(self.kind, visitor.role)


def sign_in(door: Door, works: Works, given: identity.Credentials) -> str:
    with _HASHING:
        return door.sign_in(works, given)


def note_use(works: Works, visitor: Visitor) -> None:
    """Terms 16: an owner who goes on using the product after new Terms took effect has accepted them."""
    if visitor.client_id is None or visitor.role != UserRole.OWNER or visitor.standing.must_accept:
        return
    actor = Actor("agent", str(visitor.user_id), visitor.name)
    with works.tenant(visitor.client_id, actor) as work:
        documents.accept_by_use(work, visitor.client_id, visitor.user_id, "en" if visitor.locale == "en" else "es")


def is_demo(installation: Installation, request: Request) -> bool:
    """One-click sign-ins: ENVIRONMENT=demo, asked from this machine under a name of this machine."""
    near = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    host = request.headers.get("host", "").rsplit(":", 1)[0]
    return installation.settings.environment == "demo" and near and host in LOOPBACK


def _user_signs_out(works: Works, token: str) -> None:
    found = identity.user_of(works, token)
    if found is not None:
        identity.sign_out_user(works, found)


def _staff_sign_out(works: Works, token: str) -> None:
    found = identity.staff_of(works, token)
    if found is not None:
        identity.sign_out_staff(works, found)


def _demo_users(works: Works) -> list[DemoPerson]:
    with works.database.session(Role.STAFF) as session:
        found = profiles.demo_users(session, _MOST_DEMO_PEOPLE)
    return [
        DemoPerson(str(u.login.user_id), u.login.name, f"{i18n.gettext(ROLE_WORDS[u.login.role])} · {u.client_name}")
        for u in found
    ]


def _demo_staff(works: Works) -> list[DemoPerson]:
    with works.database.session(Role.STAFF) as session:
        found = profiles.demo_staff(session, _MOST_DEMO_PEOPLE)
    return [DemoPerson(str(one.staff_id), one.name, i18n.gettext(ROLE_WORDS[one.role])) for one in found]


def _enter_user(works: Works, person: str, ip: str) -> str | None:
    with works.database.session(Role.STAFF) as session:
        found = {str(user.login.user_id): user for user in profiles.demo_users(session, _MOST_DEMO_PEOPLE)}.get(person)
    return identity.open_user_session(works, found.login, ip=ip) if found else None


def _enter_staff(works: Works, person: str, ip: str) -> str | None:
    with works.database.session(Role.STAFF) as session:
        found = {str(one.staff_id): one for one in profiles.demo_staff(session, _MOST_DEMO_PEOPLE)}.get(person)
    return identity.open_staff_session(works, found.staff_id, ip=ip) if found else None


ROLE_WORDS = {
    "owner": msg("Owner"),
    "supervisor": msg("Supervisor"),
    "agent": msg("Agent"),
    "admin": msg("Administration"),
    "support": msg("Support"),
    "billing": msg("Billing"),
    "trust": msg("Trust and safety"),
    "legal": msg("Legal"),
    "privacy": msg("Privacy"),
    "analyst": msg("Analysis"),
}

PEOPLE = Door(
    kind="agent",
    path="/login",
    out="/logout",
    heading=msg("Enter your inbox"),
    hint=msg("Were you invited? Open the link in the e-mail; it lasts 72 hours."),
    wants_code=False,
    sign_in=identity.sign_in_user,
    visitor_of=deps.agent_of,
    sign_out=_user_signs_out,
    demo_people=_demo_users,
    enter_demo=_enter_user,
)
STAFF = Door(
    kind="staff",
    path="/admin/login",
    out="/admin/logout",
    heading=msg("Konectus administration"),
    hint=msg("For the staff of Konectus. Every sign-in is recorded."),
    wants_code=True,
    sign_in=identity.sign_in_staff,
    visitor_of=deps.staff_of,
    sign_out=_staff_sign_out,
    demo_people=_demo_staff,
    enter_demo=_enter_staff,
)
