"""Signing in, sessions and their ends, for a Client's people and for the staff; delays against guessing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select, text, update

from konectus.domain.suspension import Cause, ClientSuspended
from konectus.services import credentials, identity, suspensions
from konectus.services.identity import (
    CodeNeeded,
    Credentials,
    WrongCredentials,
    sign_in_staff,
    sign_in_user,
    sign_out_staff,
    sign_out_user,
    staff_of,
    user_of,
)
from konectus.services.installation import Installation
from konectus.services.tries import TooManyTries
from konectus.services.work import Works
from konectus.store.models.identity import AgentSession, AuthorizedUser, Staff, StaffSession
from tests.support.clock import ManualClock
from tests.support.database import Sessions
from tests.support.factories import Factory

PASSWORD = "una frase bastante larga"
OTHER = "otra frase bastante larga"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.20"


@dataclass(frozen=True)
class Person:
    """Somebody with a password, and what they type."""

    id: UUID
    client_id: UUID
    typed: Credentials

    def wrong(self, password: str = OTHER) -> Credentials:
        return replace(self.typed, password=password)


@pytest.fixture
def ana(installation: Installation, make: Factory, sessions: Sessions) -> Person:
    client = make.client()
    return person(installation, make, sessions, client.id)


def person(installation: Installation, make: Factory, sessions: Sessions, client_id: UUID) -> Person:
    user_id = make.user(client_id)
    with installation.works.system() as work:
        secret = credentials.link_for_user(work, user_id)
    credentials.set_user_password(installation.works, secret, PASSWORD)
    with sessions.worker() as session:
        email = session.scalar(select(AuthorizedUser.email).where(AuthorizedUser.id == user_id))
    assert email is not None
    return Person(user_id, client_id, Credentials(email, PASSWORD, HOME))


@dataclass(frozen=True)
class Colleague:
    """A person of the staff with a second factor."""

    id: UUID
    typed: Credentials
    factor: str

    def with_code(self, works: Works, *, steps: int = 0) -> Credentials:
        at = works.clock.now() + timedelta(seconds=30 * steps)
        return replace(self.typed, code=pyotp.TOTP(self.factor).at(at))


@pytest.fixture
def regina(installation: Installation, make: Factory, sessions: Sessions) -> Colleague:
    staff_id = make.staff(name="Regina Castañeda")
    with installation.works.system() as work:
        secret = credentials.link_for_staff(work, staff_id)
    found = credentials.set_staff_password(installation.works, secret, PASSWORD)
    with sessions.worker() as session:
        email = session.scalar(select(Staff.email).where(Staff.id == staff_id))
    assert email is not None
    assert "Konectus" in found.uri
    return Colleague(staff_id, Credentials(email, PASSWORD, HOME), found.secret)


def test_right_password_opens_a_session_and_each_sign_in_makes_a_new_token(
    installation: Installation, ana: Person, sessions: Sessions
) -> None:
    first = sign_in_user(installation.works, replace(ana.typed, email=f"  {ana.typed.email.upper()} "))
    second = sign_in_user(installation.works, ana.typed)
    assert first != second
    for token in (first, second):
        found = user_of(installation.works, token)
        assert found is not None
        assert (found.user_id, found.client_id, found.email) == (ana.id, ana.client_id, ana.typed.email)
    with sessions.worker() as session:
        kept = list(session.scalars(select(AgentSession.token_hash).where(AgentSession.user_id == ana.id)))
    assert first.encode() not in kept
    assert {len(value) for value in kept} == {32}


def test_wrong_password_and_unknown_account_get_the_same_refusal(installation: Installation, ana: Person) -> None:
    nobody = replace(ana.typed, email="nadie@cliente.example")
    refusals = []
    for given in (ana.wrong(), nobody, replace(nobody, email="na\x00die\ud800@x"), ana.wrong("con medio \ud800 signo")):
        with pytest.raises(WrongCredentials) as refused:
            sign_in_user(installation.works, given)
        refusals.append((refused.value.code, str(refused.value), refused.value.facts))
    assert len({repr(refusal) for refusal in refusals}) == 1


def test_person_who_is_no_longer_active_neither_signs_in_nor_stays(
    installation: Installation, ana: Person, sessions: Sessions
) -> None:
    token = sign_in_user(installation.works, ana.typed)
    with sessions.worker() as session:
        session.execute(update(AuthorizedUser).where(AuthorizedUser.id == ana.id).values(active=False))
    assert user_of(installation.works, token) is None
    with pytest.raises(WrongCredentials):
        sign_in_user(installation.works, ana.typed)


def test_session_ends_when_idle_when_over_and_at_sign_out(
    installation: Installation, ana: Person, clock: ManualClock
) -> None:
    works = installation.works
    idle, kept, left = (sign_in_user(works, ana.typed) for _ in range(3))
    for _ in range(30 * 24 // 7):
        clock.advance(hours=7)
        assert user_of(works, kept) is not None
    assert user_of(works, idle) is None
    clock.advance(hours=7)
    assert user_of(works, kept) is None, "thirty days are the end, however busy"
    left = sign_in_user(works, ana.typed)
    found = user_of(works, left)
    assert found is not None
    sign_out_user(works, found)
    assert user_of(works, left) is None
    assert user_of(works, "no such token") is None


def test_busy_session_is_not_written_on_every_request(
    installation: Installation, ana: Person, clock: ManualClock, sessions: Sessions
) -> None:
    token = sign_in_user(installation.works, ana.typed)
    began = clock.now()
    for seconds, seen in ((59, 0), (1, 60), (59, 60)):
        clock.advance(seconds=seconds)
        assert user_of(installation.works, token) is not None
        with sessions.worker() as session:
            last = session.scalar(select(AgentSession.last_seen_at))
        assert last == began + timedelta(seconds=seen)


def test_sixth_guess_waits_longer_each_time_and_nobody_else_does(
    installation: Installation, make: Factory, sessions: Sessions, ana: Person, clock: ManualClock
) -> None:
    works = installation.works
    other = person(installation, make, sessions, ana.client_id)
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            sign_in_user(works, ana.wrong())
    waits = []
    for _ in range(6):
        with pytest.raises(TooManyTries) as refused:
            sign_in_user(works, ana.typed)
        waits.append(refused.value.retry_after.total_seconds())
        clock.advance(seconds=waits[-1])
        with pytest.raises(WrongCredentials):
            sign_in_user(works, ana.wrong())
    assert waits == [2, 4, 8, 16, 32, 64], "from one address"
    assert sign_in_user(works, replace(other.typed, ip=ELSEWHERE))
    clock.advance(seconds=30)
    assert sign_in_user(works, replace(ana.typed, ip=ELSEWHERE)), "the owner is not locked out by a stranger"


def test_address_that_tries_many_accounts_waits_whatever_its_own_account_does(
    installation: Installation, ana: Person, clock: ManualClock
) -> None:
    works = installation.works
    for guess in range(5):
        with pytest.raises(WrongCredentials):
            sign_in_user(works, replace(ana.typed, email=f"victima{guess}@cliente.example"))
        if guess < 4:
            sign_in_user(works, ana.typed)
    with pytest.raises(TooManyTries):
        sign_in_user(works, replace(ana.typed, email="victima5@cliente.example"))
    clock.advance(hours=1)
    with pytest.raises(WrongCredentials):
        sign_in_user(works, replace(ana.typed, email="victima5@cliente.example"))


def test_own_mistakes_are_forgotten_after_the_right_password(installation: Installation, ana: Person) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(WrongCredentials):
                sign_in_user(installation.works, ana.wrong())
        assert sign_in_user(installation.works, ana.typed)


def test_guesses_sent_at_once_are_counted_one_by_one(installation: Installation, ana: Person) -> None:
    def guess(_: int) -> str:
        try:
            return sign_in_user(installation.works, ana.wrong())
        except (WrongCredentials, TooManyTries) as error:
            return error.code

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(guess, range(16)))
    assert found.count("wrong_credentials") == 5
    assert found.count("too_many_tries") == 11


def test_client_under_a_legal_order_signs_in_nowhere_and_one_suspended_for_conduct_does(
    installation: Installation, ana: Person, sessions: Sessions
) -> None:
    works = installation.works
    with works.system() as work:
        suspensions.open_cause(work, ana.client_id, Cause.AUP, "Envío masivo a listas compradas")
    assert sign_in_user(works, ana.typed)
    with works.system() as work:
        suspensions.open_cause(work, ana.client_id, Cause.LEGAL_ORDER, "Orden del juzgado tercero")
    with pytest.raises(ClientSuspended):
        sign_in_user(works, ana.typed)
    with sessions.worker() as session:
        assert session.scalar(text("select count(*) from ledger.agent_session where ended_at is null")) == 0


def test_sign_in_during_a_suspension_ends_with_it(installation: Installation, ana: Person) -> None:
    """A session opened between the look at the access and the commit of the order used to stay."""
    works = installation.works
    with ThreadPoolExecutor(1) as thread, works.system() as work:
        suspensions.open_cause(work, ana.client_id, Cause.LEGAL_ORDER, "Orden del juzgado tercero")
        signing_in = thread.submit(sign_in_user, works, ana.typed)
        with pytest.raises(TimeoutError):
            signing_in.result(timeout=0.5)
        work.session.commit()
        with pytest.raises(ClientSuspended):
            signing_in.result(timeout=10)


def test_staff_sign_in_with_password_and_code(installation: Installation, regina: Colleague) -> None:
    works = installation.works
    token = sign_in_staff(works, regina.with_code(works))
    found = staff_of(works, token)
    assert found is not None
    assert (found.staff_id, found.name) == (regina.id, "Regina Castañeda")
    sign_out_staff(works, found)
    assert staff_of(works, token) is None


@pytest.mark.parametrize("steps", [-1, 1])
def test_code_of_the_step_before_or_after_is_taken(installation: Installation, regina: Colleague, steps: int) -> None:
    given = regina.with_code(installation.works, steps=steps)
    spaced = replace(given, code=f"{given.code[:3]} {given.code[3:]}")
    assert sign_in_staff(installation.works, spaced)


def test_missing_wrong_old_and_used_codes_are_refused(
    installation: Installation, regina: Colleague, clock: ManualClock, sessions: Sessions
) -> None:
    works = installation.works
    right = regina.with_code(works)
    assert sign_in_staff(works, right)
    wrong = replace(right, code=f"{(int(right.code) + 1) % 10**6:06}")
    refused = (
        replace(right, code=""),
        wrong,
        right,
        regina.with_code(works, steps=-1),
        regina.with_code(works, steps=2),
    )
    for given in refused:
        with pytest.raises(CodeNeeded):
            sign_in_staff(works, given)
    clock.advance(seconds=30)
    assert sign_in_staff(works, regina.with_code(works))
    with sessions.worker() as session:
        assert session.scalar(text("select count(*) from ledger.staff_session")) == 2


def test_one_code_opens_one_session_however_many_arrive_at_once(installation: Installation, regina: Colleague) -> None:
    given = regina.with_code(installation.works)

    def enter(_: int) -> bool:
        try:
            return bool(sign_in_staff(installation.works, given))
        except CodeNeeded:
            return False

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(enter, range(4))) == [False, False, False, True]


def test_codes_cannot_be_guessed_by_somebody_who_has_the_password(
    installation: Installation, regina: Colleague, clock: ManualClock
) -> None:
    works = installation.works
    wrong = replace(regina.typed, code="000000")
    for _ in range(12):
        with pytest.raises((CodeNeeded, TooManyTries)):
            sign_in_staff(works, wrong)
        clock.advance(minutes=2)
    with pytest.raises(CodeNeeded):
        sign_in_staff(works, wrong)
    with pytest.raises(TooManyTries) as refused:
        sign_in_staff(works, regina.with_code(works))
    assert refused.value.retry_after > timedelta(minutes=1)


def test_staff_without_a_second_factor_or_with_a_wrong_password_do_not_get_in(
    installation: Installation, make: Factory, regina: Colleague, sessions: Sessions
) -> None:
    works = installation.works
    with pytest.raises(WrongCredentials):
        sign_in_staff(works, replace(regina.with_code(works), password=OTHER))
    with pytest.raises(WrongCredentials):
        sign_in_staff(works, replace(regina.typed, email="nadie@konectus.example"))
    with sessions.worker() as session:
        session.execute(update(Staff).values(totp_sealed=None))
    with pytest.raises(CodeNeeded):
        sign_in_staff(works, replace(regina.typed, code="123456"))


def test_staff_session_ends_after_half_an_hour_idle_and_twelve_hours_at_most(
    installation: Installation, make: Factory, clock: ManualClock, sessions: Sessions
) -> None:
    staff_id = make.staff()
    idle, busy, gone = (make.staff_session(staff_id) for _ in range(3))
    clock.advance(minutes=29)
    assert staff_of(installation.works, busy) is not None
    clock.advance(minutes=1)
    assert staff_of(installation.works, idle) is None
    for _ in range(23):
        assert staff_of(installation.works, busy) is not None
        clock.advance(minutes=29, seconds=59)
    clock.advance(seconds=23)
    assert staff_of(installation.works, busy) is None
    gone = make.staff_session(staff_id)
    with sessions.worker() as session:
        session.execute(update(Staff).where(Staff.id == staff_id).values(active=False))
    assert staff_of(installation.works, gone) is None
    with sessions.worker() as session:
        assert len(set(session.scalars(select(StaffSession.token_hash)))) == 4


def test_password_is_kept_as_a_slow_hash(sessions: Sessions, ana: Person) -> None:
    with sessions.worker() as session:
        kept = session.scalar(select(AuthorizedUser.password_hash).where(AuthorizedUser.id == ana.id))
    assert kept is not None
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert identity.HASHER.verify(kept, PASSWORD)


def test_nobody_costs_as_much_to_check_as_anybody() -> None:
    assert not identity.HASHER.check_needs_rehash(identity._NOBODY)
