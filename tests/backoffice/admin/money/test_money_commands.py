"""Recording payments, credit, voiding, deferring, notices and Plans through the pages, in one shared installation."""

from datetime import timedelta
from uuid import UUID

import httpx

from backoffice.admin import approved
from konectus.domain.deadlines import LEGAL_ZONE
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import suspending, suspensions
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.billing import Invoice
from konectus.store.models.endings import Approval
from konectus.store.models.payments import CreditNote, Deferral, Payment
from konectus.store.queries import clients
from tests.backoffice.admin.books import Books
from tests.backoffice.admin.money.desk import WHY, Desk, count, one
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.books import Books as Erased
from tests.support.clock import ManualClock
from tests.support.factories import Factory


def pay(http: httpx.Client, client_id: UUID) -> Desk:
    return Desk(http, f"/admin/client/record-payment/{client_id}")


def test_a_transfer_is_recorded_by_search_command_and_confirm(
    web: Web,
    billing_person: httpx.Client,
    make: Factory,
    books: Books,
) -> None:
    client = make.client(name="Abarrotes La Huasteca")
    found = Page(billing_person.get("/admin/client/list?search=abarrotes la").text)
    page = Page(billing_person.get(next(link for link in found.links if str(client.id) in link)).text)
    desk = Desk(billing_person, next(link for link in page.links if "record-payment" in link))
    shown = desk.read()
    assert shown.fields["amount"] == "2,259.68", "all that is owed, with tax, stands there already"
    assert f"{books.owed(client.id)[0].number} queda pagada" in shown.words
    assert desk.send(reference="BNET01002611221").status_code == 303
    assert books.owed(client.id) == []


def test_bad_amounts_days_and_references_are_named_and_nothing_typed_is_lost(
    billing_person: httpx.Client,
    client_id: UUID,
    books: Books,
    installation: Installation,
    clock: ManualClock,
) -> None:
    desk = pay(billing_person, client_id)
    today = clock.now().date()
    good = {"amount": "100", "paid_on": today.isoformat(), "method": "spei", "reference": "R-1", "why": WHY}
    for name, typed, told in (
        ("amount", "-5", "mayor que cero"),
        ("amount", "US$ 20", "Solo pesos"),
        ("amount", "1.005", "dos decimales"),
        ("amount", "0.00", "mayor que cero"),
        ("amount", "100000000000", "Es más de"),
        ("amount", "1e5", "Solo pesos"),
        ("paid_on", (today + timedelta(days=2)).isoformat(), "No después del"),
        ("method", "efectivo", "Elige"),
        ("reference", "", "no puede quedar"),
        ("why", "corto", "Faltan"),
    ):
        given = desk.read().fields | good | {name: typed}
        answered = billing_person.post(desk.address, data=given)
        page = Page(answered.text)
        assert answered.status_code == 422, (name, typed)
        assert told in page.words, (name, typed)
        assert {key: page.fields[key] for key in good if key != "method"} == {
            key: value for key, value in (good | {name: typed}).items() if key != "method"
        }
    books.pay(client_id, 1_00, "R-2")
    answered = desk.send(reference="R-2")
    assert answered.status_code == 422
    assert "ya está registrada" in Page(answered.text).words
    assert count(installation, Payment, client_id) == 1


def test_a_reference_of_another_client_is_named_as_such(
    billing_person: httpx.Client, client_id: UUID, make: Factory, books: Books
) -> None:
    books.pay(make.client().id, 10_00, "R-90")
    answered = pay(billing_person, client_id).send(amount="10", reference="R-90")
    assert answered.status_code == 422
    assert "con otro importe o para otro Cliente" in Page(answered.text).words


def test_money_of_a_deleted_client_is_booked_against_its_debt_and_nobody_is_told(
    billing_person: httpx.Client, client_id: UUID, books: Books, installation: Installation, clock: ManualClock
) -> None:
    Erased(installation, clock).erased(client_id)
    desk = pay(billing_person, client_id)
    assert "No se avisa a nadie" in desk.read().words
    assert desk.send(reference="R-91").status_code == 303
    assert books.owed(client_id) == []


