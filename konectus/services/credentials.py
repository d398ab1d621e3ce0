"""One-time links that set a password, second factors of the staff, and API tokens. Signing in lives in identity."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal
from uuid import UUID

import pyotp

from konectus.errors import Invalid, NotFound
from konectus.ids import token
from konectus.sealing import token_hash
from konectus.services.identity import HASHER, totp_place
from konectus.services.work import Actor, Change, Work, Works
from konectus.store.models.identity import ApiToken, OneTimeLink, Staff
from konectus.store.queries import links, people
from konectus.store.session import enter

LINK_LIFE = timedelta(minutes=30)
INVITATION_LIFE = timedelta(hours=72)
LEAST_PASSWORD = 12


class LinkSpent(NotFound):
    """Unknown, used or too old: the three are not told apart."""

    code = "link_spent"


class PasswordTooShort(Invalid):
    code = "password_too_short"


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What an authenticator app needs, shown once."""

    uri: str
    secret: str


@dataclass(frozen=True, slots=True)
class Asker:
    """From where somebody asks who is known by a link alone."""

    ip: str | None = None
    request_id: str | None = None

    def named(self, kind: Literal["agent", "staff"], person_id: UUID, name: str) -> Actor:
        """As the audit trail names them."""
        return Actor(kind, str(person_id), name, self.ip, self.request_id)


NOBODY_KNOWN = Asker()


def link_for_user(work: Work, user_id: UUID, *, life: timedelta = INVITATION_LIFE) -> str:
    """A token by which an Authorized User sets a password, once."""
    return _link(work, OneTimeLink(user_id=user_id), life)


def link_for_staff(work: Work, staff_id: UUID) -> str:
    """A token by which a person of the staff sets password and second factor, once, within half an hour."""
    return _link(work, OneTimeLink(staff_id=staff_id), LINK_LIFE)


def set_user_password(works: Works, secret: str, password: str, asker: Asker = NOBODY_KNOWN) -> None:
    """Spend a link. Raises LinkSpent or PasswordTooShort (the link then stays)."""
    _require_long_enough(password)
    with works.visitor() as work:
        spent = people.use_link(work.session, token_hash(secret), work.now)
        if spent is None:
            raise LinkSpent
        client_id, user_id = spent
        enter(work.session, client_id)
        name = people.set_password(work.session, user_id, HASHER.hash(password))
        people.end_sessions_of_user(work.session, user_id, work.now)
        person = replace(work, actor=asker.named("agent", user_id, name), client_id=client_id)
        person.record("user.password_set", ("authorized_user", user_id), Change(client_id=client_id))


def set_staff_password(works: Works, secret: str, password: str, asker: Asker = NOBODY_KNOWN) -> SecondFactor:
    """Spend a link of the staff: sets the password and a new second factor, which is returned once.

    Raises LinkSpent or PasswordTooShort (the link then stays).
    """
    _require_long_enough(password)
    with works.system() as work:
        staff = links.use_staff_link(work.session, token_hash(secret), work.now)
        if staff is None:
            raise LinkSpent
        staff.password_hash = HASHER.hash(password)
        factor = _new_factor(work, staff)
        people.end_sessions_of_staff(work.session, staff.id, work.now)
        person = replace(work, actor=asker.named("staff", staff.id, staff.name))
        person.record("staff.credentials_set", ("staff", staff.id), Change(reason="By the one-time link"))
        uri = pyotp.TOTP(factor).provisioning_uri(name=staff.email, issuer_name="Konectus")
    return SecondFactor(uri, factor)


def ensure_factor(works: Works, staff_id: UUID) -> None:
    """Give a person of the staff a second factor where none is set, as the demo's people never set one."""
    with works.system() as work:
        staff = people.staff_by_id(work.session, staff_id)
        if staff is not None and staff.totp_sealed is None:
            _new_factor(work, staff)
            work.record("staff.credentials_set", ("staff", staff.id), Change())


def add_api_token(work: Work, client_id: UUID, name: str) -> str:
    """A bearer token for a Client's programs; only its hash is kept, so it is shown once."""
    secret = "kx_" + token()
    row = ApiToken(id=work.new_id(), client_id=client_id, name=name, token_hash=token_hash(secret), created_at=work.now)
    work.session.add(row)
    work.record("api_token.added", ("api_token", row.id), Change(client_id=client_id, after={"name": name}))
    return secret


def revoke_api_token(work: Work, client_id: UUID, token_id: UUID, *, reason: str | None = None) -> None:
    """From now on the token opens nothing. Raises NotFound where the Client has no such live token."""
    name = people.revoke_api_token(work.session, client_id, token_id, work.now)
    if name is None:
        raise NotFound("no such API token")
    change = Change(client_id, reason, {"name": name})
    work.record("api_token.revoked", ("api_token", token_id), change)


def _new_factor(work: Work, staff: Staff) -> str:
    factor = pyotp.random_base32()
    staff.totp_sealed = work.keys.staff().seal_text(factor, totp_place(staff.id))
    staff.totp_last_step = None
    return factor


def _link(work: Work, link: OneTimeLink, life: timedelta) -> str:
    secret = token()
    link.id = work.new_id()
    link.token_hash = token_hash(secret)
    link.created_at = work.now
    link.expires_at = work.now + life
    work.session.add(link)
    return secret


def _require_long_enough(password: str) -> None:
    if len(password) < LEAST_PASSWORD:
        raise PasswordTooShort(f"a password has at least {LEAST_PASSWORD} characters", least=LEAST_PASSWORD)
