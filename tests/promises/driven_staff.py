"""Every command of the staff, prepared so that it succeeds: the other half of tests/promises/driven.py."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from uuid import UUID

from konectus.domain.endings import HoldKind
from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import documents, holds, remarks, report_mails, suspensions
from konectus.services.remarks import NewRemark
from konectus.services.report_mails import NewOrder
from konectus.services.work import Actor
from konectus.store.models.endings import ExportWindow
from tests.backoffice.admin.money.desk import Desk, one
from tests.backoffice.admin.pages import Page
from tests.backoffice.admin.traffic import Item, Traffic
from tests.konectus.services.endings import Ends, Erases
from tests.promises.driven import Act, Scene, leaves

WHY = "Visto hoy con el expediente completo"
Drive = Callable[[Scene], Act]
L, A, B, T, S = StaffRole.LEGAL, StaffRole.ADMIN, StaffRole.BILLING, StaffRole.TRUST, StaffRole.SUPPORT


def person(scene: Scene, role: StaffRole) -> Actor:
    """Somebody else of the staff."""
    return Actor("staff", str(scene.make.staff(role=role)), "Elena Ruiz")


def sends(scene: Scene, role: StaffRole, path: str, **typed: str) -> Act:
    """Somebody of that role before the page of a command, filled in."""
    desk = Desk(scene.web.staff_as(role), f"/admin/{path}", {"why": WHY} | typed, scene.installation)
    return desk.send


def on_client(command: str, role: StaffRole, **typed: str) -> Drive:
    def drive(scene: Scene) -> Act:
        client = scene.make.client()
        return sends(scene, role, f"client/{command}/{client.id}", **{"name": client.trade_name} | typed)

    return drive


def edit(scene: Scene) -> Act:
    client = scene.make.client()
    http, address = scene.web.staff_as(S), f"/admin/client/edit/{client.id}"
    form = Page(http.get(address).text).fields | {"why": WHY, "legal_name": "Ñandú Artesanal, S.A."}
    return lambda: http.post(address, data=form)


def evidence(scene: Scene) -> Act:
    client = scene.make.client()
    http = scene.web.staff_as(L)
    return lambda: http.post(f"/admin/client/evidence/{client.id}")


def figures(path: str) -> Drive:
    """Looking at exact figures, of the house or, with its id at the end, of a Client."""

    def drive(scene: Scene) -> Act:
        http, address = scene.web.staff_as(B), path.format(client=scene.make.client().id)
        return lambda: http.post(f"/admin/{address}", data={"period": "30"})

    return drive


def report(scene: Scene) -> Act:
    http, reader = scene.web.staff_as(A), scene.make.staff(role=StaffRole.ANALYST)
    typed = {"person": str(reader), "pace": "month", "forms": "both", "language": "es", "why": WHY}
    return lambda: http.post("/admin/report-subscription/order", data=typed)


def stopped_report(scene: Scene) -> Act:
    http, reader = scene.web.staff_as(A), scene.make.staff(role=StaffRole.ANALYST)
    with scene.installation.works.staff(person(scene, A)) as work:
        order_id = report_mails.order(work, NewOrder(reader, "month", ("pdf",), "es"), reason=WHY)
    return lambda: http.post(f"/admin/report-subscription/stop/{order_id}", data={"why": WHY})


def remark(scene: Scene) -> Act:
    http, typed = scene.web.staff_as(S), {"day": day(scene, -1), "words_es": "Alza", "words_en": "Rise", "why": WHY}
    return lambda: http.post("/admin/annotation/write", data=typed)


def withdrawn_remark(scene: Scene) -> Act:
    http = scene.web.staff_as(S)
    with scene.installation.works.staff(person(scene, S)) as work:
        new = NewRemark(work.now.date() - timedelta(days=2), "Precio nuevo", "New price")
        remark_id = remarks.write(work, new, reason=WHY)
    return lambda: http.post(f"/admin/annotation/withdraw/{remark_id}", data={"why": WHY})


def pay(scene: Scene) -> Act:
    client = scene.make.client()
    return sends(scene, B, f"client/record-payment/{client.id}", reference=f"BN{scene.number()}")


def change(scene: Scene) -> Act:
    return sends(scene, B, f"client/change/{scene.new()}", seats="7")


def authority(word: str) -> Drive:
    def drive(scene: Scene) -> Act:
        client = scene.make.client()
        with scene.installation.works.staff(person(scene, L)) as work:
            documents.request_authority(work, client.id, "Poder notarial", reason=WHY)
        return sends(scene, L, f"client/{word}-authority/{client.id}", name=client.trade_name)

    return drive


def withdraw(scene: Scene) -> Act:
    ends = Ends(scene.installation, scene.make)
    ends.notice()
    return sends(scene, L, f"client/withdraw-end/{ends.id}", name=ends.client.trade_name)


def ended(scene: Scene) -> Ends:
    ends = Ends(scene.installation, scene.make)
    ends.cancel(at_once=True)
    ends.sweep()
    return ends


def reactivate(scene: Scene) -> Act:
    ends = ended(scene)
    http, address = scene.web.staff_as(L), f"client/reactivate/{ends.id}"
    plan = http.get(f"/admin/{address}").text.split('name="plan"')[1].split('<option value="')[2].partition('"')[0]
    return sends(scene, L, address, name=ends.client.trade_name, plan=plan)


def extend(scene: Scene) -> Act:
    window = one(scene.installation, ExportWindow, ExportWindow.client_id == ended(scene).id)
    return sends(scene, L, f"export-window/extend/{window.id}", until=day(scene, 60))


def day(scene: Scene, ahead: int) -> str:
    found: date = scene.clock.now().date() + timedelta(days=ahead)
    return found.isoformat()


def suspended(scene: Scene, cause: Cause = Cause.AUP) -> tuple[UUID, str]:
    client = scene.make.client()
    with scene.installation.works.staff(person(scene, T)) as work:
        return suspensions.suspend_by_hand(work, client.id, cause, WHY).suspension_id, client.trade_name


def of_suspension(command: str, cause: Cause = Cause.AUP) -> Drive:
    def drive(scene: Scene) -> Act:
        found, name = suspended(scene, cause)
        return sends(scene, A, f"suspension/{command}/{found}", name=name)

    return drive


def held(scene: Scene) -> tuple[UUID, str]:
    client = scene.make.client()
    with scene.installation.works.staff(person(scene, L)) as work:
        return holds.place(work, client.id, HoldKind.DISPUTE, WHY), client.trade_name


def release(scene: Scene) -> Act:
    hold, name = held(scene)
    return sends(scene, L, f"hold/release/{hold}", name=name)


def decide(scene: Scene) -> Act:
    hold, name = held(scene)
    with scene.installation.works.staff(person(scene, L)) as work:
        asked = holds.request_release(work, hold, WHY).id
    return sends(scene, L, f"approval/decide/{asked}", name=name)


def of_deletion(command: str) -> Drive:
    def drive(scene: Scene) -> Act:
        erases = Erases(Ends(scene.installation, scene.make), scene.clock)
        erases.ask()
        return sends(scene, A, f"deletion/{command}/{erases.row.id}", name=erases.ends.client.legal_name)

    return drive


def of_notice(command: str, **typed: str) -> Drive:
    def drive(scene: Scene) -> Act:
        client = scene.make.client()
        found = scene.papers.notice(client.id, bounced=True)
        return sends(scene, S, f"notice/{command}/{found}", name=client.trade_name, **typed)

    return drive


def void(scene: Scene) -> Act:
    client = scene.make.client()
    invoice = scene.papers.owed(client.id)[0].invoice_id
    return sends(scene, B, f"invoice/void/{invoice}", name=client.trade_name)


def reverse(scene: Scene) -> Act:
    client = scene.make.client()
    found = scene.papers.pay(client.id, 100_00, f"R{scene.number()}")
    return sends(scene, B, f"payment/reverse/{found}", name=client.trade_name)


def refund(scene: Scene) -> Act:
    client = scene.make.client()
    invoice = scene.papers.owed(client.id)[0].invoice_id
    scene.papers.pay(client.id, 1_000_00, f"R{scene.number()}")
    found = scene.papers.refund(client.id, invoice)
    return sends(scene, B, f"refund/decide/approve/{found}", name=client.trade_name)


def publish(scene: Scene) -> Act:
    code = f"escala{scene.number()}"
    scene.make.plan(code=code)
    return sends(scene, L, f"plan/publish/{code}", price="2,100", name=code.title())


def reading(scene: Scene) -> Act:
    return sends(scene, L, "reading/change/resend_hours", value=str(36 + scene.number() % 9))


def close_task(scene: Scene) -> Act:
    client = scene.make.client()
    return sends(scene, S, f"staff-task/close/{scene.papers.task(client.id)}", name=client.trade_name)


def of_letters(command: str, *, many: bool = False) -> Drive:
    def drive(scene: Scene) -> Act:
        traffic = Traffic(scene.installation)
        reason = f"razón {scene.number()}"
        letter = traffic.died(traffic.came(Item("dead", error=reason)), reason=reason)
        path = f"dead-letter/{command}-many?reason={reason}" if many else f"dead-letter/{command}/{letter}"
        return sends(scene, A, path, name="1")

    return drive


def replay_event(scene: Scene) -> Act:
    return sends(scene, A, f"webhook-event/replay/{Traffic(scene.installation).came(Item())}", name="1")


def replay_span(scene: Scene) -> Act:
    """A minute in which one event came, and no other."""
    scene.clock.advance(minutes=10)
    Traffic(scene.installation).came(Item())
    at = scene.clock.now() - timedelta(hours=6)
    since, until = at - timedelta(minutes=2), at + timedelta(minutes=2)
    span = f"since={since:%Y-%m-%dT%H:%M}&until={until:%Y-%m-%dT%H:%M}"
    return sends(scene, A, f"webhook-event/replay-span?{span}", name="1")


# Route → what it leaves in the audit trail, and how it is made to succeed.
STAFFS: Mapping[str, tuple[frozenset[str], Drive]] = {
    "/{identity}/edit/{pk:path}": (leaves("client.edited"), edit),
    "/client/suspend/{pk}": (leaves("suspension.opened"), on_client("suspend", T, rule="7.1", case="CUA-0093/3")),
    "/client/suspend-security/{pk}": (leaves("suspension.opened"), on_client("suspend-security", T)),
    "/client/suspend-order/{pk}": (
        leaves("suspension.opened", "hold.placed", "staff.proved"),
        on_client("suspend-order", L, document="Oficio 1187/2026", scope="Toda la cuenta"),
    ),
    "/client/record-payment/{pk}": (leaves("payment.recorded", "invoice.paid"), pay),
    "/client/credit/{pk}": (
        leaves("credit_note.issued"),
        on_client("credit", B, amount="259.68", note="Cortesía por la espera"),
    ),
    "/client/defer/{pk}": (leaves("deferral.granted"), on_client("defer", S)),
    "/client/change/{pk}": (leaves("subscription_change.asked"), change),
    "/client/request-documents/{pk}": (
        leaves("client.authority_requested"),
        on_client("request-documents", S, asked="Poder notarial de quien firma"),
    ),
    "/client/verify-authority/{pk}": (leaves("client.authority_settled"), authority("verify")),
    "/client/reject-authority/{pk}": (leaves("client.authority_settled"), authority("reject")),
    "/client/terminate/{pk}": (leaves("termination.announced"), on_client("terminate", L)),
    "/client/end-for-breach/{pk}": (leaves("approval.requested"), on_client("end-for-breach", L)),
    "/client/withdraw-end/{pk}": (leaves("termination.withdrawn"), withdraw),
    "/client/reactivate/{pk}": (leaves("termination.reactivated", "subscription.started"), reactivate),
    "/client/evidence/{pk}": (leaves("client.evidence_taken"), evidence),
    "/client/usage-show/{pk}": (leaves("client.usage_shown"), figures("client/usage-show/{client}")),
    "/client/usage-csv/{pk}": (leaves("client.usage_taken"), figures("client/usage-csv/{client}")),
    "/report-subscription/order": (leaves("report.ordered"), report),
    "/report-subscription/stop/{pk}": (leaves("report.stopped"), stopped_report),
    "/annotation/write": (leaves("annotation.written"), remark),
    "/annotation/withdraw/{pk}": (leaves("annotation.withdrawn"), withdrawn_remark),
    "/usage-daily/show": (leaves("figures.shown"), figures("usage-daily/show")),
    "/usage-daily/csv": (leaves("figures.taken"), figures("usage-daily/csv")),
    "/client/hold/{pk}": (leaves("hold.placed"), on_client("hold", L, kind="dispute")),
    "/export-window/extend/{pk}": (leaves("export_window.extended"), extend),
    "/suspension/lift/{pk}": (leaves("suspension.lifted"), of_suspension("lift")),
    "/suspension/review/{pk}": (leaves("suspension.reviewed"), of_suspension("review", Cause.SECURITY)),
    "/hold/release/{pk}": (leaves("approval.requested"), release),
    "/approval/decide/{pk}": (leaves("approval.approved", "hold.released"), decide),
    "/deletion/approve/{pk}": (
        leaves("approval.requested", "deletion.approved", "staff.proved"),
        of_deletion("approve"),
    ),
    "/deletion/give-up/{pk}": (leaves("deletion.cancelled"), of_deletion("give-up")),
    "/notice/resend/{pk}": (leaves("notice.resent"), of_notice("resend")),
    "/notice/fix/{pk}": (
        leaves("client.email_changed", "notice.resent"),
        of_notice("fix", address="nueva@cliente.example"),
    ),
    "/invoice/void/{pk}": (leaves("approval.requested"), void),
    "/payment/reverse/{pk}": (leaves("payment.reversed"), reverse),
    "/refund/decide/{verdict}/{pk}": (leaves("refund.approved"), refund),
    "/plan/publish/{pk}": (leaves("approval.requested"), publish),
    "/reading/change/{pk}": (leaves("reading.changed"), reading),
    "/staff-task/close/{pk}": (leaves("task.closed"), close_task),
    "/dead-letter/replay/{pk}": (leaves("dead_letter.replay_asked"), of_letters("replay")),
    "/dead-letter/replay-many": (leaves("dead_letter.replay_asked"), of_letters("replay", many=True)),
    "/dead-letter/discard/{pk}": (leaves("dead_letter.discarded"), of_letters("discard")),
    "/dead-letter/discard-many": (leaves("dead_letter.discarded"), of_letters("discard", many=True)),
    "/webhook-event/replay/{pk}": (leaves("event.replayed"), replay_event),
    "/webhook-event/replay-span": (leaves("event.replayed"), replay_span),
}
