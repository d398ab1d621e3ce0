"""An owner contracts again after the end: in time, with the debt, and not whoever was put out."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.domain.endings import DeletionBegun, DeletionEnd, Ground, NotEnding, WindowEnd
from konectus.domain.roles import StaffRole, UserRole
from konectus.domain.seats import SeatsBelowUse
from konectus.domain.suspension import Cause
from konectus.domain.terms import Document
from konectus.services import comebacks, documents, erasing, erasure, suspensions, terminations
from konectus.services.comebacks import Comeback, ComebackRefused, Possible
from konectus.services.contracting import PlanNotOffered
from konectus.services.documents import AcceptanceNeeded, Answer, NewVersion, NotTheVersionShown
from konectus.services.installation import Installation
from konectus.services.invitations import OwnerNeeded
from konectus.services.work import Actor
from konectus.store.queries import billing, clients, connectors, invariants, windows
from konectus.store.roles import Role
from tests.konectus.services.endings import REASON, Ends, Erases, clock, ends, installation, it, make
from tests.support.factories import Factory

__all__ = ["clock", "ends", "installation", "it", "make"]


@pytest.fixture(scope="module")
def plan(installation: Installation, make: Factory) -> UUID:
    with installation.works.system() as work:
        documents.publish_terms(work)
    return make.plan(code="vuelve").id


def ended(ends: Ends) -> Ends:
    ends.make.connector(ends.id)
    ends.cancel(at_once=True)
    ends.sweep()
    return ends


def look(ends: Ends) -> Possible | None:
    with ends.installation.works.tenant(ends.id, ends.owner) as work:
        return comebacks.possible(work, ends.id)


def come_back(ends: Ends, plan: UUID, by: Actor | None = None, **answer: object) -> None:
    actor = by or ends.owner
    with ends.installation.works.system(actor) as work:
        shown = Answer(version=documents.terms_in_force(work), user_id=UUID(actor.id), language="es", ip="192.0.2.7")
        comebacks.come_back(work, ends.id, Comeback(plan_version_id=plan, answer=replace(shown, **answer)))  # type: ignore[arg-type]  # fields of a test


def test_an_owner_contracts_again_and_the_debt_the_end_left_stays(ends: Ends, plan: UUID) -> None:
    ended(ends)
    with ends.installation.database.session(Role.WORKER) as session:
        owed = billing.owed(session, ends.id)
    found = look(ends)
    assert found is not None
    assert (found.refused, found.ground, found.seats_used) == (None, Ground.CLIENT_CANCEL, 1)
    assert found.owed_cents == sum(one.balance_cents for one in owed) > 0
    with ends.installation.database.session(Role.WORKER) as session:
        (window,) = windows.open_of(session, ends.id)
        assert found.closes_at == window.closes_at

    come_back(ends, plan)

    with ends.installation.database.session(Role.WORKER) as session:
        assert clients.access(session, ends.id).is_open
        assert [one.close_reason for one in windows.of_client(session, ends.id)] == [WindowEnd.REACTIVATED]
        now_owed = {one.invoice_id for one in billing.owed(session, ends.id)}
        assert {one.invoice_id for one in owed} < now_owed, "the first period of the new contract is billed at once"
        assert not any(row.state == "connected" for row in connectors.of_client(session, ends.id))
        told = "select after->>'terms' from ledger.audit_entry where client_id = :id and action = 'client.came_back'"
        assert session.connection().execute(text(told), {"id": ends.id}).scalars().all() == [str(found.terms.version)]
        now = ends.installation.clock.now()
        assert [code for code in invariants.QUERIES if invariants.broken(session, code, now).count] == []
    assert look(ends) is None
    with pytest.raises(NotEnding):
        come_back(ends, plan)


def test_a_deletion_that_was_asked_for_is_given_up_and_one_that_started_is_not(it: Erases, plan: UUID) -> None:
    it.ask()
    come_back(it.ends, plan)
    assert it.row.cancel_reason == DeletionEnd.REACTIVATED

    it.ends.cancel(at_once=True)
    it.ends.sweep()
    it.elapse()
    erasing_begins(it)
    found = look(it.ends)
    assert found is not None
    assert found.refused == "deletion_begun"
    with pytest.raises((DeletionBegun, OwnerNeeded)):
        come_back(it.ends, plan)


def erasing_begins(it: Erases) -> None:
    erasure.deletion_requests(it.ends.installation)
    it.approve()
    it.rest()
    assert erasing.step(it.ends.installation, it.row.id)


@pytest.mark.parametrize("cause", [Cause.AUP, Cause.LEGAL_ORDER, Cause.SECURITY])
def test_causes_that_a_person_lifts_forbid_it(ends: Ends, plan: UUID, cause: Cause) -> None:
    ended(ends)
    with ends.installation.works.system() as work:
        suspensions.open_cause(work, ends.id, cause, REASON)
    found = look(ends)
    assert found is not None
    assert found.refused == "comeback_refused"
    with pytest.raises(ComebackRefused):
        come_back(ends, plan)


def test_whom_konectus_put_out_does_not_come_back_by_itself(ends: Ends, plan: UUID) -> None:
    with ends.installation.works.staff(ends.staff()) as work:
        asked = terminations.request_breach(work, ends.id, REASON).id
    with ends.installation.works.staff(ends.staff()) as work:
        assert terminations.decide_breach(work, asked, approve=True, reason=REASON)
    with pytest.raises(ComebackRefused):
        come_back(ends, plan)


def test_a_trial_that_ran_out_before_forbids_nothing(ends: Ends, plan: UUID) -> None:
    with ends.installation.works.system() as work:
        suspensions.open_cause(work, ends.id, Cause.TRIAL_EXPIRED, REASON)
    ends.cancel(at_once=True)
    ends.sweep()
    come_back(ends, plan)
    with ends.installation.database.session(Role.WORKER) as session:
        assert clients.access(session, ends.id).is_open, "a contract lifts what the end of a trial had brought"


def test_only_an_owner_under_the_terms_in_force_with_a_plan_that_is_sold_and_large_enough(
    ends: Ends, plan: UUID, make: Factory, installation: Installation
) -> None:
    with pytest.raises(NotEnding):
        come_back(ends, plan)
    ended(ends)
    agent = Actor("agent", str(make.user(ends.id, role=UserRole.SUPERVISOR)), "Supervisora")
    for actor in (agent, ends.staff(StaffRole.LEGAL)):
        with pytest.raises(OwnerNeeded):
            come_back(ends, plan, actor)
    with pytest.raises(AcceptanceNeeded):
        come_back(ends, plan, user_id=UUID(agent.id))
    with pytest.raises(PlanNotOffered):
        come_back(ends, UUID(int=7))
    small = make.plan(code="chico", seats=1).id
    with pytest.raises(SeatsBelowUse):
        come_back(ends, small)
    with installation.works.system() as work:
        shown = documents.terms_in_force(work)
        documents.publish(work, NewVersion(document=Document.TERMS, body_es="Otra versión", body_en=None))
    with pytest.raises(NotTheVersionShown):
        come_back(ends, plan, version=shown)
    come_back(ends, plan)
    assert look(ends) is None
