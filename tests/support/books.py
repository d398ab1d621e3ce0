"""A Client's money, as tests make and read it: Plans with a price, contracts, payments, what is owed."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from konectus.domain.money import PaymentMethod
from konectus.domain.plans import Interval
from konectus.services import changes, payments, registration
from konectus.services.changes import Wanted
from konectus.services.installation import Installation
from konectus.services.payments import BY_HAND, Booked, NewPayment
from konectus.services.work import Actor
from konectus.store.models.clients import PlanVersion
from konectus.store.queries import billing, contracts
from konectus.store.queries.billing import InvoiceRow, Owed
from konectus.store.queries.contracts import Contract
from konectus.store.roles import Role
from tests.support.clock import ManualClock

BILLING = Actor("staff", "00000000-0000-7000-8000-000000000002", "Noemí Cobranza")
OWNER = Actor("agent", "00000000-0000-7000-8000-000000000003", "Dueña")
REASON = "Lo pidió la dueña por teléfono"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Books:
    """Everything through the product's own services; cents of MXN, tax of 16 %."""

    installation: Installation
    clock: ManualClock

    def plan(
        self, cents: int = 100_000, *, seats: int = 2, each: int | None = 10_000, interval: Interval = Interval.MONTH
    ) -> PlanVersion:
        number = next(_numbers)
        new = registration.NewPlan(
            code=f"libro{number}",
            name=f"Libro {number}",
            price_cents=cents,
            seats=seats,
            connectors=3,
            interval=interval,
            extra_seat_cents=each,
        )
        with self.installation.works.system() as work:
            return registration.publish_plan(work, new)

    def client(self, version: PlanVersion | None = None, *, trial: timedelta | None = None) -> UUID:
        """A Client that contracts now; without a trial its first invoice is issued."""
        number = next(_numbers)
        new = registration.NewClient(
            legal_name=f"Ñandú {number}, S.A. de C.V.",
            trade_name=f"Ñandú {number}",
            registered_email=f"pagos{number}@cliente.example",
            tax_id="NAN010203AB1",
        )
        version = version or self.plan()
        with self.installation.works.system() as work:
            client = registration.add_client(work, new)
            work.session.flush()  # the subscription points at it
            registration.subscribe(work, client.id, version, trial=trial)
        return client.id

    def pay(self, client_id: UUID, cents: int, *, ref: str | None = None, paid_at: datetime | None = None) -> Booked:
        """A transfer that a person of the staff records."""
        new = NewPayment(
            client_id=client_id,
            method=PaymentMethod.SPEI,
            provider=BY_HAND,
            provider_ref=ref or f"ref-{next(_numbers)}",
            amount_cents=cents,
            paid_at=paid_at or self.clock.now(),
        )
        with self.installation.works.staff(BILLING) as work:
            return payments.record(work, new, reason=REASON)

    def ask(self, client_id: UUID, wanted: Wanted) -> UUID:
        """The owner asks in the web, with the rights of a Client's people alone."""
        with self.installation.works.tenant(client_id, OWNER) as work:
            return changes.request_change(work, client_id, wanted).id

    def owed(self, client_id: UUID) -> list[Owed]:
        with self.installation.database.session(Role.APP, client_id) as session:
            return billing.owed(session, client_id)

    def balances(self, client_id: UUID) -> list[int]:
        return [one.balance_cents for one in self.owed(client_id)]

    def invoices(self, client_id: UUID) -> Sequence[InvoiceRow]:
        """The oldest first."""
        with self.installation.database.session(Role.APP, client_id) as session:
            return billing.invoices(session, client_id)[::-1]

    def contract(self, client_id: UUID) -> Contract:
        with self.installation.database.session(Role.APP, client_id) as session:
            found = contracts.contract(session, client_id)
        assert found is not None
        return found

    def erased(self, client_id: UUID) -> None:
        """The contract ended long ago, its window elapsed and the deletion has begun, as the guards allow it."""
        now = self.clock.now()
        values = {"c": client_id, "then": now - timedelta(days=60), "past": now - timedelta(days=20), "now": now}
        with self.installation.database.session(Role.WORKER) as session:
            for statement in _ERASED:
                session.execute(text(statement), values)


_ERASED = (
    """insert into ledger.termination (id, client_id, by_whom, ground, reason, notified_at, notified_by, effective_at,
         effected_at, refund_due)
       values (gen_random_uuid(), :c, 'client', 'client_cancel', 'x', :then, 'agent:x', :then, :then, false)""",
    """insert into ledger.export_window (id, client_id, source, source_id, opened_at, closes_at, closed_at,
         close_reason)
       values (gen_random_uuid(), :c, 'termination', gen_random_uuid(), :then, :past, :past, 'elapsed')""",
    """insert into ledger.deletion (id, client_id, window_id, eligible_at, export_done, requested_at, requested_by,
         approved_by, approved_at, second_by, second_at, started_at)
       select gen_random_uuid(), :c, id, :past, false, :past, 'system', 'a', :past, 'b', :past, :now
       from ledger.export_window where client_id = :c""",
)
