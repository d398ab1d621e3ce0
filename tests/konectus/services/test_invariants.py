"""The invariants: nothing is found where all is well, and each planted contradiction is named."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, insert, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import LargeBinary

from konectus.domain.deadlines import after_full_days
from konectus.ids import uuid7
from konectus.services import alarms, invariants
from konectus.services.installation import Installation
from konectus.store.base import Base
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
from tests.support.clock import START, ManualClock
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make"]

# What a row of a table is where the test says nothing else: words that a check wants.
ORDINARY: Mapping[type[Base], dict[str, Any]] = {
    clients.Suspension: {"cause": "aup", "clause": "15.1", "reason": "a reason that is long enough"},
    clients.Subscription: {"status": "active"},
    billing.Invoice: {"kind": "period", "status": "open", "currency": "MXN", "total_cents": 1000, "number": "K-1"},
    billing.InvoiceLine: {"kind": "plan", "amount_cents": 1000},
    payments.Payment: {"method": "spei", "status": "succeeded", "currency": "MXN", "paid_at": START},
    payments.CreditNote: {"reason": "goodwill", "amount_cents": 100},
    payments.Refund: {"status": "proposed", "base_paid_cents": 900, "amount_cents": 900},
    payments.Deferral: {"reason": "a reason that is long enough", "until_day": START.date()},
    notices.Notice: {"kind": "payment_pending", "channel": "email", "language": "es"},
    endings.ExportWindow: {"source": "termination"},
    endings.Hold: {"kind": "legal", "reason": "a reason that is long enough"},
    endings.Termination: {"by_whom": "client", "ground": "client_cancel"},
    connectors.Connector: {"channel": "messenger", "state": "connected", "secret_sealed": b"-"},
    connectors.Account: {"channel": "messenger", "state": "connected"},
    inbox.Message: {"direction": "in", "author": "contact", "kind": "message", "status": "received"},
    inbox.EndContact: {"external_key": bytes(16)},
    documents.DocumentVersion: {"document": "terms", "version": 99, "is_material": True},
    documents.DocumentAcceptance: {"language": "es"},
    identity.AuthorizedUser: {"role": "agent", "active": True},
}
NOTIFIED = START - timedelta(days=10)
DEADLINE = after_full_days(NOTIFIED, 2)


@dataclass
class Plot:
    """Plants rows of one Client, past every trigger and foreign key, in a transaction that never commits."""

    session: Session
    client_id: UUID = field(default_factory=lambda: uuid7(START))

    def plant(self, model: type[Base], **given: Any) -> UUID:
        table: Any = model.__table__
        values = {"client_id": self.client_id} | ORDINARY.get(model, {}) | given
        values = {name: value for name, value in values.items() if name in table.c}
        missing = [c for c in table.c if not (c.nullable or c.server_default or c.identity or c.name in values)]
        values |= {column.name: _any_value(column) for column in missing}
        self.session.execute(insert(table).values(values))
        found: UUID = values.get("id", self.client_id)
        return found

    def client(self) -> None:
        row = {"kind": "entity", "language": "es", "authority": "declared", "country": "MX", "row_version": 1}
        self.plant(clients.Client, id=self.client_id, **row)

    def suspended(self, **given: Any) -> UUID:
        """Suspended for non-payment as it should be."""
        self.client()
        invoice = self.plant(billing.Invoice, due_at=NOTIFIED, issued_at=NOTIFIED, period_ends_at=START, **_MONTH)
        notice = self.plant(notices.Notice, delivered_at=NOTIFIED)
        self.plant(notices.NoticeInvoice, notice_id=notice, invoice_id=invoice, balance_cents=1000)
        named = {"cause": "nonpayment", "notice_id": notice, "invoice_id": invoice, "opened_at": DEADLINE}
        return self.plant(clients.Suspension, **named | given)

    def invoice(self, **given: Any) -> UUID:
        ordinary = {"issued_at": START, "due_at": START, "period_ends_at": START} | _MONTH
        return self.plant(billing.Invoice, **ordinary | given)

    def paid(self, invoice_id: UUID, cents: int, **given: Any) -> UUID:
        payment = self.plant(payments.Payment, amount_cents=max(cents, 1), provider_ref=str(invoice_id))
        self.plant(
            payments.Allocation, **{"invoice_id": invoice_id, "payment_id": payment, "amount_cents": cents} | given
        )
        return payment

    def deletion(self, **given: Any) -> UUID:
        """Begun as it should: its window elapsed, two persons."""
        at = {"approved_at": NOTIFIED, "second_at": NOTIFIED, "eligible_at": NOTIFIED, "started_at": START}
        window = self.plant(
            endings.ExportWindow, closes_at=START, closed_at=NOTIFIED, close_reason="elapsed", **_OPENED
        )
        persons = {"approved_by": "staff:a", "second_by": "staff:b", "window_id": window}
        return self.plant(endings.Deletion, **at | persons | given)

    def broken(self) -> dict[str, tuple[str, ...]]:
        return {code: one.samples for code in read.QUERIES if (one := read.broken(self.session, code, START)).count}


_MONTH = {"period_starts_at": NOTIFIED - timedelta(days=30)}
_OPENED = {"opened_at": NOTIFIED - timedelta(days=40)}


def _any_value(column: Any) -> object:
    if isinstance(column.type, JSONB):
        return {}
    if isinstance(column.type, LargeBinary):
        return b"-"
    plain: dict[type, object] = {UUID: uuid7(START), str: "-", int: 1, bool: False, datetime: START, bytes: b"-"}
    return plain[column.type.python_type]


@pytest.fixture
def plot(installation: Installation, superuser: Endpoint) -> Iterator[Plot]:
    with _as_superuser(installation, superuser) as session:
        session.execute(text("set local session_replication_role = replica"))
        yield Plot(session)
        session.rollback()


def suspended_yet_connected(plot: Plot) -> UUID:
    plot.suspended(opened_at=START)
    connector = plot.plant(connectors.Connector, created_at=START)
    plot.plant(connectors.Account, connector_id=connector)
    return connector


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
    plot.session.execute(update(notices.Notice).values(bounced_at=DEADLINE - timedelta(seconds=1)))
    return found


def suspended_though_paid(plot: Plot) -> UUID:
    found = plot.suspended()
    invoice = plot.session.execute(text("select invoice_id from ledger.suspension where id = :id"), {"id": found})
    plot.paid(invoice.scalar_one(), 1000, at=DEADLINE - timedelta(seconds=1))
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
    plot.plant(endings.ExportWindow, source_id=uuid7(NOTIFIED), closes_at=START + timedelta(days=9), **_OPENED)
    return found


def deleted_before_its_window(plot: Plot) -> UUID:
    found = plot.deletion()
    plot.session.execute(update(endings.ExportWindow).values(closed_at=START + timedelta(seconds=1)))
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
    plot.plant(billing.InvoiceLine, invoice_id=invoice, amount_cents=999)
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
    plot.session.execute(update(payments.Payment).values(status="failed"))
    return payment


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
    return plot.suspended()


def terminated_with_a_live_subscription(plot: Plot) -> UUID:
    plot.plant(endings.Termination, effective_at=NOTIFIED, effected_at=START)
    return plot.plant(clients.Subscription, period_starts_at=NOTIFIED)


def hold_that_nobody_recorded(plot: Plot) -> UUID:
    plot.plant(audit.AuditEntry, actor_kind="system", subject_kind="hold", subject_id=str(uuid7(NOTIFIED)))
    return plot.plant(endings.Hold)


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
    ("credit_overspent", credit_used_beyond_its_amount),
    ("refund_too_high", refund_beyond_what_was_paid),
    ("seats_exceeded", more_people_than_seats),
    ("bound_too_early", bound_a_second_early),
    ("window_missing", suspended_without_a_window),
    ("subscription_outlived_termination", terminated_with_a_live_subscription),
    ("change_without_audit", hold_that_nobody_recorded),
    ("letter_with_body", decided_letter_with_its_body),
]


@pytest.mark.parametrize(("code", "planted"), PLANTED, ids=[plant.__name__ for _, plant in PLANTED])
def test_planted_contradiction_is_named(plot: Plot, code: str, planted: Callable[[Plot], UUID | str]) -> None:
    before = plot.broken()
    found = planted(plot)
    assert code not in before
    assert str(found) in plot.broken()[code]


def test_every_invariant_has_words_and_a_planted_contradiction() -> None:
    assert set(read.QUERIES) == set(invariants.WORDS) == {code for code, _ in PLANTED}


def test_suspension_at_its_deadline_breaks_no_rule_of_notices_and_money(plot: Plot) -> None:
    plot.suspended()
    about_suspensions = {code for code in plot.broken() if code.startswith(("suspension", "connector", "deletion"))}
    assert about_suspensions == set()


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
