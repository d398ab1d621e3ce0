"""Signing in and out: passwords, second factors, sessions as rows. Delays live in tries, links in credentials."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from konectus.domain.suspension import ClientSuspended
from konectus.errors import Unauthenticated
from konectus.ids import token, uuid7
from konectus.sealing import Place, token_hash
from konectus.services import tries
from konectus.services.work import Works
from konectus.store import locks
from konectus.store.keystore import Keys
from konectus.store.models.identity import AgentSession, Staff, StaffSession
from konectus.store.queries import clients, people
from konectus.store.roles import Role

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# P21: idle and absolute ends of a session.
AGENT_IDLE, AGENT_ABSOLUTE = timedelta(hours=8), timedelta(days=30)
STAFF_IDLE, STAFF_ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
_TOTP_STEP = 30
# Checked where no such account exists, so that both answers take the same time: of HASHER's own cost, and written out,
# since making it took every process 45 ms at its start.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$kP+hYVcMr570zvw7EBz6YQ$gpldmBuc+O3eTxonfa/li3fxinQErgDlkl6r9/LJcAs"


class WrongCredentials(Unauthenticated):
    """E-mail and password do not match; the same for an unknown account."""

    code = "wrong_credentials"


class CodeNeeded(Unauthenticated):
    """The password is right; the second factor is missing or wrong."""

    code = "code_needed"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in form carries."""

    email: str
    password: str
    ip: str
    code: str = ""


def sign_in_user(works: Works, given: Credentials) -> str:
    """Open a session of an Authorized User and return its token.

    Raises WrongCredentials, TooManyTries, or ClientSuspended where an open cause blocks signing in.
    """
    return open_user_session(works, proven(works, given), ip=given.ip)


def proven(works: Works, given: Credentials) -> people.UserLogin:
    """Whose e-mail and password these are; also asked of somebody signed in, before what matters most.

    Raises WrongCredentials or TooManyTries.
    """
    email = _address(given.email)
    tried = tries.begin(works, email, given.ip)
    with works.database.session(Role.APP) as session:
        login = people.user_by_email(session, email)
    if not _matches(login.password_hash if login else None, given.password) or login is None:
        raise WrongCredentials
    tries.forgive(works, tried)
    return login


def open_user_session(works: Works, login: people.UserLogin, *, ip: str | None) -> str:
    """A new session for somebody whose identity is proven. Raises ClientSuspended where signing in is blocked."""
    secret = token()
    now = works.clock.now()
    with works.database.session(Role.APP, login.client_id) as session:
        locks.client(session, login.client_id, shared=True)  # a Suspension ends this session too, or is seen here
        found = clients.access(session, login.client_id)
        if found.login:
            raise ClientSuspended("signing in is blocked", causes=found.causes, is_deleting=found.deleting)
        session.add(
            AgentSession(
                id=uuid7(now),
                client_id=login.client_id,
                user_id=login.user_id,
                token_hash=token_hash(secret),
                created_at=now,
                last_seen_at=now,
                expires_at=now + AGENT_ABSOLUTE,
                ip=ip,
            )
        )
    return secret


def user_of(works: Works, secret: str) -> people.UserSession | None:
    """Who holds a session token, or None where it is unknown, ended, idle for too long or over."""
    now = works.clock.now()
    with works.database.session(Role.APP) as session:
        found = people.user_session(session, token_hash(secret))
    if found is None or found.expires_at <= now or found.last_seen_at + AGENT_IDLE <= now:
        return None
    if now - found.last_seen_at >= TOUCH_EVERY:
        with works.database.session(Role.APP, found.client_id) as session:
            people.touch_user_session(session, found.session_id, now)
    return found


def sign_out_user(works: Works, signed_in: people.UserSession) -> None:
    with works.database.session(Role.APP, signed_in.client_id) as session:
        people.end_user_session(session, signed_in.session_id, works.clock.now())


def sign_in_staff(works: Works, given: Credentials) -> str:
    """Open a session of a person of the staff and return its token.

    Raises WrongCredentials, CodeNeeded (second factor missing, wrong or already used) or TooManyTries.
    """
    email = _address(given.email)
    tried = tries.begin(works, email, given.ip)
    with works.database.session(Role.STAFF) as session:
        staff = people.staff_by_email(session, email)
    if not _matches(staff.password_hash if staff else None, given.password) or staff is None:
        raise WrongCredentials
    tries.forgive(works, tried)
    if staff.totp_sealed is None or not given.code:
        raise CodeNeeded
    _spend_code(works, staff, given.code)
    return open_staff_session(works, staff.id, ip=given.ip)


def open_staff_session(works: Works, staff_id: UUID, *, ip: str | None) -> str:
    """A new session for a person of the staff whose identity is proven."""
    secret = token()
    now = works.clock.now()
    with works.database.session(Role.STAFF) as session:
        session.add(
            StaffSession(
                id=uuid7(now),
                staff_id=staff_id,
                token_hash=token_hash(secret),
                created_at=now,
                last_seen_at=now,
                expires_at=now + STAFF_ABSOLUTE,
                ip=ip,
            )
        )
    return secret


def staff_of(works: Works, secret: str) -> people.StaffSignedIn | None:
    """Who of the staff holds a session token, or None."""
    now = works.clock.now()
    with works.database.session(Role.STAFF) as session:
        found = people.staff_session(session, token_hash(secret))
        if found is None or found.expires_at <= now or found.last_seen_at + STAFF_IDLE <= now:
            return None
        if now - found.last_seen_at >= TOUCH_EVERY:
            people.touch_staff_session(session, found.session_id, now)
        return found


def sign_out_staff(works: Works, signed_in: people.StaffSignedIn) -> None:
    with works.database.session(Role.STAFF) as session:
        people.end_staff_session(session, signed_in.session_id, works.clock.now())


def totp_place(staff_id: UUID) -> Place:
    return Place(None, "staff", "totp_sealed", staff_id)


def _address(email: str) -> str:
    """As it is stored. NUL and lone surrogates, which no database takes, stand in nobody's address."""
    return email.strip().lower().encode(errors="replace").decode().replace("\0", "?")


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def _spend_code(works: Works, staff: Staff, code: str) -> None:
    """Accept the code of this time step or of one either way, once. Raises CodeNeeded or TooManyTries."""
    tried = tries.code_of(works, staff.email)
    tries.count(works, tried)
    step = step_of(works.keys, works.clock.now(), staff, code)
    if step is None:
        raise CodeNeeded
    with works.database.session(Role.STAFF) as session:
        if not people.use_step(session, staff.id, step):
            raise CodeNeeded
    tries.forget(works, tried)


def step_of(keys: Keys, now: datetime, staff: Staff, code: str) -> int | None:
    """The time step whose code was given, blanks aside, or None: the present one or one either way."""
    written = "".join(code.split())
    codes = codes_of(keys, now, staff)
    return next((step for step, found in codes.items() if found == written), None)


def codes_of(keys: Keys, now: datetime, staff: Staff) -> dict[int, str]:
    """The codes that are taken at an instant, by time step. Whoever has no second factor is not asked for one."""
    assert staff.totp_sealed is not None, "whoever has no second factor does not get here"
    secret = keys.staff().open_text(staff.totp_sealed, totp_place(staff.id))
    newest = int(now.timestamp()) // _TOTP_STEP
    totp = pyotp.TOTP(secret, interval=_TOTP_STEP)
    return {step: totp.generate_otp(step) for step in (newest - 1, newest, newest + 1)}
