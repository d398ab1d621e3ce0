"""Changing the address of a Client's Notices (Terms 5.1, 15.1): asked with the password, confirmed at the new address.

Clocks of Notices that were delivered run on: a later address voids none. Correcting one after a bounce is notices'.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from konectus.domain.notices import NoticeKind
from konectus.domain.roles import UserRole
from konectus.domain.suspension import ClientSuspended
from konectus.errors import Invalid
from konectus.ids import token
from konectus.mail import letters
from konectus.sealing import keyed_hash, token_hash
from konectus.services import identity, notices, tries
from konectus.services.credentials import NOBODY_KNOWN, Asker, LinkSpent
from konectus.services.identity import Credentials
from konectus.services.invitations import OwnerNeeded
from konectus.services.notices import NewNotice
from konectus.services.signup import Letter, Sent
from konectus.services.tries import Subject
from konectus.services.work import Actor, Change, Work, Works
from konectus.store import locks
from konectus.store.models.clients import Client
from konectus.store.models.identity import EmailChange
from konectus.store.queries import clients, people, registered
from konectus.store.queries.registered import PendingEmail

LIFE = timedelta(hours=24)
_LONGEST = 254
_TABLE = EmailChange.__tablename__


class SameAddress(Invalid):
    code = "same_address"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which address is wanted, and the proof that the person who is signed in wants it."""

    client_id: UUID
    user_id: UUID
    new_email: str
    given: Credentials


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a link changed."""

    old_email: str
    new_email: str
    trade_name: str


def ask(works: Works, actor: Actor, wish: Wish) -> Letter:
    """Write the wish down; the letter goes to the new address, and its link alone changes anything.

    A wish of before is taken back. Raises Invalid (the field is named), SameAddress, WrongCredentials, TooManyTries,
    OwnerNeeded, or ClientSuspended once a deletion has started.
    """
    address = _address(wish.new_email)
    login = identity.proven(works, wish.given)
    if (login.client_id, login.user_id) != (wish.client_id, wish.user_id):
        raise identity.WrongCredentials
    # Letters to strangers: an owner who is wrong about an address five times waits.
    asked = keyed_hash(works.keys.hashing(), "email-change", str(wish.client_id))
    tries.count(works, Subject(asked, tries.LONGEST))
    secret = token()
    with works.tenant(wish.client_id, actor) as work:
        language = _write(work, wish, address, secret)
    return Letter(Sent.ADDRESS, address, login.name, language, secret)


def withdraw(work: Work, client_id: UUID) -> bool:
    """Take the wish back; its link opens nothing any more. Whether there was one."""
    locks.client(work.session, client_id)
    return _drop(work, client_id)


def waiting(work: Work, secret: str) -> PendingEmail:
    """What a link would change, for the page that asks. Raises LinkSpent."""
    found = registered.pending_email(work.session, _open(work, secret).client_id)
    if found is None:
        raise LinkSpent
    return found


def confirm(works: Works, secret: str, asker: Asker = NOBODY_KNOWN) -> Confirmed:
    """Spend the link: from now on Notices go to the new address, and both addresses are told.

    Raises LinkSpent also where the person who asked is no owner any more, or the address was changed meanwhile.
    """
    with works.system() as work:
        client_id = _open(work, secret).client_id
        locks.client(work.session, client_id)
        row = _open(work, secret)  # whoever held the lock may have taken it back
        asked = registered.pending_email(work.session, client_id)
        client = work.session.get(Client, client_id)
        assert client is not None, "a change points at its Client"
        is_owner = people.role_of(work.session, client_id, row.user_id) is UserRole.OWNER
        gone = clients.access(work.session, client_id).deleting
        if asked is None or not is_owner or gone:
            raise LinkSpent
        row.confirmed_at = row.applied_at = work.now
        client.registered_email = row.new_email
        work.session.flush()  # what is queued below reads the Client's row
        person = replace(work, actor=asker.named("agent", row.user_id, asked.person), client_id=client_id)
        change = Change(client_id, before={"email": row.old_email}, after={"email": row.new_email})
        person.record("client.email_changed", ("client", client_id), change)
        person.record("email_change.confirmed", (_TABLE, row.id), Change(client_id))
        tell(work, client, row.old_email)
        return Confirmed(row.old_email, row.new_email, client.trade_name)


def tell(work: Work, client: Client, before: str) -> None:
    """Both addresses hear that the registered e-mail is another.

    The Client's row holds the new one already, and the caller has recorded the change. A wish that is open falls by
    itself: it was to replace an address that is no longer registered.
    """
    fact = str(work.new_id())
    for one in (client.registered_email, before):
        reference = f"{fact}:{hashlib.sha256(one.encode()).hexdigest()[:16]}"
        facts = {"old": before, "new": client.registered_email}
        notices.queue(work, client.id, NewNotice(NoticeKind.EMAIL_CHANGED, reference, facts, recipient=one))


def _write(work: Work, wish: Wish, address: str, secret: str) -> str:
    """The language of the letter."""
    client_id = wish.client_id
    locks.client(work.session, client_id)
    if people.role_of(work.session, client_id, wish.user_id) is not UserRole.OWNER:
        raise OwnerNeeded("an owner changes the address of the notices")
    if clients.access(work.session, client_id).deleting:
        raise ClientSuspended("a deletion has started")
    now_registered = registered.of_client(work.session, client_id)
    if address == now_registered.email:
        raise SameAddress("that is the registered e-mail already", field="email")
    _drop(work, client_id)
    row = EmailChange(
        id=work.new_id(),
        client_id=client_id,
        user_id=wish.user_id,
        old_email=now_registered.email,
        new_email=address,
        token_hash=token_hash(secret),
        requested_at=work.now,
        expires_at=work.now + LIFE,
    )
    work.session.add(row)
    change = Change(client_id, before={"email": row.old_email}, after={"wanted": address})
    work.record("email_change.asked", (_TABLE, row.id), change)
    return now_registered.language


def _drop(work: Work, client_id: UUID) -> bool:
    taken = registered.open_email_change(work.session, client_id)
    if taken is None:
        return False
    work.session.execute(update(EmailChange).where(EmailChange.id == taken).values(withdrawn_at=work.now))
    work.record("email_change.taken_back", (_TABLE, taken), Change(client_id))
    return True


def _open(work: Work, secret: str) -> EmailChange:
    row = registered.email_change(work.session, token_hash(secret))
    if row is None or row.expires_at <= work.now:
        raise LinkSpent
    return row


def _address(told: str) -> str:
    """As it is stored. Raises Invalid for what no letter can be addressed to."""
    plain = told.strip().lower()
    try:
        letters.address_of(plain)
    except letters.BadAddress:
        raise Invalid("an e-mail address looks like name@example.com", field="email") from None
    if len(plain) > _LONGEST:
        raise Invalid("an e-mail address is shorter", field="email")
    return plain
