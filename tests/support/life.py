"""One Client and everybody around it, as a test plays them: staff, the mail system, money, jobs, time. No assertion."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text

from konectus.domain.endings import DeletionState, HoldKind
from konectus.domain.invoicing import Line, Period
from konectus.domain.money import InvoiceKind, LineKind, PaymentMethod, PaymentStatus
from konectus.domain.notices import STARTS_CLOCK, NoticeEventKind
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.mail.letters import House
from konectus.mail.port import Answer, Outcome
from konectus.services import (
    billing,
    deferrals,
    erasure,
    holds,
    lifting,
    notice_sending,
    notices,
    payments,
    suspensions,
    terminations,
)
from konectus.services.billing import Draft
from konectus.services.installation import Installation
from konectus.services.notices import MailEvent
from konectus.services.payments import NewPayment
from konectus.services.suspensions import Order
from konectus.services.work import Actor
from konectus.store.roles import Role
from scheduler import JOBS
from tests.support.clock import ManualClock
from tests.support.factories import Factory

WHY = "Así lo pide el caso de esta prueba"
HOUSE = House("Konectus <avisos@konectus.example>", "https://office.example", "CLABE 012")
ACCEPTED = Answer(Outcome.ACCEPTED, "250 ok")
MAIL = Actor("provider", "mail", "mail")
# The jobs of lifecycle.md 5 that concern one Client's contract, in the order of the timetable.
OTHERS = {"check_connectors", "listen_for_silence", "look_after_tokens"} | {
    "collect_usage",
    "release_month",
    "mail_reports",
}
OTHERS |= {"keep_partitions", "prune", "check_invariants"}
LIFECYCLE = [job for job in JOBS if job.id not in OTHERS]
_numbers = count(1)
_CLOCK = ", ".join(f"'{kind}'" for kind in STARTS_CLOCK)
_WAITING = text(
    f"select id from ledger.notice where channel = 'email' and sent_at is null and undeliverable_at is null"
    f" and bounced_at is null and kind in ({_CLOCK}) and client_id = :id order by queued_at, id"
)


@dataclass(frozen=True)
class Staff:
    """People of the staff, one of each role that is asked for."""

    make: Factory
    _known: dict[tuple[StaffRole, int], Actor] = field(default_factory=dict)

    def one(self, role: StaffRole, number: int = 1) -> Actor:
        key = (role, number)
        if key not in self._known:
            self._known[key] = Actor("staff", str(self.make.staff(role=role)), f"{role} {number}")
        return self._known[key]

    @cached_property
    def admin(self) -> Actor:
        return self.one(StaffRole.ADMIN)


@dataclass
class Life:
    """What happens to one Client. Every method is one thing that somebody does, now."""

    installation: Installation
    clock: ManualClock
    staff: Staff
    client_id: UUID
    owner: Actor = field(default_factory=lambda: Actor("agent", "00000000-0000-7000-8000-000000000003", "Dueña"))

    # Time.

    def jobs(self, *names: str) -> None:
        """Every job once, or those named, in the order of the timetable."""
        for job in LIFECYCLE:
            if not names or job.id in names:
                job.run(self.installation)

    def at(self, instant: datetime, *names: str) -> None:
        """Time comes to an instant and the jobs run."""
        self.clock.set(instant.astimezone(UTC))
        self.jobs(*names)

    def sql(self, statement: str, **values: object) -> Any:
        """The first value of a statement about the Client (`:id`)."""
        with self.installation.database.session(Role.WORKER) as session:
            found = session.connection().execute(text(statement), {"id": self.client_id, **values})
            return found.scalar() if found.returns_rows else None

    # Money.

    def bill(self, cents: int = 10_000) -> UUID:
        """An invoice beside those of the periods, due now; tax comes on top."""
        subscription = self.sql(
            "select id from ledger.subscription where client_id = :id order by started_at desc limit 1"
        )
        now = self.clock.now()
        lines = (Line(LineKind.OTHER, 1, cents),)
        period = Period(now, now + timedelta(days=30))
        with self.installation.works.system() as work:
            return billing.issue(work, Draft(self.client_id, subscription, InvoiceKind.OTHER, period, lines))

    def pay(
        self,
        cents: int,
        *,
        paid_at: datetime | None = None,
        status: PaymentStatus = PaymentStatus.SUCCEEDED,
        ref: str = "",
    ) -> UUID:
        new = NewPayment(
            client_id=self.client_id,
            method=PaymentMethod.SPEI,
            provider="test",
            provider_ref=ref or f"vida-{next(_numbers)}",
            amount_cents=cents,
            paid_at=paid_at or self.clock.now(),
            status=status,
        )
        with self.installation.works.system() as work:
            return payments.record(work, new).payment_id

    def reverse(self, payment_id: UUID) -> None:
        with self.installation.works.system() as work:
            payments.reverse(work, payment_id, "El banco devolvió la transferencia")

    def defer(self, until_day: date) -> UUID:
        with self.installation.works.staff(self.staff.admin) as work:
            return deferrals.defer(work, self.client_id, until_day, WHY)

    # The mail system.

    def send(self) -> list[UUID]:
        """What asks for money and waits is handed over and accepted; nothing is delivered by that."""
        with self.installation.database.session(Role.WORKER) as session:
            waiting = list(session.scalars(_WAITING, {"id": self.client_id}))
        return [one for one in waiting if self.hand_over(one)]

    def hand_over(self, notice_id: UUID) -> bool:
        """One e-mail of any kind leaves and is accepted; False where there is nothing to send any more."""
        with self.installation.works.system() as work:
            taken = notice_sending.take(work, notice_id, HOUSE)
        if taken is None:
            return False
        with self.installation.works.system() as work:
            notice_sending.settle(work, taken, ACCEPTED)
        return True

    def hear(self, notice_id: UUID, kind: NoticeEventKind, at: datetime | None = None) -> str:
        """A word of the mail system, about now or about an instant that is past."""
        told = MailEvent(
            f"vida-{next(_numbers)}", f"<{notice_id}@konectus.example>", kind, at or self.clock.now(), {"by": "test"}
        )
        with self.installation.works.system(MAIL) as work:
            return notices.event(work, told)

    def delivered(self, notice_id: UUID, at: datetime | None = None) -> str:
        return self.hear(notice_id, NoticeEventKind.DELIVERED, at)

    def bounced(self, notice_id: UUID, at: datetime | None = None) -> str:
        return self.hear(notice_id, NoticeEventKind.HARD_BOUNCE, at)

    # Causes, holds.

    def suspend(self, cause: Cause) -> UUID:
        with self.installation.works.staff(self.staff.admin) as work:
            if cause is Cause.LEGAL_ORDER:
                order = Order(f"Oficio {next(_numbers)}", "todo", forbids_deletion=False)
                return suspensions.suspend_by_order(work, self.client_id, order, WHY).suspension_id
            return suspensions.suspend_by_hand(work, self.client_id, cause, WHY).suspension_id

    def lift(self, suspension_id: UUID, cause: Cause) -> None:
        """By one person, or by two where it takes two."""
        if cause is Cause.AUP:
            with self.installation.works.staff(self.staff.admin) as work:
                suspensions.lift_by_hand(work, suspension_id, WHY)
            return
        with self.installation.works.staff(self.staff.admin) as work:
            asked = lifting.request_lift(work, suspension_id, WHY).id
        with self.installation.works.staff(self.staff.one(StaffRole.LEGAL)) as work:
            assert lifting.decide_lift(work, asked, approve=True, reason=WHY) is not None

    def hold(self) -> UUID:
        with self.installation.works.staff(self.staff.admin) as work:
            return holds.place(work, self.client_id, HoldKind.LEGAL, WHY)

    def release(self, hold_id: UUID) -> None:
        with self.installation.works.staff(self.staff.admin) as work:
            asked = holds.request_release(work, hold_id, WHY).id
        with self.installation.works.staff(self.staff.one(StaffRole.LEGAL)) as work:
            assert holds.decide_release(work, asked, approve=True, reason=WHY)

    # Endings.

    def cancel(self, *, at_once: bool = True) -> UUID:
        with self.installation.works.tenant(self.client_id, self.owner) as work:
            return terminations.cancel(work, self.client_id, at_once=at_once)

    def deletion(self) -> UUID | None:
        """The deletion that was asked for and not cancelled."""
        found: UUID | None = self.sql(
            "select id from ledger.deletion where client_id = :id and cancelled_at is null order by requested_at desc"
        )
        return found

    def approve(self, deletion_id: UUID) -> UUID:
        with self.installation.works.staff(self.staff.admin) as work:
            return erasure.approve(work, deletion_id, WHY).id

    def approve_again(self, approval_id: UUID, by: Actor | None = None) -> DeletionState:
        with self.installation.works.staff(by or self.staff.one(StaffRole.LEGAL)) as work:
            return erasure.decide(work, approval_id, approve=True, reason=WHY)
