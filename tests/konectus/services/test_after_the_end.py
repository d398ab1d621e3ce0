"""What an end cuts off at once, what a gone debtor is not told, and a second person who decides what changed since."""

from sqlalchemy import text

from konectus.domain.endings import HoldKind
from konectus.domain.money import PaymentMethod, PaymentStatus
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import ending_sweeps, holds, identity, lifting, payments, suspensions, terminations
from konectus.services.installation import Installation
from konectus.services.payments import NewPayment
from konectus.store.roles import Role
from tests.konectus.services.owing import WHY, Owing, clock, installation, make, owing, staff
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.talks import Talk, Talks

__all__ = ["clock", "installation", "make", "owing"]

WAITS = """insert into tenant.outbox (client_id, id, connector_id, conversation_id, queued_at, not_before, attempts,
    by_person, position) select client_id, id, connector_id, conversation_id, received_at, received_at, 0, true, 1
  from tenant.message where client_id = :id and status = 'queued'"""


def statuses(talk: Talk) -> list[str]:
    with talk.installation.database.session(Role.WORKER) as session:
        found = session.execute(text("select status from tenant.message where client_id = :id"), {"id": talk.client_id})
        return list(found.scalars())


def test_an_end_signs_everybody_out_and_sends_nothing_that_waits(
    installation: Installation, make: Factory, clock: ManualClock
) -> None:
    """Terms 15.3: access ends with the contract, also of a browser left open and of an answer on its way."""
    works, talk = installation.works, Talks(installation, make).start(clock.now())
    signed_in = make.user_session(talk.client_id, make.user(talk.client_id))
    talk.message(clock.now(), direction="out", status="queued")
    with installation.database.session(Role.WORKER) as session:
        session.execute(text(WAITS), {"id": talk.client_id})
    assert identity.user_of(works, signed_in) is not None
    with works.system() as work:
        termination_id = terminations.cancel(work, talk.client_id, at_once=True)
    with works.system() as work:
        assert ending_sweeps.effect(work, termination_id)
    assert identity.user_of(works, signed_in) is None
    assert statuses(talk) == ["cancelled"]


def test_a_charge_declined_after_a_deletion_began_is_kept_and_told_to_nobody(
    installation: Installation, make: Factory, clock: ManualClock, owing: Owing
) -> None:
    """Its address may belong to somebody else by now, and nothing can follow from a notice any more."""

    def declined(debtor: Owing, reference: str) -> object:
        new = NewPayment(
            client_id=debtor.client_id,
            method=PaymentMethod.CARD,
            provider="test",
            provider_ref=reference,
            amount_cents=100,
            status=PaymentStatus.FAILED,
        )
        with installation.works.system() as work:
            payments.declined(work, new, "insufficient_funds")
        return debtor.count("notice", "kind = 'charge_declined'")

    assert declined(owing, f"{owing.client_id}-1") == 2, "an e-mail and a line in the product"
    gone = Owing(installation, clock, make.client().id)
    Books(installation, clock).erased(gone.client_id)
    assert gone.owed()
    assert declined(gone, f"{gone.client_id}-1") == 0
    assert gone.count("payment", "status = 'failed'") == 1


def test_a_hold_placed_after_a_lift_was_asked_for_makes_the_request_void(owing: Owing, make: Factory) -> None:
    """The second person answers for the facts of now; a hold says that somebody sees this Client otherwise."""
    works = owing.installation.works
    first, second = staff(make, StaffRole.LEGAL), staff(make, StaffRole.LEGAL, "Rosa Ibarra")
    with works.system() as work:
        opened = suspensions.open_cause(work, owing.client_id, Cause.SECURITY, WHY)
    with works.staff(first) as work:
        asked = lifting.request_lift(work, opened.suspension_id, WHY)
    with works.staff(first) as work:
        holds.place(work, owing.client_id, HoldKind.INCIDENT, WHY)
    with works.staff(second) as work:
        assert lifting.decide_lift(work, asked.id, approve=True, reason=WHY) is None
    assert owing.access().causes == (Cause.SECURITY,)
    assert owing.count("approval", "state = 'void'") == 1