def test_a_transfer_that_may_be_booked_already_needs_a_tick(
    billing_person: httpx.Client, client_id: UUID, books: Books, installation: Installation
) -> None:
    first = books.pay(client_id, 500_00, "BNET0000777")
    desk = pay(billing_person, client_id)
    given = desk.read().fields | {"amount": "500", "reference": "MBAN01", "why": WHY}
    answered = billing_person.post(desk.address, data=given)
    page = Page(answered.text)
    assert answered.status_code == 422
    assert "Quizá ya está registrado: BNET0000777" in page.words
    assert "(Automático)" in page.words
    assert "Compáralo con el pago" in page.words
    assert "another" not in page.fields, "nobody ticked it yet"
    assert count(installation, Payment, client_id) == 1
    given |= {"weighed": page.fields["weighed"], "another": "yes"}
    assert billing_person.post(desk.address, data=given).status_code == 303
    assert count(installation, Payment, client_id) == 2
    assert "MBAN01" in Page(billing_person.get(f"/admin/payment/details/{first}").text).words


def test_a_webhook_that_repeats_a_payment_by_hand_leads_from_its_task_to_the_reversal(
    billing_person: httpx.Client, client_id: UUID, books: Books, clock: ManualClock
) -> None:
    books.pay(client_id, 300_00, "BNET0000779")
    books.told(client_id, "evt_twice", 300_00, paid_at=clock.now().isoformat(), reference="ord_779")
    listed = Page(billing_person.get("/admin/staff-task/list").text)
    assert "Un pago que quizá está registrado dos veces" in listed.words
    tasks = [Page(billing_person.get(link).text) for link in listed.links if "/staff-task/details/" in link]
    task = next(page for page in tasks if "ord_779" in page.words)
    assert "BNET0000779 (by_hand)" in task.words
    payment = Page(billing_person.get(next(link for link in task.links if "/payment/details/" in link)).text)
    reverse = next(link for link in payment.links if "/payment/reverse/" in link)
    assert Desk(billing_person, reverse).send(why="Es la misma transferencia").status_code == 303
    assert "evt" not in Page(billing_person.get("/admin/staff-task/list").text).words


def test_another_body_under_one_id_is_shown_with_its_difference(
    billing_person: httpx.Client, client_id: UUID, books: Books
) -> None:
    told = books.told(client_id, "evt_other", 100_00, reference="ord_800")
    assert books.told(client_id, "evt_other", 900_00, reference="ord_800") == told
    page = Page(billing_person.get(f"/admin/payment-event/details/{told}").text)
    assert "payment.amount_cents 10000 90000" in page.words
    assert "Otro contenido con el mismo identificador" in page.words
    assert "evt_other" in Page(billing_person.get("/admin/payment-event/list?search=evt_o").text).words


def test_the_cap_of_liability_stands_on_the_money_tab_for_any_instant_with_its_lines(
    billing_person: httpx.Client, client_id: UUID, books: Books, clock: ManualClock
) -> None:
    before = clock.now().astimezone(LEGAL_ZONE)
    clock.advance(minutes=2)
    books.pay(client_id, 700_00, "BNET0000781")
    address = f"/admin/client/money/{client_id}"
    page = Page(billing_person.get(address).text)
    assert "El tope $700.00 Lo pagado, no lo facturado." in page.words
    assert page.words.count("BNET0000781") == 2, "among the payments, and as a line of the cap"
    earlier = Page(billing_person.get(f"{address}?claim={before:%Y-%m-%dT%H:%M}").text)
    assert "El tope $0.00" in earlier.words
    for bad in ("2999-01-01T00:00", "ayer", "0001-01-01T00:00"):
        assert billing_person.get(f"{address}?claim={bad}").status_code == 200
    assert "ya pasados" in Page(billing_person.get(f"{address}?claim=2999-01-01T00:00").text).words


