"""Ends of contracts, holds, days to export and deletions by the pages of the staff: two people, fresh facts."""

from datetime import timedelta
from uuid import UUID

import httpx

from konectus.domain.approvals import Action
from konectus.domain.deadlines import after_full_days, local_day
from konectus.domain.endings import ApprovalState, DeletionState, Ground, HoldKind, WindowEnd
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.i18n import format_datetime
from konectus.services import erasing, holds, lifting, suspensions, terminations
from konectus.services.installation import Installation
from konectus.store.models.clients import Client, Suspension
from konectus.store.models.endings import Approval, ExportWindow, Hold, Termination
from tests.backoffice.admin.money.desk import Desk, one
from tests.backoffice.admin.pages import Page
from tests.backoffice.conftest import Web
from tests.konectus.services.endings import Ends, Erases
from tests.support.clock import ManualClock

WHY = "Revisado con el expediente completo"


def told(answered: httpx.Response) -> str:
    return Page(answered.text).words


def decide(installation: Installation, http: httpx.Client, approval_id: UUID | str) -> Desk:
    return Desk(http, f"/admin/approval/decide/{approval_id}", {"why": WHY}, installation)


def open_approval(installation: Installation, client_id: UUID) -> Approval:
    return one(installation, Approval, Approval.client_id == client_id, Approval.state == ApprovalState.REQUESTED)


def test_thirty_days_are_told_from_delivery_and_only_the_name_opens_it(
    legal: httpx.Client, ends: Ends, clock: ManualClock, installation: Installation
) -> None:
    desk = Desk(legal, f"/admin/client/terminate/{ends.id}", {"why": WHY})
    words = desk.read().words
    assert format_datetime(after_full_days(clock.now(), 30)) in words, "the earliest day there is"
    assert "contados desde la entrega" in words
    assert "reembolso" in words.lower()
    assert ends.live() is None, "a rehearsal leaves nothing"
    assert desk.send().status_code == 422
    answered = desk.send(name=ends.client.trade_name)
    assert answered.status_code == 303
    page = told(legal.get(answered.headers["location"]))
    assert "Konectus avisó con treinta días" in page
    assert "todavía no" in page, "its notice is not delivered yet"
    found = one(installation, Termination, Termination.client_id == ends.id)
    assert (found.ground, found.reason) == (Ground.KONECTUS_NOTICE, WHY)


def test_what_was_announced_is_taken_back_and_then_there_is_nothing_to_take_back(
    legal: httpx.Client, ends: Ends
) -> None:
    ends.notice()
    desk = Desk(legal, f"/admin/client/withdraw-end/{ends.id}", {"why": WHY})
    assert desk.send().status_code == 303
    assert ends.live() is None
    assert legal.get(desk.address).status_code == 409


def test_facts_that_moved_while_one_read_are_shown_again(legal: httpx.Client, ends: Ends) -> None:
    desk = Desk(legal, f"/admin/client/terminate/{ends.id}", {"why": WHY, "name": ends.client.trade_name})
    fields = desk.read().fields | desk.typed
    with ends.installation.works.staff(ends.staff(StaffRole.TRUST)) as work:
        suspensions.suspend_by_hand(work, ends.id, Cause.AUP, WHY)
    answered = legal.post(desk.address, data=fields)
    assert answered.status_code == 409
    assert "cambiaron mientras leías" in told(answered)


def test_a_breach_is_asked_by_one_and_ended_by_another(
    legal: httpx.Client, other: httpx.Client, web: Web, ends: Ends, installation: Installation
) -> None:
    ends.make.connector(ends.id)
    desk = Desk(legal, f"/admin/client/end-for-breach/{ends.id}", {"why": WHY, "name": ends.client.trade_name})
    where = desk.send().headers["location"]
    assert not ends.has_ended(), "one person ends nothing"
    asked = open_approval(installation, ends.id)
    assert where.endswith(str(asked.id))
    assert "Tú lo pediste" in told(legal.get(where))
    own = legal.get(f"/admin/approval/decide/{asked.id}")
    assert (own.status_code, "Tú lo pediste" in told(own)) == (409, True)
    assert web.staff_as(StaffRole.BILLING).get(f"/admin/approval/decide/{asked.id}").status_code == 403
    assert f"/admin/approval/decide/{asked.id}" in Page(other.get("/admin/").text).links, "one click from Today"
    signed = decide(installation, other, asked.id)
    assert "El contrato termina ahora" in signed.read().words
    assert not ends.has_ended()
    assert signed.send().status_code == 303
    assert ends.has_ended()
    found = one(installation, Termination, Termination.client_id == ends.id)
    assert found.approved_by != found.second_by
    assert decide(installation, other, asked.id).http.get(signed.address).status_code == 409, "once"


