"""Notices, Plans, readings, orders of an authority, Today and the tabs of a Client, in one shared installation."""

from uuid import UUID

import httpx
from sqlalchemy import select

from backoffice.admin import approved
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.audit import AuditEntry
from konectus.store.models.billing import Reading
from konectus.store.models.clients import Client, Subscription
from konectus.store.models.endings import Approval
from konectus.store.models.notices import Notice
from konectus.store.queries import admin_notices, clients
from tests.backoffice.admin.books import Books
from tests.backoffice.admin.money.desk import Desk, count, one
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.queries import statements


def pay(http: httpx.Client, client_id: UUID) -> Desk:
    return Desk(http, f"/admin/client/record-payment/{client_id}")


def test_a_bounced_notice_is_mended_and_sent_again(
    web: Web,
    client_id: UUID,
    books: Books,
    installation: Installation,
) -> None:
    notice_id = books.notice(client_id, bounced=True)
    http = web.staff_as(StaffRole.SUPPORT)
    assert f"/admin/notice/fix/{notice_id}" in Page(http.get("/admin/").text).links
    desk = Desk(http, f"/admin/notice/fix/{notice_id}")
    assert "Ese es el correo que tiene" in Page(desk.send().text).words
    answered = desk.send(address="Nueva@Cliente.example")
    assert answered.status_code == 303
    shown = Page(http.get(answered.headers["location"]).text).words
    assert "nueva@cliente.example" in shown
    assert "Por salir" in shown
    assert f"/admin/notice/fix/{notice_id}" not in Page(http.get("/admin/").text).links
    found = one(installation, Client, Client.id == client_id)
    assert found.registered_email == "nueva@cliente.example"
    mail = http.get(f"/admin/notice/mail/{notice_id}")
    assert mail.headers["content-disposition"].startswith("attachment")
    assert mail.headers["content-type"] == "message/rfc822"
    assert http.get(f"/admin/notice/events/{notice_id}").json()["events"] == []


def test_two_more_seats_are_shown_to_the_cent(
    billing_person: httpx.Client,
    make: Factory,
    installation: Installation,
) -> None:
    client = make.client(seats=4)
    desk = Desk(billing_person, f"/admin/client/change/{client.id}")
    assert "Ya es así" in Page(desk.send().text).words
    assert "Un número entero" in Page(desk.send(seats="dos").text).words
    answered = desk.send(seats="6")
    assert "no tiene tantas personas" in Page(answered.text).words, "this Plan sells no seat beyond its own"
    with installation.works.system() as work:
        version_id = work.session.scalars(
            select(Subscription.plan_version_id).where(Subscription.client_id == client.id)
        ).one()
    assert version_id is not None


def test_a_price_is_asked_for_and_published_by_two(
    web: Web,
    make: Factory,
    installation: Installation,
) -> None:
    make.plan(code="escala")
    desk = Desk(web.staff_as(StaffRole.LEGAL), "/admin/plan/publish/escala")
    assert "La versión 2 se ofrece a $1,948.00 al mes" in desk.read().words
    assert desk.send(price="2,100").status_code == 303
    asked = one(installation, Approval, Approval.subject_id == "escala")
    second = Actor("staff", str(make.staff(role=StaffRole.LEGAL)), "Elena Ruiz")
    with installation.works.staff(second) as work:
        assert approved.decide(work, asked.id, approve=True, reason="Precio acordado en comité")
    assert "$2,100.00" in Page(desk.http.get("/admin/plan/details/escala").text).words


def test_a_reading_is_changed_with_its_advice_and_recorded(web: Web, installation: Installation) -> None:
    desk = Desk(web.staff_as(StaffRole.LEGAL), "/admin/reading/change/resend_hours")
    assert desk.read().fields["value"] == "24"
    assert "Un número entero" in Page(desk.send(value="-3").text).words
    assert desk.send(value="36", why="Consejo del despacho, oficio 12").status_code == 303
    found = one(installation, Reading, Reading.name == "resend_hours")
    assert found.value == 36
    entry = one(installation, AuditEntry, AuditEntry.action == "reading.changed")
    assert (entry.before, entry.after) == ({"resend_hours": 24}, {"resend_hours": 36})


def test_today_says_who_is_suspended_tomorrow_and_why(
    web: Web,
    make: Factory,
    books: Books,
    clock: ManualClock,
) -> None:
    client = make.client(name="Óptica Güemes e Hijos")
    books.notice(client.id, delivered=True)
    number = books.owed(client.id)[0].number
    clock.advance(days=2)
    page = Page(web.staff_as(StaffRole.BILLING).get("/admin/").text)
    assert f"Óptica Güemes e Hijos Pago pendiente {number} $2,259.68 Entregado" in page.words
    assert f"/admin/client/defer/{client.id}" in page.links
    assert "Aplazar" not in Page(web.staff_as(StaffRole.TRUST).get("/admin/").text).words


def test_an_order_places_a_hold_and_is_lifted_by_two(
    web: Web,
    client_id: UUID,
    installation: Installation,
) -> None:
    legal = web.staff_as(StaffRole.LEGAL)
    desk = Desk(legal, f"/admin/client/suspend-order/{client_id}", installation=installation)
    page = desk.read()
    assert "Una retención impide borrar" in page.words
    with installation.works.system() as work:
        name = clients.trade_name(work.session, client_id) or ""
    missing = Page(desk.send(name=name).text)
    assert missing.words.count("Esto no puede quedar") == 2
    answered = desk.send(name=name, document="Oficio 1187/2026", scope="Toda la cuenta")
    assert answered.status_code == 303
    lift = Desk(legal, answered.headers["location"].replace("details", "lift"), installation=installation)
    assert "Antes lo tiene que aprobar otra persona" in lift.read().words
    assert lift.send(name=name).headers["location"].startswith("/admin/approval/details/")
    with installation.works.system() as work:
        assert clients.access(work.session, client_id).causes == (Cause.LEGAL_ORDER,)


def test_tabs_of_a_client_ask_a_fixed_number_of_times(
    web: Web,
    client_id: UUID,
    books: Books,
    installation: Installation,
) -> None:
    http = web.staff_as(StaffRole.ADMIN)
    tabs = ("details", "money", "notices", "connectors", "people", "timeline", "danger")

    def asked() -> dict[str, int]:
        found = {}
        for tab in tabs:
            with statements() as seen:
                assert http.get(f"/admin/client/{tab}/{client_id}").status_code == 200
            found[tab] = len(seen)
        return found

    books.pay(client_id, 1_00, "T-0")
    books.notice(client_id, delivered=True)
    few = asked()
    for n in range(1, 5):
        books.pay(client_id, 1_00, f"T-{n}")
        books.notice(client_id, delivered=True)
    many = asked()
    assert many == few
    assert max(many.values()) <= 32
    with installation.works.system() as work:
        assert len(admin_notices.notices(work.session, client_id=client_id, most=50)) >= 4
    assert count(installation, Notice, client_id) >= 4