def test_another_amount_is_rehearsed_again_before_it_is_booked(
    billing_person: httpx.Client, client_id: UUID, books: Books
) -> None:
    desk = pay(billing_person, client_id)
    given = desk.read().fields | {"amount": "1,000", "reference": "R-3", "why": WHY}
    answered = billing_person.post(desk.address, data=given)
    page = Page(answered.text)
    assert answered.status_code == 200
    assert "quedan $1,259.68 por pagar" in page.words
    assert "Aún no se hizo nada" in page.words
    assert books.owed(client_id)[0].balance_cents == 2_259_68
    assert billing_person.post(desk.address, data=given | {"weighed": page.fields["weighed"]}).status_code == 303
    assert books.owed(client_id)[0].balance_cents == 1_259_68


def test_a_payment_that_came_meanwhile_stops_the_one_on_the_page(
    billing_person: httpx.Client,
    client_id: UUID,
    books: Books,
    installation: Installation,
) -> None:
    desk = pay(billing_person, client_id)
    given = desk.read().fields | {"reference": "R-4", "why": WHY}
    books.pay(client_id, 2_259_68, "R-5")
    answered = billing_person.post(desk.address, data=given)
    assert answered.status_code == 409
    assert "Los hechos cambiaron" in Page(answered.text).words
    assert count(installation, Payment, client_id) == 1


def _overdue(books: Books, installation: Installation, clock: ManualClock, client_id: UUID) -> None:
    """Noticed, delivered, waited for and suspended."""
    books.notice(client_id, delivered=True)
    clock.advance(days=4)
    with installation.works.system() as work:
        assert suspending.suspend_unpaid(work, client_id) is not None


def test_a_payment_says_and_lifts_what_it_settles_and_no_other_cause(
    web: Web,
    client_id: UUID,
    books: Books,
    installation: Installation,
    clock: ManualClock,
) -> None:
    _overdue(books, installation, clock, client_id)
    with installation.works.system() as work:
        suspensions.open_cause(work, client_id, Cause.AUP, "7.1 · Envío masivo a listas")
    desk = pay(web.staff_as(StaffRole.BILLING), client_id)
    words = desk.read().words
    assert "Se levanta la suspensión por falta de pago" in words
    assert "sigue suspendido por uso indebido" in words
    assert desk.send(reference="R-6").status_code == 303
    with installation.works.system() as work:
        assert clients.access(work.session, client_id).causes == (Cause.AUP,)


def test_above_the_limit_a_second_person_approves_and_then_it_is_booked(
    web: Web,
    make: Factory,
    billing_person: httpx.Client,
    client_id: UUID,
    installation: Installation,
) -> None:
    desk = pay(billing_person, client_id)
    assert "segunda" not in desk.read().words
    answered = desk.send(amount="10,000.01", reference="R-7")
    assert answered.status_code == 303
    assert count(installation, Payment, client_id) == 0
    asked = one(installation, Approval, Approval.client_id == client_id)
    assert answered.headers["location"] == f"/admin/approval/details/{asked.id}"
    assert asked.command["args"]["amount"] == "10,000.01"
    decide = f"/admin/approval/decide/{asked.id}"
    other = Page(web.staff_as(StaffRole.BILLING).get("/admin/").text)
    assert "Registrar un pago grande" in other.words
    assert decide in other.links
    assert decide not in Page(billing_person.get("/admin/").text).links, "not one's own"
    second = Actor("staff", str(make.staff(role=StaffRole.BILLING)), "Rocío Cárdenas")
    with installation.works.staff(second) as work:
        assert approved.decide(work, asked.id, approve=True, reason="Coincide con el banco") is not None
    assert count(installation, Payment, client_id) == 1