def test_a_breach_under_other_facts_is_void_and_ends_nothing(
    other: httpx.Client, ends: Ends, installation: Installation
) -> None:
    with installation.works.staff(ends.staff(StaffRole.LEGAL)) as work:
        asked = terminations.request_breach(work, ends.id, WHY).id
    page = f"/admin/approval/details/{asked}"
    assert "Los mismos que cuando se pidió" in told(other.get(page))
    desk = decide(installation, other, asked)
    words = desk.read().words
    assert "Los mismos que cuando se pidió" in words
    assert "Termina el periodo" in words, "the contract as it stands"
    ends.notice()
    assert "Cambiaron" in told(other.get(page))
    words = desk.read().words
    assert "queda sin efecto" in words
    assert "El contrato termina ahora" not in words
    assert desk.send().status_code == 303
    assert one(installation, Approval, Approval.id == asked).state == ApprovalState.VOID
    assert not ends.has_ended()


def test_what_was_asked_about_and_is_past_is_told_as_changed(
    other: httpx.Client, ends: Ends, installation: Installation
) -> None:
    with installation.works.staff(ends.staff(StaffRole.TRUST)) as work:
        opened = suspensions.suspend_by_hand(work, ends.id, Cause.SECURITY, WHY).suspension_id
        asked = lifting.request_lift(work, opened, WHY).id
    with installation.works.system() as work:
        suspensions.close_cause(work, suspensions.to_lift(work, opened), WHY, WindowEnd.REACTIVATED)
    assert "Cambiaron" in told(other.get(f"/admin/approval/details/{asked}"))
    assert "queda sin efecto" in decide(installation, other, asked).read().words


def test_a_rejection_needs_its_own_look_and_does_nothing(
    other: httpx.Client, ends: Ends, installation: Installation
) -> None:
    with installation.works.staff(ends.staff()) as work:
        hold = holds.place(work, ends.id, HoldKind.DISPUTE, WHY)
        asked = holds.request_release(work, hold, WHY).id
    desk = decide(installation, other, asked)
    fields = desk.read().fields | desk.typed | {"verdict": "reject"}
    first = other.post(desk.address, data=fields)
    assert (first.status_code, "No se hace nada" in told(first)) == (200, True)
    assert desk.send(verdict="reject").status_code == 303
    assert one(installation, Approval, Approval.id == asked).state == ApprovalState.REJECTED
    assert one(installation, Hold, Hold.id == hold).released_at is None


def test_a_hold_is_placed_by_one_and_released_by_two(
    legal: httpx.Client, other: httpx.Client, ends: Ends, installation: Installation
) -> None:
    placed = Desk(legal, f"/admin/client/hold/{ends.id}", {"why": WHY, "kind": "dispute"}).send()
    hold = one(installation, Hold, Hold.client_id == ends.id)
    assert (placed.status_code, hold.kind) == (303, "dispute")
    release = Desk(legal, f"/admin/hold/release/{hold.id}", {"why": WHY})
    assert release.send().status_code == 303
    assert release.send().status_code == 422, "it waits already"
    assert one(installation, Hold, Hold.id == hold.id).released_at is None
    asked = open_approval(installation, ends.id)
    assert decide(installation, other, asked.id).send().status_code == 303
    assert one(installation, Hold, Hold.id == hold.id).release_reason == WHY
    assert legal.get(release.address).status_code == 409


def test_a_lift_under_other_facts_is_void_and_lifts_nothing(
    other: httpx.Client, ends: Ends, installation: Installation
) -> None:
    with installation.works.staff(ends.staff(StaffRole.TRUST)) as work:
        opened = suspensions.suspend_by_hand(work, ends.id, Cause.SECURITY, WHY).suspension_id
        asked = lifting.request_lift(work, opened, WHY).id
    page = f"/admin/approval/details/{asked}"
    assert "Los mismos que cuando se pidió" in told(other.get(page))
    with installation.works.staff(ends.staff(StaffRole.TRUST)) as work:
        suspensions.suspend_by_hand(work, ends.id, Cause.AUP, WHY)
    assert "Cambiaron" in told(other.get(page))
    desk = decide(installation, other, asked)
    assert "queda sin efecto" in desk.read().words
    assert desk.send().status_code == 303
    assert one(installation, Approval, Approval.id == asked).state == ApprovalState.VOID
    assert one(installation, Suspension, Suspension.id == opened).lifted_at is None


def test_a_lift_for_security_is_signed_with_its_effects(
    other: httpx.Client, ends: Ends, installation: Installation
) -> None:
    with installation.works.staff(ends.staff(StaffRole.TRUST)) as work:
        opened = suspensions.suspend_by_hand(work, ends.id, Cause.SECURITY, WHY).suspension_id
        asked = lifting.request_lift(work, opened, WHY).id
    desk = decide(installation, other, asked)
    assert "Vuelve el servicio" in desk.read().words
    assert desk.send().status_code == 303
    assert one(installation, Suspension, Suspension.id == opened).lifted_at is not None


def test_a_large_payment_is_carried_out_by_the_second_person(web: Web, ends: Ends, installation: Installation) -> None:
    first, second = web.staff_as(StaffRole.BILLING), web.staff_as(StaffRole.BILLING)
    typed = {"why": WHY, "amount": "20,000.00", "reference": "gran pago 1"}
    assert Desk(first, f"/admin/client/record-payment/{ends.id}", typed).send().status_code == 303
    asked = open_approval(installation, ends.id)
    assert asked.action == Action.RECORD_PAYMENT
    desk = decide(installation, second, asked.id)
    assert "20,000.00" in told(second.get(f"/admin/approval/details/{asked.id}"))
    assert desk.send().status_code == 303
    assert one(installation, Approval, Approval.id == asked.id).state == ApprovalState.USED


