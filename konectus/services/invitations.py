"""A Client's people: inviting, changing roles, deactivating. Seats are counted under the Client's lock (Terms 5.2).

Runs as the system in the name of an owner: one-time links are out of a tenant's reach. Setting the password by the
link is credentials'; who may open the pages is theirs.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from konectus.domain import seats
from konectus.domain.roles import UserRelation, UserRole
from konectus.domain.spelling import is_name
from konectus.errors import Conflict, Forbidden, Invalid, NotFound
from konectus.sealing import keyed_hash
from konectus.services import credentials, registration, tries
from konectus.services.registration import EmailTaken, SeatsFull
from konectus.services.tries import Subject
from konectus.services.work import Change, Work, Works
from konectus.store import locks
from konectus.store.models.identity import AuthorizedUser
from konectus.store.queries import clients, people, team

_LONGEST_NAME = 120


class OwnerNeeded(Forbidden):
    """People are invited, changed and deactivated by an owner."""

    code = "owner_needed"


class NotInvited(Conflict):
    """There is no open invitation to send again: it was answered, or withdrawn."""

    code = "not_invited"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMember:
    """Whom to invite, and what they are to the Client (Terms 2)."""

    email: str
    name: str
    role: UserRole
    relation: UserRelation


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody to write to; the token exists here and in the letter alone."""

    user_id: UUID
    email: str
    name: str
    secret: str


def count(works: Works, client_id: UUID, email: str) -> None:
    """Before a letter leaves: nobody's mailbox is filled, and no account writes to the world. Raises TooManyTries."""
    key = works.keys.hashing()
    to = Subject(keyed_hash(key, "invite-to", email.strip().lower()), tries.LONGEST)
    tries.count(works, to, Subject(keyed_hash(key, "invite-from", str(client_id)), tries.LONGEST_OF_ACCOUNT))


def count_again(works: Works, client_id: UUID, user_id: UUID) -> None:
    """The same, for somebody who is invited already. Raises TooManyTries, or NotFound where there is nobody."""
    with works.system() as work:
        email = _member(work, client_id, user_id).email
    count(works, client_id, email)


def invite(work: Work, client_id: UUID, new: NewMember) -> Invited:
    """Give a seat to somebody and a link of 72 hours to take it; one who left before comes back.

    Raises OwnerNeeded, Invalid, SeatsFull, EmailTaken.
    """
    _enter(work, client_id)
    name = new.name.strip()
    if not is_name(name, _LONGEST_NAME):
        raise Invalid("a person has a name", field="name")
    former = team.by_address(work.session, client_id, new.email.strip().lower())
    if former is not None:
        return _invite_back(work, former, name, new)
    user = registration.add_user(work, client_id, new.email, name, new.role)
    user.relation, user.invited_at = new.relation, work.now
    work.session.flush()  # the link's foreign key needs the person
    return _written(work, user)


def invite_again(work: Work, client_id: UUID, user_id: UUID) -> Invited:
    """Another 72 hours and another link; the one before opens nothing any more. Raises OwnerNeeded, NotInvited."""
    _enter(work, client_id)
    user = _member(work, client_id, user_id)
    if user.invited_at is None or not user.active:
        raise NotInvited("the invitation was answered or withdrawn")
    user.invited_at = work.now
    _record(work, "user.invited_again", user, {}, {"email": user.email})
    return _written(work, user)


def change_role(work: Work, client_id: UUID, user_id: UUID, role: UserRole) -> None:
    """Raises OwnerNeeded, NotFound, or LastOwner. What the person has open follows with the next request."""
    _enter(work, client_id)
    user = _member(work, client_id, user_id)
    before = user.role
    if before == role:
        return
    if before == UserRole.OWNER and user.active:
        seats.require_other_owner(team.other_owners(work.session, client_id, user_id))
    user.role = role
    _record(work, "user.role_changed", user, {"role": before}, {"role": str(role)})


def deactivate(work: Work, client_id: UUID, user_id: UUID) -> None:
    """Free a seat: sessions end, links open nothing, an open invitation is withdrawn. What they wrote stays.

    Raises OwnerNeeded, NotFound, or LastOwner.
    """
    _enter(work, client_id)
    user = _member(work, client_id, user_id)
    if not user.active:
        return
    if user.role == UserRole.OWNER:
        seats.require_other_owner(team.other_owners(work.session, client_id, user_id))
    user.active, user.invited_at = False, None
    team.void_links(work.session, user_id, work.now)
    people.end_sessions_of_user(work.session, user_id, work.now)
    _record(work, "user.deactivated", user, {"active": True}, {"active": False})


def _invite_back(work: Work, user: AuthorizedUser, name: str, new: NewMember) -> Invited:
    if user.active:
        raise EmailTaken(f"{user.email} is on the team already")
    _require_seat(work, user.client_id)
    before = {"active": False, "role": user.role}
    user.active, user.invited_at = True, work.now
    user.name, user.role, user.relation = name, new.role, new.relation
    _record(work, "user.added", user, before, {"email": user.email, "role": str(new.role)})
    return _written(work, user)


def _enter(work: Work, client_id: UUID) -> None:
    """Lock the Client and look who asks: an owner who was demoted a moment ago is none."""
    locks.client(work.session, client_id)
    if work.actor.kind == "agent" and _role_of_actor(work, client_id) is not UserRole.OWNER:
        raise OwnerNeeded("an owner changes the people of an account")


def _role_of_actor(work: Work, client_id: UUID) -> UserRole | None:
    return people.role_of(work.session, client_id, UUID(work.actor.id))


def _member(work: Work, client_id: UUID, user_id: UUID) -> AuthorizedUser:
    found = team.member(work.session, client_id, user_id)
    if found is None:
        raise NotFound("no such person in this Client")
    return found


def _require_seat(work: Work, client_id: UUID) -> None:
    contracted, used = clients.seats(work.session, client_id)
    if contracted is not None and used >= contracted:
        raise SeatsFull(f"all {contracted} seats of the Plan are taken", seats=contracted)


def _written(work: Work, user: AuthorizedUser) -> Invited:
    team.void_links(work.session, user.id, work.now)
    return Invited(user.id, user.email, user.name, credentials.link_for_user(work, user.id))


def _record(work: Work, action: str, user: AuthorizedUser, before: dict[str, Any], after: dict[str, Any]) -> None:
    change = Change(client_id=user.client_id, before=before, after=after)
    work.record(action, ("authorized_user", user.id), change)