def test_parts_of_a_large_amount_need_the_second_person_too(
    web: Web, billing_person: httpx.Client, client_id: UUID, installation: Installation
) -> None:
    desk = pay(billing_person, client_id)
    assert desk.send(amount="6,000.00", reference="PART-1").status_code == 303
    assert count(installation, Payment, client_id) == 1
    more = {"amount": "4,000.01", "reference": "PART-2"}
    rehearsed = billing_person.post(desk.address, data=desk.read().fields | desk.typed | more)
    assert "En un día llegas a $10,000.01, más que $10,000.00." in Page(rehearsed.text).words
    assert desk.send(**more).headers["location"].startswith("/admin/approval/details/")
    assert count(installation, Payment, client_id) == 1
    other = pay(web.staff_as(StaffRole.BILLING), client_id)
    assert other.send(amount="4,000.02", reference="PART-3").status_code == 303
    assert count(installation, Payment, client_id) == 2, "somebody else's count by themselves"


def test_a_payment_is_reversed_and_its_invoice_needs_a_new_clock(
    billing_person: httpx.Client, client_id: UUID, books: Books
) -> None:
    payment_id = books.pay(client_id, 2_259_68, "R-8")
    desk = Desk(billing_person, f"/admin/payment/reverse/{payment_id}")
    assert "debe otra vez $2,259.68" in desk.read().words
    assert desk.send(why="El banco devolvió la transferencia").status_code == 303
    assert books.owed(client_id)[0].balance_cents == 2_259_68
    assert billing_person.get(desk.address).status_code == 409, "once"


def test_an_invoice_is_made_void_by_two(
    billing_person: httpx.Client,
    client_id: UUID,
    books: Books,
    installation: Installation,
) -> None:
    invoice_id = books.owed(client_id)[0].invoice_id
    desk = Desk(billing_person, f"/admin/invoice/void/{invoice_id}")
    assert "la anulan dos personas" in desk.read().words
    assert desk.send().headers["location"].startswith("/admin/approval/details/")
    found = one(installation, Invoice, Invoice.id == invoice_id)
    assert found.status == "open"
    assert "Ya se pidió a una segunda persona" in Page(desk.send().text).words


def test_a_credit_note_lowers_what_is_owed(
    billing_person: httpx.Client,
    client_id: UUID,
    books: Books,
    installation: Installation,
) -> None:
    desk = Desk(billing_person, f"/admin/client/credit/{client_id}")
    assert "Escribe el importe" in Page(desk.send(note="Cortesía por la espera").text).words
    answered = desk.send(amount="259.68", note="Cortesía por la espera", invoice="x")
    assert "Elige" in Page(answered.text).words
    assert desk.send(amount="259.68", note="Cortesía por la espera").status_code == 303
    assert books.owed(client_id)[0].balance_cents == 2_000_00
    assert count(installation, CreditNote, client_id) == 1


def test_waiting_longer_is_a_day_and_a_reason(
    web: Web,
    client_id: UUID,
    books: Books,
    installation: Installation,
    clock: ManualClock,
) -> None:
    _overdue(books, installation, clock, client_id)
    desk = Desk(web.staff_as(StaffRole.SUPPORT), f"/admin/client/defer/{client_id}")
    words = desk.read().words
    assert "Sin suspensión por esta deuda hasta el fin del" in words
    assert "El servicio vuelve solo" in words
    past = (clock.now() - timedelta(days=2)).date().isoformat()
    assert "No antes del" in Page(desk.send(until=past).text).words
    assert desk.send().status_code == 303
    assert count(installation, Deferral, client_id) == 1
    with installation.works.system() as work:
        assert clients.access(work.session, client_id).causes == ()


def test_nothing_is_deferred_for_who_owes_nothing(billing_person: httpx.Client, client_id: UUID, books: Books) -> None:
    books.pay(client_id, 2_259_68, "R-9")
    answered = billing_person.get(f"/admin/client/defer/{client_id}")
    assert answered.status_code == 409
    assert "no debe nada" in Page(answered.text).words