def test_days_are_added_and_never_taken(legal: httpx.Client, ends: Ends, installation: Installation) -> None:
    ends.cancel(at_once=True)
    ends.sweep()
    window = one(installation, ExportWindow, ExportWindow.client_id == ends.id)
    last = local_day(window.closes_at - timedelta(minutes=1))
    desk = Desk(legal, f"/admin/export-window/extend/{window.id}", {"why": WHY})
    assert desk.send(until=last.isoformat()).status_code == 422, "the same day is no more time"
    assert desk.send(until="ayer").status_code == 422
    assert desk.send(until=(last + timedelta(days=3)).isoformat()).status_code == 303
    found = one(installation, ExportWindow, ExportWindow.id == window.id)
    assert found.closes_at - window.closes_at == timedelta(days=3)
    assert found.extended_reason == WHY


def test_a_contract_that_ended_comes_back_with_a_new_invoice(
    legal: httpx.Client, ends: Ends, installation: Installation
) -> None:
    assert legal.get(f"/admin/client/reactivate/{ends.id}").status_code == 409
    ends.cancel(at_once=True)
    ends.sweep()
    desk = Desk(legal, f"/admin/client/reactivate/{ends.id}", {"why": WHY, "name": ends.client.trade_name})
    assert desk.send().status_code == 422, "no Plan is chosen"
    chosen = _a_plan(desk.http.get(desk.address).text)
    assert desk.send(plan=chosen).status_code == 303
    assert ends.live() is None


def _a_plan(html: str) -> str:
    """The first Plan that the form offers."""
    return html.split('name="plan"')[1].split('<option value="')[2].split('"', maxsplit=1)[0]


def test_a_deletion_is_signed_twice_rests_and_leaves_its_certificate(
    web: Web, it: Erases, clock: ManualClock, installation: Installation
) -> None:
    it.ask()
    legal_name, page = it.ends.client.legal_name, f"/admin/deletion/details/{it.row.id}"
    first, second = web.staff_as(StaffRole.ADMIN), web.staff_as(StaffRole.LEGAL)
    desk = Desk(first, f"/admin/deletion/approve/{it.row.id}", {"why": WHY}, installation)
    assert desk.send(name=it.ends.client.trade_name).status_code == 422, "the legal name is typed"
    assert desk.send(name=legal_name).status_code == 303
    asked = open_approval(installation, it.ends.id)
    assert first.get(f"/admin/approval/decide/{asked.id}").status_code == 409
    signed = decide(installation, second, asked.id)
    assert "reposa 24 horas" in signed.read().words.lower()
    assert signed.send().status_code == 422
    assert signed.send(name=legal_name).status_code == 303
    assert it.state() is DeletionState.APPROVED_2
    assert "queda 1 día" in told(second.get(page)).lower(), "the rest as a countdown"
    assert second.get(f"/admin/deletion/paper/{it.row.id}").status_code == 404
    it.rest()
    erasing.deletion_execute(installation)
    clock.advance(minutes=5)
    erasing.deletion_execute(installation)
    third = web.staff_as(StaffRole.PRIVACY)
    assert "Borrado y certificado" in told(third.get(page))
    paper = third.get(f"/admin/deletion/paper/{it.row.id}")
    assert paper.content.startswith(b"%PDF")
    said = third.get(f"/admin/deletion/certificate/{it.row.id}").json()
    assert said["certificate"]["client"]["legal_name"] == legal_name
    assert second.get(f"/admin/deletion/give-up/{it.row.id}").status_code in (303, 409)


def test_a_deletion_is_given_up_before_it_begins_and_a_hold_refuses_it(
    legal: httpx.Client, web: Web, it: Erases, installation: Installation
) -> None:
    it.ask()
    person = web.staff_as(StaffRole.LEGAL)
    with installation.works.staff(it.ends.staff()) as work:
        holds.place(work, it.ends.id, HoldKind.LEGAL, WHY)
    typed = {"why": WHY, "name": it.ends.client.legal_name}
    desk = Desk(person, f"/admin/deletion/approve/{it.row.id}", typed, installation)
    refused = desk.send()
    assert (refused.status_code, "Una retención lo impide" in told(refused)) == (422, True)
    assert Desk(person, f"/admin/deletion/give-up/{it.row.id}", {"why": WHY}).send().status_code == 303
    assert it.state() is DeletionState.CANCELLED


def test_authority_is_verified_or_rejected(legal: httpx.Client, ends: Ends, installation: Installation) -> None:
    for path, state in (("verify-authority", "verified"), ("reject-authority", "rejected")):
        assert Desk(legal, f"/admin/client/{path}/{ends.id}", {"why": WHY}).send().status_code == 303
        assert one(installation, Client, Client.id == ends.id).authority == state
