"""The invariants: nothing is found where all is well, and each planted contradiction is named."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from konectus.domain.deadlines import after_full_days
from konectus.ids import uuid7
from konectus.services import alarms, invariants
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.models import (
    audit,
    billing,
    clients,
    connectors,
    documents,
    endings,
    identity,
    inbox,
    notices,
    payments,
    traffic,
)
from konectus.store.queries import invariants as read
from tests.backoffice.shared import clock, installation, make
from tests.konectus.services.plotting import DEADLINE, NOTIFIED, OPENED, THIRTY_DAYS, Plot
from tests.support.clock import START, ManualClock
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make"]


@pytest.fixture
def plot(installation: Installation, superuser: Endpoint) -> Iterator[Plot]:
    with _as_superuser(installation, superuser) as session:
        session.execute(text("set local session_replication_role = replica"))
        yield Plot(session)
        session.rollback()


def suspended_yet_connected(plot: Plot) -> UUID:
    plot.suspended(opened_at=START)
    return plot.plant(connectors.Connector, created_at=START)


def doors_take_for_a_suspended_client(plot: Plot) -> UUID:
    plot.suspended(opened_at=START)
    connector = plot.plant(connectors.Connector, state="disconnecting")
    plot.plant(connectors.Account, connector_id=connector)
    return connector


def doors_know_another_state(plot: Plot) -> UUID:
    plot.client()
    connector = plot.plant(connectors.Connector, state="degraded")
    plot.plant(connectors.Account, connector_id=connector)
    return connector


def signed_in_despite_security(plot: Plot) -> UUID:
    plot.plant(clients.Suspension, cause="security", opened_at=START)
    return plot.plant(identity.AgentSession, created_at=NOTIFIED, expires_at=START + timedelta(days=1))


def suspended_a_second_early(plot: Plot) -> UUID:
    return plot.suspended(opened_at=DEADLINE - timedelta(seconds=1))


def suspended_by_a_notice_of_another_invoice(plot: Plot) -> UUID:
    return plot.suspended(
        invoice_id=plot.invoice(number="K-2", due_at=NOTIFIED, issued_at=NOTIFIED, id=uuid7(NOTIFIED))
    )


def suspended_though_the_notice_bounced(plot: Plot) -> UUID:
    found = plot.suspended()
    plot.change(notices.Notice, bounced_at=DEADLINE - timedelta(seconds=1))
    return found


def suspended_though_paid(plot: Plot) -> UUID:
    found = plot.suspended()
    invoice = plot.session.execute(text("select invoice_id from ledger.suspension where id = :id"), {"id": found})
    plot.paid(invoice.scalar_one(), 1000, at=DEADLINE - timedelta(seconds=1))
    plot.change(billing.Invoice, status="paid")
    return found


def suspended_though_deferred(plot: Plot) -> UUID:
    found = plot.suspended()
    plot.plant(payments.Deferral, granted_at=NOTIFIED, until=DEADLINE + timedelta(seconds=1))
    return found


def payment_lifted_a_manual_cause(plot: Plot) -> UUID:
    return plot.plant(clients.Suspension, opened_at=NOTIFIED, lifted_at=START, lifted_by="system:konectus")


def message_stored_while_suspended(plot: Plot) -> UUID:
    plot.suspended()
    return plot.plant(inbox.Message, received_at=DEADLINE + timedelta(seconds=6))


def connector_came_back_by_itself(plot: Plot) -> UUID:
    plot.suspended(lifted_at=START, lifted_by="system:konectus")
    connector = plot.plant(connectors.Connector, created_at=NOTIFIED)
    plot.plant(connectors.Account, connector_id=connector)
    plot.plant(connectors.ConnectorChange, connector_id=connector, to_state="connected", at=NOTIFIED)
    return connector


def deleted_under_a_hold(plot: Plot) -> UUID:
    found = plot.deletion()
    plot.plant(endings.Hold, placed_at=NOTIFIED)
    return found


def deleted_with_an_open_window(plot: Plot) -> UUID:
    found = plot.deletion()
    plot.plant(endings.ExportWindow, source_id=uuid7(NOTIFIED), closes_at=START + timedelta(days=9), **OPENED)
    return found


def deleted_before_its_window(plot: Plot) -> UUID:
    found = plot.deletion()
    plot.change(endings.ExportWindow, closed_at=START + timedelta(seconds=1))
    return found


def erased_client_came_back(plot: Plot) -> str:
    found = plot.deletion(rows_purged_at=START, key_destroyed_at=START)
    plot.plant(inbox.EndContact)
    return f"tenant.contact {found}"


def invoice_paid_twice(plot: Plot) -> UUID:
    invoice = plot.invoice()
    plot.paid(invoice, 1001)
    return invoice


def invoice_paid_below_nothing(plot: Plot) -> UUID:
    invoice = plot.invoice()
    plot.paid(invoice, -1)
    return invoice


def invoice_with_lines_of_another_sum(plot: Plot) -> UUID:
    invoice = plot.invoice()
    plot.change(billing.InvoiceLine, amount_cents=999)
    return invoice


def invoice_said_to_be_paid(plot: Plot) -> UUID:
    return plot.invoice(status="paid")


def invoice_paid_and_still_open(plot: Plot) -> UUID:
    invoice = plot.invoice()
    plot.paid(invoice, 1000)
    return invoice


def payment_used_beyond_its_amount(plot: Plot) -> UUID:
    invoice = plot.invoice()
    payment = plot.paid(invoice, 500)
    plot.plant(payments.Allocation, invoice_id=invoice, payment_id=payment, amount_cents=1)
    return payment


def payment_that_failed_pays(plot: Plot) -> UUID:
    payment = plot.paid(plot.invoice(), 500)
    plot.change(payments.Payment, status="failed")
    return payment


def payment_given_back_that_was_used(plot: Plot) -> UUID:
    payment = plot.paid(plot.invoice(), 500)
    back = {"payment_id": payment, "base_paid_cents": 1, "amount_cents": 1, "status": "approved"}
    plot.plant(payments.Refund, invoice_id=None, days_total=None, days_unused=None, **back)
    return payment


def payment_that_nobody_recorded(plot: Plot) -> UUID:
    found = plot.paid(plot.invoice(), 500)
    plot.forget(audit.AuditEntry, subject_id=str(found))
    return found


def credit_used_beyond_its_amount(plot: Plot) -> UUID:
    credit = plot.plant(payments.CreditNote)
    plot.plant(payments.Allocation, invoice_id=plot.invoice(), credit_note_id=credit, amount_cents=101)
    return credit


def refund_beyond_what_was_paid(plot: Plot) -> UUID:
    invoice = plot.invoice()
    plot.paid(invoice, 899)
    plot.plant(payments.Refund, invoice_id=invoice)
    return invoice


def more_people_than_seats(plot: Plot) -> UUID:
    plot.plant(clients.Subscription, seats=1, period_starts_at=NOTIFIED)
    for name in ("a", "b"):
        plot.plant(identity.AuthorizedUser, id=uuid7(NOTIFIED), email=f"{name}@x.example")
    return plot.client_id


def bound_a_second_early(plot: Plot) -> str:
    version = plot.plant(documents.DocumentVersion)
    binds = after_full_days(NOTIFIED, 30) - timedelta(seconds=1)
    plot.plant(documents.DocumentAcceptance, document_version_id=version, shown_at=NOTIFIED, binds_from=binds)
    return f"{version} {plot.client_id}"


def suspended_without_a_window(plot: Plot) -> UUID:
    found = plot.suspended()
    plot.forget(endings.ExportWindow)
    return found


def window_closed_a_second_early(plot: Plot) -> UUID:
    at = {"closed_at": THIRTY_DAYS["closes_at"] - timedelta(seconds=1), **THIRTY_DAYS}
    return plot.plant(endings.ExportWindow, close_reason="elapsed", **at)


def window_of_twenty_nine_days(plot: Plot) -> UUID:
    closed = after_full_days(DEADLINE, 29)
    named = {"close_reason": "elapsed", "opened_at": DEADLINE, "closes_at": closed, "closed_at": closed}
    return plot.plant(endings.ExportWindow, **named)


def ended_by_notice(plot: Plot, effected_at: datetime) -> UUID:
    notice = plot.plant(notices.Notice, kind="termination_notice", delivered_at=NOTIFIED)
    at = {"effective_at": effected_at, "effected_at": effected_at}
    return plot.plant(endings.Termination, by_whom="konectus", ground="konectus_notice", notice_id=notice, **at)


def ended_by_notice_a_second_early(plot: Plot) -> UUID:
    return ended_by_notice(plot, after_full_days(NOTIFIED, 30) - timedelta(seconds=1))


def ended_by_a_notice_that_bounced(plot: Plot) -> UUID:
    found = ended_by_notice(plot, after_full_days(NOTIFIED, 30))
    plot.change(notices.Notice, bounced_at=START)
    return found


def suspended_for_a_void_invoice(plot: Plot) -> UUID:
    found = plot.suspended()
    plot.change(billing.Invoice, status="void", voided_at=NOTIFIED)
    return found


def terminated_with_a_live_subscription(plot: Plot) -> UUID:
    plot.plant(endings.Termination, effective_at=NOTIFIED, effected_at=START)
    return plot.plant(clients.Subscription, period_starts_at=NOTIFIED)


def hold_that_nobody_recorded(plot: Plot) -> UUID:
    found = plot.plant(endings.Hold)
    plot.forget(audit.AuditEntry, subject_id=str(found))
    plot.recorded("hold", uuid7(NOTIFIED), "placed")
    return found


def lift_that_nobody_recorded(plot: Plot) -> UUID:
    found = plot.suspended(lifted_at=START, lifted_by="system:konectus")
    plot.forget(audit.AuditEntry, action="suspension.lifted")
    return found


def decided_letter_with_its_body(plot: Plot) -> UUID:
    return plot.plant(traffic.DeadLetter, decided_at=START, body_sealed=b"-")


PLANTED: list[tuple[str, Callable[[Plot], UUID | str]]] = [
    ("connector_without_access", suspended_yet_connected),
    ("account_without_access", doors_take_for_a_suspended_client),
    ("maps_disagree", doors_know_another_state),
    ("session_without_login", signed_in_despite_security),
    ("suspension_without_notice", suspended_a_second_early),
    ("suspension_without_notice", suspended_by_a_notice_of_another_invoice),
    ("suspension_without_notice", suspended_though_the_notice_bounced),
    ("suspension_without_debt", suspended_though_paid),
    ("suspension_without_debt", suspended_for_a_void_invoice),
    ("suspension_despite_deferral", suspended_though_deferred),
    ("manual_cause_lifted_by_nobody", payment_lifted_a_manual_cause),
    ("message_during_suspension", message_stored_while_suspended),
    ("connector_outlived_suspension", connector_came_back_by_itself),
    ("deletion_unlawful", deleted_under_a_hold),
    ("deletion_unlawful", deleted_with_an_open_window),
    ("deletion_unlawful", deleted_before_its_window),
    ("erased_but_here", erased_client_came_back),
    ("invoice_overpaid", invoice_paid_twice),
    ("invoice_overpaid", invoice_paid_below_nothing),
    ("invoice_sum_differs", invoice_with_lines_of_another_sum),
    ("invoice_state_differs", invoice_said_to_be_paid),
    ("invoice_state_differs", invoice_paid_and_still_open),
    ("payment_overspent", payment_used_beyond_its_amount),
    ("payment_overspent", payment_that_failed_pays),
    ("payment_overspent", payment_given_back_that_was_used),
    ("credit_overspent", credit_used_beyond_its_amount),
    ("refund_too_high", refund_beyond_what_was_paid),
    ("seats_exceeded", more_people_than_seats),
    ("bound_too_early", bound_a_second_early),
    ("window_missing", suspended_without_a_window),
    ("subscription_outlived_termination", terminated_with_a_live_subscription),
    ("window_cut_short", window_closed_a_second_early),
    ("window_cut_short", window_of_twenty_nine_days),
    ("termination_too_early", ended_by_notice_a_second_early),
    ("termination_too_early", ended_by_a_notice_that_bounced),
    ("change_without_audit", hold_that_nobody_recorded),
    ("change_without_audit", payment_that_nobody_recorded),
    ("change_without_audit", lift_that_nobody_recorded),
    ("letter_with_body", decided_letter_with_its_body),
]

# Where one row contradicts two of them.
ALSO: Mapping[Callable[[Plot], UUID | str], set[str]] = {
    doors_take_for_a_suspended_client: {"maps_disagree"},
    invoice_paid_twice: {"invoice_state_differs"},
    invoice_paid_below_nothing: {"payment_overspent"},
}


@pytest.mark.parametrize(("code", "planted"), PLANTED, ids=[plant.__name__ for _, plant in PLANTED])
def test_planted_contradiction_rings_alone_and_is_named(
    plot: Plot, code: str, planted: Callable[[Plot], UUID | str]
) -> None:
    before = set(plot.broken())
    found, rings = planted(plot), plot.broken()
    assert before == set()
    assert set(rings) == {code} | ALSO.get(planted, set())
    assert str(found) in rings[code]


def test_every_invariant_has_words_and_a_planted_contradiction() -> None:
    assert set(read.QUERIES) == set(invariants.WORDS) == {code for code, _ in PLANTED}


def test_suspension_at_its_deadline_breaks_nothing(plot: Plot) -> None:
    plot.suspended()
    assert plot.broken() == {}


def test_deferral_of_the_microsecond_after_a_suspension_breaks_nothing(plot: Plot) -> None:
    plot.suspended(lifted_at=DEADLINE, lifted_by="staff:a")
    plot.plant(payments.Deferral, granted_at=DEADLINE, until=DEADLINE + timedelta(days=3))
    assert plot.broken() == {}


def test_hold_of_the_microsecond_after_a_deletion_began_breaks_nothing(plot: Plot) -> None:
    plot.deletion()
    plot.plant(endings.Hold, placed_at=START)
    assert plot.broken() == {}


def test_contract_that_ends_thirty_full_days_after_its_notice_breaks_nothing(plot: Plot) -> None:
    ended_by_notice(plot, after_full_days(NOTIFIED, 30))
    assert plot.broken() == {}


def test_ordinary_client_breaks_nothing_and_a_look_is_kept_for_the_staff(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    make.connector(make.client().id)
    clock.advance(minutes=5)
    assert invariants.check(installation) == 0
    with installation.works.staff(STAFF) as work:
        assert invariants.looked_at(work) == clock.now()
        assert {one.broken for one in invariants.look(work)} == {0}
    assert alarms.look(installation).readings.invariants_broken == 0


def test_broken_invariant_rings_and_is_first_on_the_page_until_it_holds_again(
    installation: Installation, make: Factory, superuser: Endpoint
) -> None:
    client_id = make.client(seats=2).id
    for _ in range(2):
        make.user(client_id)
    with _as_superuser(installation, superuser) as session:
        _set_seats(session, client_id, 1)
        session.commit()
        assert invariants.check(installation) == 1
        watch = alarms.look(installation)
        ringing = {alarm.name: alarm.about(watch.readings) for alarm in watch.ringing}
        assert ringing["invariants_broken"] == "seats_exceeded"
        assert watch.readings.invariants_broken == 1
        with installation.works.staff(STAFF) as work:
            first = invariants.look(work)[0]
        assert (first.code, first.about, first.broken, first.samples) == ("seats_exceeded", "11", 1, (str(client_id),))
        _set_seats(session, client_id, 2)
        session.commit()
    assert invariants.check(installation) == 0
    assert "invariants_broken" not in {alarm.name for alarm in alarms.look(installation).ringing}


def _set_seats(session: Session, client_id: UUID, seats: int) -> None:
    session.execute(
        text("update ledger.subscription set seats = :seats where client_id = :id"), {"seats": seats, "id": client_id}
    )


@contextmanager
def _as_superuser(installation: Installation, superuser: Endpoint) -> Iterator[Session]:
    assert installation.settings.database_url is not None
    name = installation.settings.database_url.get_secret_value().rpartition("/")[2].partition("?")[0]
    engine = create_engine(superuser.url(name))
    with Session(engine) as session:
        yield session
    engine.dispose()
