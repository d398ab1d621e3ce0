"""Suspending and lifting by hand, seen by the Client's people, their connectors and their queued messages."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason
from konectus.domain.suspension import AlreadyLifted, AlreadySuspended, Cause, NotByHand, ReasonTooShort
from konectus.errors import NotFound
from konectus.services import connectors as services
from konectus.services import suspensions
from konectus.services.identity import user_of
from konectus.services.installation import Installation
from konectus.services.work import Change, Unaudited
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client
from konectus.store.queries import clients, connectors
from tests.support.database import Sessions
from tests.support.factories import STAFF, Factory

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
        assert session.scalar(select(AuditEntry.id).where(AuditEntry.action == "suspension.opened")) is None


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


@pytest.mark.parametrize("cause", [Cause.NONPAYMENT, Cause.TRIAL_EXPIRED, Cause.LEGAL_ORDER, Cause.SECURITY])
def test_other_causes_are_not_opened_by_one_person(installation: Installation, make: Factory, cause: Cause) -> None:
    client = make.client()
    with pytest.raises(NotByHand), installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, cause, REASON)


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
        session.execute(text("update ledger.suspension set reason = 'otra cosa distinta'"))


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
        assert clients.trial_ended(work.session, ends, most=10) == [trying.id]
        assert clients.trial_ended(work.session, ends - timedelta(seconds=1), most=10) == []
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
