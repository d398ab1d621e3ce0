"""Suspending and lifting by hand, seen by the Client's people, their connectors and their queued messages."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from konectus.domain.approvals import NotYourRole, SamePerson
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason
from konectus.domain.endings import HoldKind
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import (
    AlreadyLifted,
    AlreadySuspended,
    Cause,
    DocumentMissing,
    NotByHand,
    ReasonTooShort,
    access,
)
from konectus.domain.tasks import TaskKind
from konectus.errors import NotFound
from konectus.services import connectors as services
from konectus.services import lifting, suspensions
from konectus.services.identity import user_of
from konectus.services.installation import Installation
from konectus.services.work import Change, Unaudited
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client, Suspension
from konectus.store.models.notices import Notice, StaffTask
from konectus.store.queries import approvals, clients, connectors
from tests.konectus.services.owing import clock, installation, make, staff
from tests.support.database import Sessions
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make"]

ORDER = suspensions.Order("Oficio 18/2026, juzgado cuarto", "Todas las cuentas", forbids_deletion=True)


@pytest.fixture(scope="module")
def shared(make: Factory) -> UUID:
    return make.client().id


REASON = "Envío masivo a listas compradas"


def test_suspended_client_loses_connectors_sessions_and_access_at_once(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client = make.client()
    make.connector(client.id, channel=Channel.MESSENGER)
    make.connector(client.id, channel=Channel.TELEGRAM)
    token = make.user_session(client.id, make.user(client.id))

    with installation.works.staff(STAFF) as work:
        effects = suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON)

    assert len(effects.connectors) == 2
    assert effects.people_signed_out == 1
    assert user_of(installation.works, token) is None
    with sessions.tenant(client.id) as session:
        found = clients.access(session, client.id)
        rows = connectors.of_client(session, client.id)
    assert (found.inbox, found.send, found.ingest, found.export) == (True, True, True, False)
    assert {(row.state, row.reason) for row in rows} == {(ConnectorState.DISCONNECTING, Reason.SUSPENDED)}


def test_rehearsed_suspension_says_what_would_happen_and_changes_nothing(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client = make.client()
    make.connector(client.id)

    with installation.works.rehearsal(STAFF) as work:
        effects = suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON)

    assert len(effects.connectors) == 1
    with sessions.worker() as session:
        assert clients.open_suspensions(session, client.id) == []
        assert connectors.of_client(session, client.id)[0].state is ConnectorState.CONNECTED
        mine = AuditEntry.client_id == client.id
        assert session.scalar(select(AuditEntry.id).where(mine, AuditEntry.action == "suspension.opened")) is None


def test_lifted_client_has_access_again_but_its_connectors_need_reconfiguring(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client = make.client()
    make.connector(client.id)
    with installation.works.staff(STAFF) as work:
        opened = suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON)

    with installation.works.staff(STAFF) as work:
        lifted = suspensions.lift_by_hand(work, opened.suspension_id, "Caso aclarado con la dueña")

    assert lifted.still_open == ()
    assert lifted.to_reconfigure == 1
    with sessions.tenant(client.id) as session:
        assert not clients.access(session, client.id).send
        assert connectors.of_client(session, client.id)[0].state is ConnectorState.DISCONNECTING


def test_second_suspension_for_the_same_cause_is_refused(installation: Installation, make: Factory) -> None:
    client = make.client()
    with installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON)
    with pytest.raises(AlreadySuspended), installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON)


@pytest.mark.parametrize("cause", [Cause.NONPAYMENT, Cause.TRIAL_EXPIRED])
def test_causes_that_follow_from_facts_are_never_opened_by_hand(
    installation: Installation, make: Factory, cause: Cause
) -> None:
    client = make.client()
    with pytest.raises(NotByHand), installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, cause, REASON)


@pytest.mark.parametrize(
    ("role", "cause", "is_allowed"),
    [
        (StaffRole.TRUST, Cause.AUP, True),
        (StaffRole.TRUST, Cause.SECURITY, True),
        (StaffRole.LEGAL, Cause.SECURITY, False),
        (StaffRole.SUPPORT, Cause.AUP, False),
        (StaffRole.BILLING, Cause.SECURITY, False),
    ],
)
def test_each_cause_is_opened_by_its_roles_alone(
    installation: Installation, make: Factory, role: StaffRole, cause: Cause, *, is_allowed: bool
) -> None:
    client = make.client()
    with contextlib.ExitStack() as stack:
        if not is_allowed:
            stack.enter_context(pytest.raises(NotYourRole))
        with installation.works.staff(staff(make, role)) as work:
            suspensions.suspend_by_hand(work, client.id, cause, REASON)


def test_somebody_the_staff_does_not_know_opens_no_security_cause(installation: Installation, make: Factory) -> None:
    client = make.client()
    with pytest.raises(NotYourRole), installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, Cause.SECURITY, REASON)


def test_legal_order_closes_everything_tells_the_client_and_holds_its_data(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client = make.client()
    with installation.works.staff(staff(make, StaffRole.LEGAL)) as work:
        suspensions.suspend_by_order(work, client.id, ORDER, REASON)
    with sessions.worker() as session:
        found = clients.access(session, client.id)
        held = approvals.holds(session, client.id)
        row = session.scalar(select(Suspension).where(Suspension.client_id == client.id))
        told = session.scalars(select(Notice.kind).where(Notice.client_id == client.id))
    assert (found.login, found.inbox, found.send, found.ingest, found.export) == (True,) * 5
    assert [one.kind for one in held] == [HoldKind.AUTHORITY]
    assert ORDER.document in held[0].reason
    assert row is not None
    assert (row.subject_ref, row.scope, row.is_silent) == (ORDER.document, ORDER.scope, False)
    assert "suspended" in told.all()


def test_order_that_forbids_to_tell_queues_no_notice_neither_then_nor_when_it_ends(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client = make.client()
    silent = replace(ORDER, is_silent=True, forbids_deletion=False)
    with installation.works.staff(staff(make, StaffRole.LEGAL)) as work:
        opened = suspensions.suspend_by_order(work, client.id, silent, REASON)
        asked = lifting.request_lift(work, opened.suspension_id, "El juzgado levantó la orden")
    with installation.works.staff(staff(make, StaffRole.LEGAL, "Rosa Ibarra")) as work:
        assert lifting.decide_lift(work, asked.id, approve=True, reason="Vi el oficio del juzgado") is not None
    with sessions.worker() as session:
        told = session.scalars(select(Notice.kind).where(Notice.client_id == client.id)).all()
        assert approvals.holds(session, client.id) == []
    assert not set(told) & {"suspended", "reactivated"}


def test_order_that_allows_the_export_leaves_it_open(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client = make.client()
    with installation.works.staff(staff(make, StaffRole.LEGAL)) as work:
        suspensions.suspend_by_order(work, client.id, replace(ORDER, allows_export=True), REASON)
    with sessions.worker() as session:
        found = clients.access(session, client.id)
    assert (found.export, found.inbox, found.login) == (False, True, True)


@pytest.mark.parametrize("order", [("", "Todo"), ("  ", "Todo"), ("Oficio 18/2026", " ")])
def test_order_without_a_document_or_a_scope_is_refused(
    installation: Installation, make: Factory, order: tuple[str, str]
) -> None:
    client = make.client()
    with pytest.raises(DocumentMissing), installation.works.staff(staff(make)) as work:
        suspensions.suspend_by_order(work, client.id, suspensions.Order(*order, forbids_deletion=True), REASON)
    with pytest.raises(DocumentMissing), installation.works.staff(staff(make)) as work:
        suspensions.suspend_by_hand(work, client.id, Cause.LEGAL_ORDER, REASON)


def test_suspension_by_hand_is_reviewed_by_somebody_else_within_a_day(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client, first, second = make.client(), staff(make), staff(make, StaffRole.TRUST, "Rosa Ibarra")
    with installation.works.staff(first) as work:
        opened = suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON)
        due = work.now + timedelta(hours=24)
    task = select(StaffTask).where(StaffTask.subject_ref == str(opened.suspension_id))
    with sessions.worker() as session:
        waiting = session.scalars(task).one()
        assert (waiting.kind, waiting.due_at, waiting.closed_at) == (TaskKind.SUSPENSION_REVIEW, due, None)
    with pytest.raises(SamePerson), installation.works.staff(first) as work:
        suspensions.review(work, opened.suspension_id, "Me parece correcto todo")
    with installation.works.staff(second) as work:
        suspensions.review(work, opened.suspension_id, "Revisé las pruebas del caso")
    with sessions.worker() as session:
        assert session.scalars(task).one().closed_by == f"staff:{second.id}"
        entries = session.scalars(select(AuditEntry.action).where(AuditEntry.client_id == client.id))
        assert "suspension.reviewed" in entries.all()
    with pytest.raises(NotFound), installation.works.staff(second) as work:
        suspensions.review(work, UUID(int=7), "Revisé las pruebas del caso")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(causes=st.sets(st.sampled_from(Cause)))
def test_access_of_a_client_is_the_or_of_its_open_causes_and_of_nothing_else(
    installation: Installation, shared: UUID, causes: set[Cause]
) -> None:
    """The view and the rule say the same, for every set of causes; each example is rolled back."""
    with installation.works.rehearsal(STAFF) as work:
        for cause in sorted(causes - {Cause.NONPAYMENT}):
            suspensions.open_cause(work, shared, cause, REASON)
        found = clients.access(work.session, shared)
    expected = access(causes - {Cause.NONPAYMENT})
    assert set(found.causes) == set(expected.causes)
    for right in ("login", "inbox", "send", "ingest", "export"):
        assert getattr(found, right) == getattr(expected, right)


def test_suspension_without_a_real_reason_is_refused(installation: Installation, make: Factory) -> None:
    client = make.client()
    with pytest.raises(ReasonTooShort), installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, Cause.AUP, "  spam   ")


def test_staff_write_without_an_audit_entry_cannot_commit(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client = make.client(name="Antes")
    with pytest.raises(Unaudited), installation.works.staff(STAFF) as work:
        found = work.session.get(Client, client.id)
        assert found is not None
        found.trade_name = "Después"
    with sessions.worker() as session:
        assert session.scalar(select(Client.trade_name).where(Client.id == client.id)) == "Antes"


def test_suspension_row_cannot_be_deleted_or_rewritten(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client = make.client()
    with installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON)
    with pytest.raises(Exception, match="only an open suspension"), sessions.worker() as session:
        statement = "update ledger.suspension set reason = 'otra cosa distinta' where client_id = :id"
        session.execute(text(statement), {"id": client.id})


def test_second_case_of_the_same_cause_keeps_the_client_suspended_when_the_first_is_lifted(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    with installation.works.staff(STAFF) as work:
        first = suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON, subject_ref="caso-1")
        suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON, subject_ref="caso-2")
        lifted = suspensions.lift_by_hand(work, first.suspension_id, "Caso aclarado con la dueña")
        assert lifted.still_open == (Cause.AUP,)
        assert clients.access(work.session, client.id).send
    with pytest.raises(AlreadyLifted), installation.works.staff(STAFF) as work:
        suspensions.lift_by_hand(work, first.suspension_id, "Caso aclarado con la dueña")


def test_connector_that_somebody_disconnects_meanwhile_is_left_to_them(
    installation: Installation, make: Factory
) -> None:
    client = make.client()
    connector_id = make.connector(client.id)
    ending = services.Ending(Reason.REQUESTED, ConnectorState.REMOVED)

    def suspend() -> suspensions.Effects:
        with installation.works.staff(STAFF) as work:
            return suspensions.suspend_by_hand(work, client.id, Cause.AUP, REASON)

    with ThreadPoolExecutor(1) as thread:
        with installation.works.system() as work:
            services.disconnect(work, client.id, connector_id, ending)
            work.session.flush()
            suspending = thread.submit(suspend)
            with pytest.raises(TimeoutError):
                suspending.result(timeout=0.5)
        assert suspending.result(timeout=10).connectors == ()


def test_ended_trial_suspends_once_and_never_somebody_who_subscribed(installation: Installation, make: Factory) -> None:
    trying, paying = make.client(), make.client()
    ends = installation.clock.now()
    with installation.works.system() as work:
        statement = "update ledger.subscription set status = 'trialing', trial_ends_at = :at where client_id = :id"
        work.session.execute(text(statement), {"at": ends, "id": trying.id})
        work.record("subscription.changed", ("subscription", trying.id), Change())
        assert trying.id in clients.trial_ended(work.session, ends, most=10)
        assert trying.id not in clients.trial_ended(work.session, ends - timedelta(seconds=1), most=10)
    with installation.works.system() as work:
        assert suspensions.suspend_ended_trial(work, trying.id) is not None
        assert suspensions.suspend_ended_trial(work, trying.id) is None
        assert suspensions.suspend_ended_trial(work, paying.id) is None


def test_client_or_suspension_that_is_not_there_is_told(installation: Installation, make: Factory) -> None:
    client, nobody = make.client(), UUID(int=7)
    with installation.works.staff(STAFF) as work:
        assert suspensions.client_of(work, client.id).trade_name == client.trade_name
        with pytest.raises(suspensions.NoSuchClient):
            suspensions.client_of(work, nobody)
        with pytest.raises(suspensions.NoSuchClient):
            suspensions.suspend_by_hand(work, nobody, Cause.AUP, REASON)
        with pytest.raises(NotFound):
            suspensions.lift_by_hand(work, nobody, "Caso aclarado con la dueña")
