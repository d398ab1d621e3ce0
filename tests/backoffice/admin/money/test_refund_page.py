"""A refund on its page: each step where it is due alone, and above the limit not by one person (lifecycle.md 6)."""

from datetime import timedelta
from uuid import UUID

import httpx

from backoffice.admin import approved
from konectus.domain.roles import StaffRole
from konectus.services import ending_sweeps, terminations
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.endings import Approval
from konectus.store.models.payments import Refund
from tests.backoffice.admin.money.desk import Desk, count, one
from tests.support.books import OWNER, Books
from tests.support.clock import ManualClock
from tests.support.factories import Factory


def due(installation: Installation, clock: ManualClock, cents: int) -> tuple[UUID, UUID]:
    """A Client that paid a period and rejected changed Terms (16): its id and its refund's."""
    books = Books(installation, clock)
    client_id = books.client(books.plan(cents))
    books.pay(client_id, sum(books.balances(client_id)))
    with installation.works.system(OWNER) as work:
        terminations.reject_terms(work, client_id, work.now + timedelta(days=1), at_once=True)
    ending_sweeps.terminate_effective(installation)
    return client_id, one(installation, Refund, Refund.client_id == client_id).id


def test_a_refund_above_the_limit_is_approved_by_a_second_person(
    billing_person: httpx.Client, installation: Installation, make: Factory, clock: ManualClock
) -> None:
    client_id, refund_id = due(installation, clock, 2_000_000)
    answered = Desk(billing_person, f"/admin/refund/decide/approve/{refund_id}", installation=installation).send()
    assert answered.status_code == 303
    asked = one(installation, Approval, Approval.client_id == client_id)
    assert answered.headers["location"] == f"/admin/approval/details/{asked.id}"
    assert one(installation, Refund, Refund.id == refund_id).status == "proposed"
    second = Actor("staff", str(make.staff(role=StaffRole.BILLING)), "Rocío Cárdenas")
    with installation.works.staff(second) as work:
        assert approved.decide(work, asked.id, approve=True, reason="Coincide con lo pagado") is not None
    assert one(installation, Refund, Refund.id == refund_id).status == "approved"


def test_a_small_refund_goes_step_by_step_and_none_is_left_out(
    billing_person: httpx.Client, installation: Installation, clock: ManualClock
) -> None:
    client_id, refund_id = due(installation, clock, 100_000)

    def desk(verdict: str) -> Desk:
        return Desk(billing_person, f"/admin/refund/decide/{verdict}/{refund_id}", installation=installation)

    for early in ("sent", "settled", "failed"):
        assert billing_person.get(desk(early).address).status_code == 409, early
    assert desk("approve").send().status_code == 303
    assert count(installation, Approval, client_id) == 0, "it is below the limit"
    assert billing_person.get(desk("approve").address).status_code == 409, "once"
    assert desk("sent").send(reference=" ").status_code == 422, "money left under no reference"
    assert desk("sent").send(reference=f"SPEI-{refund_id}").status_code == 303
    assert desk("settled").send().status_code == 303
    found = one(installation, Refund, Refund.id == refund_id)
    assert (found.status, found.provider_ref) == ("settled", f"SPEI-{refund_id}")
