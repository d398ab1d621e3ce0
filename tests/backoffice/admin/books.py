"""Money and notices of a Client for pages of the admin, through services; rows where only a job makes them."""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from sqlalchemy import insert, select, update

from konectus.domain.money import CreditReason, PaymentMethod
from konectus.domain.notices import NoticeKind
from konectus.domain.tasks import TaskKind
from konectus.services import credits as credit_notes
from konectus.services import notices, payment_events, payments, tasks
from konectus.services.credits import NewCredit
from konectus.services.installation import Installation
from konectus.services.notices import NewNotice
from konectus.services.payments import NewPayment
from konectus.services.work import Change
from konectus.store.models.notices import Notice, NoticeInvoice, StaffTask
from konectus.store.models.payments import Refund
from konectus.store.queries import billing, payment_told
from konectus.store.queries.billing import Owed


@dataclass(frozen=True)
class Books:
    """Makes what the pages of money show."""

    installation: Installation

    def owed(self, client_id: UUID) -> list[Owed]:
        with self.installation.works.system() as work:
            return billing.owed(work.session, client_id)

    def pay(self, client_id: UUID, cents: int, reference: str) -> UUID:
        with self.installation.works.system() as work:
            new = NewPayment(
                client_id=client_id,
                method=PaymentMethod.SPEI,
                provider=payments.BY_HAND,
                provider_ref=reference,
                amount_cents=cents,
                paid_at=work.now,
            )
            return payments.record(work, new).payment_id

    def credit(self, client_id: UUID, cents: int) -> UUID:
        with self.installation.works.system() as work:
            new = NewCredit(client_id, cents, CreditReason.GOODWILL, "Cortesía por la espera")
            return credit_notes.issue(work, new)

    def notice(self, client_id: UUID, *, delivered: bool = False, bounced: bool = False) -> UUID:
        """A notice of what is owed, as the mail loop and the mail system leave it."""
        owed = self.owed(client_id)
        with self.installation.works.system() as work:
            listed = tuple((one.invoice_id, one.balance_cents) for one in owed)
            new = NewNotice(NoticeKind.PAYMENT_PENDING, f"test:{work.new_id()}", {}, listed)
            found = notices.queue(work, client_id, new)
            assert found is not None
            sent = {"sent_at": work.now, "message": b"Subject: Aviso\r\n\r\nHola", "attempts": 1}
            ends = {"delivered_at": work.now} if delivered else {"bounced_at": work.now} if bounced else {}
            work.session.execute(update(Notice).where(Notice.id == found).values(**sent, **ends))
            for invoice_id, cents in listed:
                row = {"client_id": client_id, "notice_id": found, "invoice_id": invoice_id, "balance_cents": cents}
                work.session.execute(insert(NoticeInvoice).values(row))
        return found

    def told(self, client_id: UUID, event_id: str = "evt_1", cents: object = -5, **more: object) -> UUID:
        """An event of the payment webhook; this one cannot be booked."""
        payment = {"client_id": str(client_id), "reference": event_id, "amount_cents": cents, "currency": "MXN"} | more
        body = {"id": event_id, "type": "payment.succeeded", "payment": payment}
        with self.installation.works.system() as work:
            payment_events.take(work, "stp", body, sha256(repr(body).encode()).digest())
            return payment_told.event(work.session, "stp", event_id).id

    def task(self, client_id: UUID) -> UUID:
        with self.installation.works.system() as work:
            tasks.open_task(work, TaskKind.AUTHORITY_DOCUMENTS, f"client:{client_id}", client_id=client_id)
            mine = (StaffTask.client_id == client_id, StaffTask.kind == TaskKind.AUTHORITY_DOCUMENTS)
            return work.session.scalars(select(StaffTask.id).where(*mine)).one()

    def refund(self, client_id: UUID, invoice_id: UUID, cents: int = 3_000) -> UUID:
        """One that a termination proposed."""
        with self.installation.works.system() as work:
            days = {"days_total": 30, "days_unused": 10, "base_paid_cents": 9_000, "amount_cents": cents}
            made = {"id": work.new_id(), "client_id": client_id, "invoice_id": invoice_id, "status": "proposed"}
            work.session.execute(insert(Refund).values(**made, **days, proposed_at=work.now))
            work.record("refund.proposed", ("refund", made["id"]), Change(client_id))
        return UUID(str(made["id"]))
