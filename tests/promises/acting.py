"""A process in which people and jobs change things without pause, until it is killed: python -m ... SEED DAYS."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from uuid import UUID

from konectus.domain.endings import HoldKind
from konectus.domain.money import PaymentMethod, PaymentStatus
from konectus.domain.suspension import Cause
from konectus.errors import KonectusError
from konectus.services import changes, connectors, credentials, deferrals, holds, payments, suspensions, terminations
from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings
from konectus.store.queries import billing, clients
from konectus.store.queries import connectors as read
from konectus.store.queries import payments as books
from konectus.store.roles import Role
from scheduler import JOBS
from tests.support.clock import START, ManualClock
from tests.support.factories import STAFF, Factory

REASON = "Así lo pidió la dueña por escrito"
# Figures are no change of anybody's; the channels' jobs ask providers.
LEFT_OUT = {"collect_usage", "release_month", "mail_reports"} | {
    "check_connectors",
    "listen_for_silence",
    "look_after_tokens",
}


@dataclass
class Acting:
    """Everybody at once: staff, a Client's people, the scheduler."""

    installation: Installation
    clock: ManualClock
    random: Random
    clients: list[UUID] = field(default_factory=list)

    def step(self) -> None:
        """One thing happens, or is refused; either way an hour or two pass."""
        acts: tuple[Callable[[], object], ...] = (
            self.register, self.invite, self.connect, self.disconnect, self.suspend, self.lift, self.pay, self.half,
            self.hold, self.defer, self.cancel, self.change, self.give_token, self.reverse, self.jobs,
        )  # fmt: skip
        with suppress(KonectusError):
            self.random.choice(acts)()
        self.clock.advance(hours=self.random.random() * 4)

    def register(self) -> None:
        if len(self.clients) < 12:
            self.clients.append(Factory(self.installation).client(seats=3).id)

    def invite(self) -> None:
        Factory(self.installation).user(self._one())

    def connect(self) -> None:
        Factory(self.installation).connector(self._one())

    def disconnect(self) -> None:
        client_id = self._one()
        with self.installation.works.system() as work:
            for row in read.of_client(work.session, client_id):
                connectors.disconnect(work, client_id, row.id, connectors.SUSPENDED)

    def suspend(self) -> None:
        with self.installation.works.staff(STAFF) as work:
            suspensions.suspend_by_hand(work, self._one(), Cause.AUP, REASON)

    def lift(self) -> None:
        with self.installation.database.session(Role.WORKER) as session:
            found = clients.open_suspensions(session, self._one())
        with self.installation.works.staff(STAFF) as work:
            for one in found:
                suspensions.lift_by_hand(work, one.id, REASON)

    def pay(self, part: int = 1) -> None:
        client_id = self._one()
        with self.installation.works.staff(STAFF) as work:
            cents = sum(one.balance_cents for one in billing.owed(work.session, client_id)) // part
            ref = f"r{self.random.randrange(10**9)}"
            new = payments.NewPayment(
                client_id, PaymentMethod.SPEI, payments.BY_HAND, ref, cents, paid_at=work.now,
                status=PaymentStatus.SUCCEEDED,
            )  # fmt: skip
            payments.record(work, new, reason=REASON)

    def half(self) -> None:
        self.pay(2)

    def reverse(self) -> None:
        client_id = self._one()
        with self.installation.works.staff(STAFF) as work:
            found = books.payments(work.session, client_id)
            if found:
                payments.reverse(work, found[0].payment_id, REASON)

    def hold(self) -> None:
        with self.installation.works.staff(STAFF) as work:
            holds.place(work, self._one(), HoldKind.LEGAL, REASON)

    def defer(self) -> None:
        with self.installation.works.staff(STAFF) as work:
            deferrals.defer(work, self._one(), (work.now + timedelta(days=3)).date(), REASON)

    def cancel(self) -> None:
        with self.installation.works.system() as work:
            terminations.cancel(work, self._one(), at_once=self.random.random() < 0.5)

    def change(self) -> None:
        with self.installation.works.staff(STAFF) as work:
            changes.request_change(work, self._one(), changes.Wanted(seats=self.random.randrange(1, 9)), reason=REASON)

    def give_token(self) -> None:
        client_id = self._one()
        with self.installation.works.system() as work:
            credentials.add_api_token(work, client_id, "Exportación nocturna")

    def jobs(self) -> None:
        for job in JOBS:
            if job.id not in LEFT_OUT:
                job.run(self.installation)

    def _one(self) -> UUID:
        if not self.clients:
            self.register()
        return self.random.choice(self.clients)


def main() -> None:
    clock = ManualClock(START + timedelta(days=float(sys.argv[2])))
    installation = replace(open_installation(Settings.load(os.environ)), clock=clock)
    acting = Acting(installation, clock, Random(sys.argv[1]))  # noqa: S311 - a seed that can be said again
    while True:
        acting.step()


if __name__ == "__main__":
    main()
