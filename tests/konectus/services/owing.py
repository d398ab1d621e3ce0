"""A Client that owes, and what happens to it: notices that arrive or bounce, payments, sweeps. For tests of causes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.money import PaymentMethod, PaymentStatus
from konectus.domain.notices import NoticeKind
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Access
from konectus.ids import uuid7
from konectus.services import payments, suspending
from konectus.services.installation import Installation
from konectus.services.payments import NewPayment
from konectus.services.work import Actor
from konectus.store.cluster import Endpoint
from konectus.store.models.billing import Invoice
from konectus.store.models.notices import Notice, NoticeInvoice
from konectus.store.queries import billing, clients, windows
from konectus.store.queries.billing import Owed
from konectus.store.queries.clients import OpenSuspension
from konectus.store.queries.windows import WindowRow
from konectus.store.roles import Role
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import Factory

_numbers = count(1)
WHY = "Así lo pidió la dueña por escrito"


def mexico(words: str) -> datetime:
    """An instant as a watch in Mexico City shows it."""
    return datetime.fromisoformat(words).replace(tzinfo=LEGAL_ZONE)


@dataclass
class Owing:
    """One Client with its first invoice, due from the start."""

    installation: Installation
    clock: ManualClock
    client_id: UUID

    def owed(self) -> list[Owed]:
        with self.installation.database.session(Role.WORKER) as session:
            return billing.owed(session, self.client_id)

    def access(self) -> Access:
        with self.installation.database.session(Role.WORKER) as session:
            return clients.access(session, self.client_id)

    def causes(self) -> list[OpenSuspension]:
        with self.installation.database.session(Role.WORKER) as session:
            return clients.open_suspensions(session, self.client_id)

    def windows(self) -> list[WindowRow]:
        with self.installation.database.session(Role.WORKER) as session:
            return windows.of_client(session, self.client_id)

    def bill(self, cents: int = 50_000, *, due_at: datetime | None = None) -> UUID:
        """Another invoice, due now or then."""
        row, at = uuid7(self.clock.now()), due_at or self.clock.now()
        with self.installation.database.session(Role.WORKER) as session:
            values = {"client_id": self.client_id}
            found = session.connection().execute(
                text("select id from ledger.subscription where client_id = :client_id"), values
            )
            invoice = Invoice(id=row, client_id=self.client_id, subscription_id=found.scalar_one(), currency="MXN")
            invoice.kind, invoice.status, invoice.number = "other", "open", f"P-{next(_numbers)}"
            invoice.period_starts_at, invoice.period_ends_at = at, at + timedelta(days=30)
            invoice.issued_at = invoice.due_at = at
            invoice.total_cents, invoice.billed_to = cents, {}
            session.add(invoice)
        return row

    def told(
        self,
        delivered_at: datetime | None,
        *invoices: UUID,
        bounced_at: datetime | None = None,
        kind: NoticeKind = NoticeKind.PAYMENT_PENDING,
    ) -> UUID:
        """A notice that was queued now and listed these invoices, or all that is owed; when it arrived."""
        row, now = uuid7(self.clock.now()), self.clock.now()
        listed = {one.invoice_id: one.balance_cents for one in self.owed()}
        with self.installation.database.session(Role.WORKER) as session:
            notice = Notice(id=row, client_id=self.client_id, kind=kind, channel="email", subject_ref=str(row), seq=1)
            notice.template_version, notice.language, notice.recipient = 1, "es", "a@cliente.example"
            notice.subject, notice.facts, notice.body_sha256 = "Pago pendiente", {}, b"\x00" * 32
            notice.queued_at = notice.not_before = notice.sent_at = now
            notice.attempts, notice.delivered_at, notice.bounced_at = 1, delivered_at, bounced_at
            session.add(notice)
            session.flush()  # its list points at it
            for invoice_id in invoices or tuple(listed):
                session.add(
                    NoticeInvoice(
                        client_id=self.client_id,
                        notice_id=row,
                        invoice_id=invoice_id,
                        balance_cents=listed.get(invoice_id, 1),
                    )
                )
        return row

    def pay(
        self,
        cents: int | None = None,
        *,
        paid_at: datetime | None = None,
        status: PaymentStatus = PaymentStatus.SUCCEEDED,
        ref: str | None = None,
    ) -> UUID:
        """Money comes, the whole debt where no amount is given; the payment's id."""
        new = NewPayment(
            client_id=self.client_id,
            method=PaymentMethod.SPEI,
            provider="test",
            provider_ref=ref or f"ref-{next(_numbers)}",
            amount_cents=cents or sum(one.balance_cents for one in self.owed()),
            paid_at=paid_at or self.clock.now(),
            status=status,
        )
        with self.installation.works.system() as work:
            return payments.record(work, new).payment_id

    def sweep(self, at: str | datetime) -> bool:
        """Time comes to an instant (as Mexico's watches show it) and the job runs; suspended for non-payment then?"""
        self.clock.set(mexico(at) if isinstance(at, str) else at)
        suspending.suspend_nonpayment(self.installation)
        return self.is_unpaid()

    def is_unpaid(self) -> bool:
        return "nonpayment" in self.access().causes

    def sql(self, statement: str, **values: object) -> object:
        """The first value of a statement about the Client (`:id`)."""
        with self.installation.database.session(Role.WORKER) as session:
            found = session.connection().execute(text(statement), {"id": self.client_id, **values})
            return found.scalar() if found.returns_rows else None

    def count(self, table: str, more: str = "true") -> object:
        return self.sql(f"select count(*) from ledger.{table} where client_id = :id and {more}")


def suspended(owing: Owing, delivered: str = "2026-03-02T10:00", at: str = "2026-03-05T09:30") -> UUID:
    """Told and not paid; the Suspension."""
    owing.told(mexico(delivered))
    assert owing.sweep(at)
    return owing.causes()[-1].id


def staff(make: Factory, role: StaffRole = StaffRole.ADMIN, name: str = "Iñaki Peña") -> Actor:
    """A person of the staff as an actor."""
    return Actor("staff", str(make.staff(role=role, name=name)), name)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """One for the tests of a module: each brings a Client of its own."""
    with installed(templates, endpoint, clock, tmp_path_factory.mktemp("causes")) as made:
        yield made


@pytest.fixture(scope="module")
def make(installation: Installation) -> Factory:
    return Factory(installation)


@pytest.fixture
def owing(installation: Installation, clock: ManualClock, make: Factory) -> Owing:
    """On 2 March 2026 at ten in the morning in Mexico City, a Client that owes its first invoice."""
    clock.set(mexico("2026-03-02T09:00"))
    return Owing(installation, clock, make.client().id)
