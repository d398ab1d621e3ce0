"""Approvals: bound to a command and its facts, decided by another person, within 72 hours, used once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from konectus.domain.approvals import (
    Action,
    AlreadyRequested,
    ApprovalOver,
    Command,
    NotYourRole,
    SamePerson,
)
from konectus.domain.endings import ApprovalState
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import ReasonTooShort
from konectus.services import approvals
from konectus.services.approvals import NoSuchApproval
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store import locks
from konectus.store.queries import approvals as read
from konectus.store.roles import Role
from tests.konectus.services.owing import WHY, clock, installation, make, staff
from tests.support.clock import ManualClock
from tests.support.database import Sessions
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make"]
SEEN = "the facts as they were"
_numbers = count(1)


@pytest.fixture(scope="module")
def people(make: Factory) -> tuple[Actor, Actor]:
    return staff(make, StaffRole.BILLING), staff(make, StaffRole.BILLING, "Rosa Ibarra")


@pytest.fixture
def refund() -> Command:
    return Command(Action.REFUND, ("refund", str(next(_numbers))), {"cents": 1_000_001})


def ask(installation: Installation, by: Actor, command: Command, seen: str = SEEN) -> UUID:
    with installation.works.staff(by) as work:
        return approvals.request(work, command, WHY, seen).id


def decide(installation: Installation, by: Actor, approval_id: UUID, *, approve: bool = True, seen: str = SEEN) -> str:
    with installation.works.staff(by) as work:
        return approvals.decide(work, approval_id, approve, "Revisé las cuentas con calma", seen).state


def use(installation: Installation, by: Actor, approval_id: UUID, command: Command, seen: str = SEEN) -> str:
    with installation.works.staff(by) as work:
        approvals.use(work, approval_id, command, seen)
    return state(installation, approval_id)


def state(installation: Installation, approval_id: UUID) -> str:
    with installation.works.system() as work:
        return approvals.locked(work, approval_id).state


def test_what_two_persons_agreed_on_is_done_once(
    installation: Installation, people: tuple[Actor, Actor], refund: Command
) -> None:
    first, second = people
    asked = ask(installation, first, refund)
    with pytest.raises(ApprovalOver):
        use(installation, first, asked, refund)
    assert decide(installation, second, asked) == ApprovalState.APPROVED
    with pytest.raises(ApprovalOver):
        decide(installation, second, asked)
    assert use(installation, first, asked, refund) == ApprovalState.USED
    with pytest.raises(ApprovalOver):
        use(installation, first, asked, refund)


def test_nobody_decides_what_they_asked_for_and_the_database_refuses_it_too(
    installation: Installation, people: tuple[Actor, Actor], refund: Command
) -> None:
    asked = ask(installation, people[0], refund)
    with pytest.raises(SamePerson):
        decide(installation, people[0], asked)
    with pytest.raises(DBAPIError), installation.works.staff(people[0]) as work:
        found = approvals.locked(work, asked)
        found.decided_by = found.requested_by


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.TRUST, StaffRole.LEGAL, None])
def test_person_of_another_role_is_no_second_person(
    installation: Installation, make: Factory, people: tuple[Actor, Actor], refund: Command, role: StaffRole | None
) -> None:
    asked = ask(installation, people[0], refund)
    with pytest.raises(NotYourRole):
        decide(installation, staff(make, role) if role else STAFF, asked)


@pytest.mark.parametrize("is_over", [False, True])
def test_request_holds_for_seventy_two_hours_to_the_second(
    installation: Installation,
    clock: ManualClock,
    people: tuple[Actor, Actor],
    refund: Command,
    *,
    is_over: bool,
) -> None:
    asked, undecided = ask(installation, people[0], refund), ask(installation, people[0], _another(refund))
    clock.advance(hours=72, seconds=0 if is_over else -1)
    if is_over:
        with pytest.raises(ApprovalOver):
            decide(installation, people[1], asked)
        assert approvals.approval_expiry(installation) >= 2
    else:
        assert decide(installation, people[1], asked) == ApprovalState.APPROVED
        clock.advance(seconds=1)
        with pytest.raises(ApprovalOver):
            use(installation, people[0], asked, refund)
        approvals.approval_expiry(installation)
    with installation.works.system() as work:
        assert {approvals.locked(work, one).state for one in (asked, undecided)} == {ApprovalState.EXPIRED}
    assert approvals.approval_expiry(installation) == 0


def _another(command: Command) -> Command:
    return Command(command.action, ("refund", str(next(_numbers))), command.args)


def test_facts_that_changed_make_the_request_void_for_good(
    installation: Installation, people: tuple[Actor, Actor], refund: Command
) -> None:
    asked = ask(installation, people[0], refund)
    assert decide(installation, people[1], asked, seen="something else is so now") == ApprovalState.VOID
    with pytest.raises(ApprovalOver):
        decide(installation, people[1], asked)


def test_request_of_somebody_who_left_the_staff_is_void_when_it_is_decided(
    installation: Installation, make: Factory, people: tuple[Actor, Actor], refund: Command
) -> None:
    leaver = staff(make, StaffRole.BILLING, "Se va mañana")
    asked = ask(installation, leaver, refund)
    with installation.database.session(Role.WORKER) as session:
        session.connection().execute(text("update ledger.staff set active = false where id = :id"), {"id": leaver.id})
    assert decide(installation, people[1], asked) == ApprovalState.VOID


@pytest.mark.parametrize("changed", ["command", "facts"])
def test_approval_that_meets_another_command_or_other_facts_is_void_for_good_and_recorded(
    installation: Installation, people: tuple[Actor, Actor], refund: Command, changed: str
) -> None:
    asked = ask(installation, people[0], refund)
    decide(installation, people[1], asked)
    more = Command(refund.action, refund.subject, {"cents": 1_000_002}) if changed == "command" else refund
    seen = SEEN if changed == "command" else "something else is so now"
    with installation.works.staff(people[0]) as work:
        assert not approvals.use(work, asked, more, seen)
    assert state(installation, asked) == ApprovalState.VOID
    with pytest.raises(ApprovalOver):
        use(installation, people[0], asked, refund)
    with installation.database.session(Role.WORKER) as session:
        statement = text("select before->>'state' from ledger.audit_entry where subject_id = :id and action = :void")
        assert session.connection().execute(statement, {"id": str(asked), "void": "approval.void"}).scalar_one() == (
            ApprovalState.APPROVED
        )


def test_one_request_for_a_thing_and_a_newer_one_replaces_it_when_the_facts_changed(
    installation: Installation, clock: ManualClock, people: tuple[Actor, Actor], refund: Command
) -> None:
    first = ask(installation, people[0], refund)
    with pytest.raises(AlreadyRequested):
        ask(installation, people[1], refund)
    second = ask(installation, people[1], refund, seen="something else is so now")
    clock.advance(hours=73)
    third = ask(installation, people[0], refund, seen="something else is so now")
    with installation.works.system() as work:
        states = [approvals.locked(work, one).state for one in (first, second, third)]
    assert states == [ApprovalState.VOID, ApprovalState.EXPIRED, ApprovalState.REQUESTED]


def test_request_is_rejected_or_taken_back_with_a_reason(
    installation: Installation, people: tuple[Actor, Actor], refund: Command
) -> None:
    asked = ask(installation, people[0], refund)
    assert decide(installation, people[1], asked, approve=False) == ApprovalState.REJECTED
    with pytest.raises(ApprovalOver):
        use(installation, people[0], asked, refund)
    again = ask(installation, people[0], refund)
    with installation.works.staff(people[0]) as work:
        assert approvals.void(work, again, "Me equivoqué de factura").state == ApprovalState.VOID
    with pytest.raises(ApprovalOver), installation.works.staff(people[0]) as work:
        approvals.void(work, again, "Me equivoqué de factura")
    with pytest.raises(ReasonTooShort), installation.works.staff(people[0]) as work:
        approvals.request(work, refund, "porque sí", SEEN)
    with pytest.raises(NoSuchApproval):
        decide(installation, people[1], UUID(int=7))


def test_everybody_sees_what_waits_for_them_and_not_what_they_asked_for(
    installation: Installation, people: tuple[Actor, Actor], refund: Command, sessions: Sessions
) -> None:
    asked = ask(installation, people[0], refund)
    with sessions.staff() as session:
        now = installation.clock.now()
        all_of_it = {one.id: one for one in read.waiting(session, now)}
        mine = {one.id for one in read.waiting(session, now, not_by=f"staff:{people[0].id}")}
        late = read.waiting(session, now + timedelta(hours=72))
    assert (all_of_it[asked].subject, all_of_it[asked].args) == (refund.subject, refund.args)
    assert asked not in mine
    assert late == []


def test_two_uses_at_the_same_instant_spend_it_once(
    installation: Installation, people: tuple[Actor, Actor], refund: Command
) -> None:
    asked = ask(installation, people[0], refund)
    decide(installation, people[1], asked)

    def one(by: Actor) -> bool:
        try:
            return use(installation, by, asked, refund) == ApprovalState.USED
        except ApprovalOver:
            return False

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(one, people)) == [False, True]


def test_whoever_decides_waits_for_the_client_before_the_request_so_nobody_blocks_the_other(
    installation: Installation, make: Factory, people: tuple[Actor, Actor], refund: Command
) -> None:
    """A command that holds the Client takes the request after it: in the other order both would wait for ever."""
    client_id = make.client().id
    with installation.works.staff(people[0]) as work:
        asked = approvals.request(work, refund, WHY, SEEN, client_id).id
    with ThreadPoolExecutor(1) as thread:
        with installation.works.staff(people[0]) as work:
            locks.client(work.session, client_id)
            deciding = thread.submit(decide, installation, people[1], asked)
            with pytest.raises(TimeoutError):
                deciding.result(0.5)
            approvals.void(work, asked, "Se retira antes de que otra persona decida")
        with pytest.raises(ApprovalOver):
            deciding.result(10)
