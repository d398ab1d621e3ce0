"""The two doors and what differs between them; the demo's one-click people. Routes are in routes.py."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from backoffice import deps, sessions
from backoffice.sessions import Visitor
from konectus import i18n
from konectus.i18n import msg
from konectus.services import credentials, identity
from konectus.services.work import Works
from konectus.store.queries import demo_people
from konectus.store.queries.demo_people import DemoUser, Standing
from konectus.store.roles import Role

# argon2 takes 19 MiB and a core each: two at a time leave the rest of the house alive (surfaces.md 1).
_HASHING = threading.BoundedSemaphore(2)
# Of the first Client, whose people have conversations; owners of Clients in every standing follow.
_FIRST_PEOPLE, _MOST_STAFF = 4, 8


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
        found = demo_people.users(session, _FIRST_PEOPLE)
    return [DemoPerson(str(user.login.user_id), user.login.name, _what(user)) for user in found]


def _what(user: DemoUser) -> str:
    words = (i18n.gettext(ROLE_WORDS[user.login.role]), user.client_name)
    return " · ".join((*words, i18n.gettext(_STANDINGS[user.standing])) if user.standing else words)


def _demo_staff(works: Works) -> list[DemoPerson]:
    with works.database.session(Role.STAFF) as session:
        found = demo_people.staff(session, _MOST_STAFF)
    return [DemoPerson(str(one.staff_id), one.name, i18n.gettext(ROLE_WORDS[one.role])) for one in found]


def _enter_user(works: Works, person: str, ip: str) -> str | None:
    with works.database.session(Role.STAFF) as session:
        found = {str(user.login.user_id): user for user in demo_people.users(session, _FIRST_PEOPLE)}.get(person)
    return identity.open_user_session(works, found.login, ip=ip) if found else None


def _enter_staff(works: Works, person: str, ip: str) -> str | None:
    with works.database.session(Role.STAFF) as session:
        found = {str(one.staff_id): one for one in demo_people.staff(session, _MOST_STAFF)}.get(person)
    if found is None:
        return None
    credentials.ensure_factor(works, found.staff_id)  # some commands ask for its code, which the demo shows beside them
    return identity.open_staff_session(works, found.staff_id, ip=ip)


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

_STANDINGS = {
    Standing.TRYING: msg("on trial"),
    Standing.TRIAL_OVER: msg("trial ended"),
    Standing.UNPAID: msg("suspended for non-payment"),
    Standing.LEAVING: msg("is leaving"),
    Standing.LEFT: msg("contract ended"),
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
