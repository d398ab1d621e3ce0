"""Rows of one Client that contradict each other, past every trigger and foreign key: for tests of the invariants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import LargeBinary

from konectus.domain.deadlines import after_full_days
from konectus.ids import uuid7
from konectus.store.base import Base
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
)
from konectus.store.queries import invariants as read
from tests.support.clock import START

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
# What a row of a table leaves in the audit trail.
TRAIL: Mapping[type[Base], tuple[str, ...]] = {
    clients.Suspension: ("opened", "lifted"),
    payments.Payment: ("recorded",),
    endings.Hold: ("placed", "released"),
    endings.Termination: ("announced", "effective"),
    endings.Deletion: ("requested", "started"),
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
        for what in TRAIL.get(model, ()):
            self.recorded(table.name, found, what)
        return found

    def change(self, model: type[Base], **values: Any) -> None:
        """What was planted in a table is otherwise."""
        table: Any = model.__table__
        self.session.execute(update(table).where(table.c.client_id == self.client_id).values(**values))

    def forget(self, model: type[Base], **which: Any) -> None:
        table: Any = model.__table__
        named = [table.c[name] == value for name, value in which.items()]
        self.session.execute(delete(table).where(table.c.client_id == self.client_id, *named))

    def recorded(self, kind: str, subject: UUID, what: str) -> None:
        named = {"action": f"{kind}.{what}", "subject_kind": kind, "subject_id": str(subject)}
        self.plant(audit.AuditEntry, actor_kind="system", **named)

    def client(self) -> None:
        row = {"kind": "entity", "language": "es", "authority": "declared", "country": "MX", "row_version": 1}
        self.plant(clients.Client, id=self.client_id, **row)

    def suspended(self, **given: Any) -> UUID:
        """Suspended for non-payment as it should be."""
        self.client()
        invoice = self.invoice(due_at=NOTIFIED, issued_at=NOTIFIED)
        notice = self.plant(notices.Notice, delivered_at=NOTIFIED)
        self.plant(notices.NoticeInvoice, notice_id=notice, invoice_id=invoice, balance_cents=1000)
        named = {"cause": "nonpayment", "notice_id": notice, "invoice_id": invoice, "opened_at": DEADLINE}
        found = self.plant(clients.Suspension, **named | given)
        self.plant(endings.ExportWindow, source="nonpayment", source_id=found, **THIRTY_DAYS)
        return found

    def invoice(self, **given: Any) -> UUID:
        ordinary = {"issued_at": START, "due_at": START, "period_ends_at": START} | MONTH
        found = self.plant(billing.Invoice, **ordinary | given)
        self.plant(billing.InvoiceLine, invoice_id=found)
        return found

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
            endings.ExportWindow, closes_at=NOTIFIED, closed_at=NOTIFIED, close_reason="elapsed", **OPENED
        )
        persons = {"approved_by": "staff:a", "second_by": "staff:b", "window_id": window}
        return self.plant(endings.Deletion, **at | persons | given)

    def broken(self) -> dict[str, tuple[str, ...]]:
        return {code: one.samples for code in read.QUERIES if (one := read.broken(self.session, code, START)).count}


MONTH = {"period_starts_at": NOTIFIED - timedelta(days=30)}
OPENED = {"opened_at": NOTIFIED - timedelta(days=40)}
THIRTY_DAYS = {"opened_at": DEADLINE, "closes_at": after_full_days(DEADLINE, 30)}


def _any_value(column: Any) -> object:
    if isinstance(column.type, JSONB):
        return {}
    if isinstance(column.type, LargeBinary):
        return b"-"
    plain: dict[type, object] = {UUID: uuid7(START), str: "-", int: 1, bool: False, datetime: START, bytes: b"-"}
    return plain[column.type.python_type]
