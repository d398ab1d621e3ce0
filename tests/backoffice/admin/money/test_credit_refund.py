"""What two people decide about a Client's money: credit left at the end, and a payment that may be booked already."""

from uuid import UUID

import httpx

from konectus.domain.roles import StaffRole
from konectus.services import ending_sweeps, terminations
from konectus.services.installation import Installation
from konectus.store.models.payments import Refund
from tests.backoffice.admin.books import Books as Known
from tests.backoffice.admin.money.desk import Desk, one
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.books import OWNER, Books
from tests.support.clock import ManualClock


def left(installation: Installation, clock: ManualClock, *cents: int) -> UUID:
    """A Client that owes nothing and paid so much more."""
    books = Books(installation, clock)
    client_id = books.client()
    for number, more in enumerate(cents):
        owed = sum(books.balances(client_id))
        books.pay(client_id, owed + more, ref=f"BNET-{client_id}-{number}")
    return client_id


def end(installation: Installation, client_id: UUID) -> None:
    with installation.works.tenant(client_id, OWNER) as work:
        terminations.cancel(work, client_id, at_once=True)
    ending_sweeps.terminate_effective(installation)


def test_credit_is_told_before_the_end_and_is_a_refund_to_decide_after_it(
    web: Web, billing_person: httpx.Client, installation: Installation, clock: ManualClock
) -> None:
    client_id = left(installation, clock, 340_00)
    ending = Page(web.staff_as(StaffRole.LEGAL).get(f"/admin/client/terminate/{client_id}").text)
    assert "Su saldo a favor de $340.00 se propone entonces" in ending.words
    end(installation, client_id)

    refund = one(installation, Refund, Refund.client_id == client_id)
    page = Page(billing_person.get(f"/admin/refund/details/{refund.id}").text)
    assert "Saldo a favor que quedó al final" in page.words
    assert f"BNET-{client_id}-0" in page.words
    assert f"BNET-{client_id}-0 Saldo a favor" in Page(billing_person.get("/admin/refund/list").text).words
    assert (
        f"BNET-{client_id}-0 Saldo a favor" in Page(billing_person.get(f"/admin/client/money/{client_id}").text).words
    )
    desk = Desk(billing_person, f"/admin/refund/decide/approve/{refund.id}", installation=installation)
    assert desk.send().headers["location"] == f"/admin/refund/details/{refund.id}"


def test_parts_below_the_limit_that_are_above_it_together_need_two_people(
    billing_person: httpx.Client, installation: Installation, clock: ManualClock
) -> None:
    client_id = left(installation, clock, 6_000_00, 6_000_01)
    end(installation, client_id)
    with installation.works.system() as work:
        refunds = work.session.query(Refund.id).where(Refund.client_id == client_id).all()
    assert len(refunds) == 2
    for (refund_id,) in refunds:
        desk = Desk(billing_person, f"/admin/refund/decide/approve/{refund_id}", installation=installation)
        assert "$12,000.01 es más de $10,000.00" in desk.read().words
        assert desk.send().headers["location"].startswith("/admin/approval/details/")
        assert one(installation, Refund, Refund.id == refund_id).status == "proposed"


def test_the_second_person_is_warned_as_well(
    web: Web, billing_person: httpx.Client, client_id: UUID, books: Known
) -> None:
    books.pay(client_id, 12_000_00, "BNET0000778")
    desk = Desk(billing_person, f"/admin/client/record-payment/{client_id}")
    asked = desk.send(amount="12,000", reference="MBAN02", another="yes")
    words = Page(web.staff_as(StaffRole.BILLING).get(asked.headers["location"].replace("details", "decide")).text).words
    assert "Quizá ya está registrado: BNET0000778" in words
