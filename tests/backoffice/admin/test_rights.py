"""Who may open what: every route of the admin with every role of the staff, with an agent, and without a session."""

from collections.abc import Iterator, Mapping
from uuid import UUID, uuid5

import httpx
import pytest
from sqlalchemy import text
from starlette.routing import Mount, Route

from konectus.domain.roles import StaffRole
from konectus.domain.suspension import Cause
from konectus.services import suspensions
from konectus.services.installation import Installation
from konectus.store.queries import admin_clients, admin_lists
from konectus.store.roles import Role
from tests.backoffice.admin.books import Books
from tests.backoffice.admin.fates import fates
from tests.backoffice.admin.shared import clock, installation, make, web
from tests.backoffice.admin.traffic import set_aside
from tests.backoffice.conftest import Web
from tests.support.factories import STAFF, Factory

__all__ = ["clock", "installation", "make", "web"]

A, S, B, T, L, P = (StaffRole(name) for name in ("admin", "support", "billing", "trust", "legal", "privacy"))
HOUSE = frozenset({A, S, B, T, L})
LOG = frozenset({A, S, T, P})
BOOKS = frozenset({A, B})
LEGAL = frozenset({A, L})
# What changes something: a page with a form.
COMMANDS = (
    *("suspend", "lift/", "edit/", "replay", "discard", "record-payment", "credit/", "change/", "defer/"),
    *("request-documents", "void/", "reverse/", "decide/", "resend/", "fix/", "close/", "publish/", "review/"),
    *("terminate/", "end-for-breach/", "withdraw-end/", "reactivate/", "client/hold/", "-authority/"),
    *("release/", "extend/", "approve/", "give-up/"),
)
# Found only once there is one, or by a form that says why, by those who may.
NOT_YET = ("/deletion/certificate/{deletion}", "/deletion/paper/{deletion}", "/authority-document/bytes/{paper}")
# Written by hand and not derived from the matrix: path → who gets in.
EXPECTED: Mapping[str, frozenset[StaffRole]] = {
    "/": HOUSE | {P},
    "/client/list": HOUSE | {P},
    "/client/details/{client}": HOUSE | {P},
    "/client/edit/{client}": frozenset({A, S, B}),
    "/client/suspend/{client}": frozenset({A, T, L}),
    "/client/suspend-security/{client}": frozenset({A, T}),
    "/client/suspend-order/{client}": frozenset({A, L}),
    "/client/record-payment/{client}": BOOKS,
    "/client/credit/{client}": BOOKS,
    "/client/change/{client}": BOOKS,
    "/client/defer/{client}": BOOKS | {S},
    "/client/request-documents/{client}": frozenset({A, S, L}),
    "/client/money/{client}": HOUSE,
    "/client/notices/{client}": HOUSE | {P},
    "/client/connectors/{client}": HOUSE | {P},
    "/client/people/{client}": HOUSE | {P},
    "/client/timeline/{client}": HOUSE | {P},
    "/client/danger/{client}": frozenset({A, T, L}),
    "/client/usage/{client}": frozenset({A, S, B, T}),
    "/usage-daily/list": BOOKS | {S},
    "/annotation/list": frozenset({A, S}),
    "/report-subscription/list": frozenset({A}),
    "/invoice/list": HOUSE,
    "/invoice/details/{invoice}": HOUSE,
    "/invoice/void/{invoice}": BOOKS,
    "/payment/list": HOUSE,
    "/payment/details/{payment}": HOUSE,
    "/payment-event/list": HOUSE,
    "/payment-event/details/{told}": HOUSE,
    "/payment/reverse/{payment}": BOOKS,
    "/credit-note/list": HOUSE,
    "/credit-note/details/{credit}": HOUSE,
    "/refund/list": HOUSE,
    "/refund/details/{refund}": HOUSE,
    "/refund/decide/approve/{refund}": BOOKS,
    "/notice/list": HOUSE | {P},
    "/notice/details/{notice}": HOUSE | {P},
    "/notice/mail/{notice}": HOUSE | {P},
    "/notice/events/{notice}": HOUSE | {P},
    "/notice/resend/{notice}": BOOKS | {S},
    "/notice/fix/{notice}": BOOKS | {S},
    "/staff-task/list": HOUSE | {P},
    "/staff-task/details/{task}": HOUSE | {P},
    "/staff-task/close/{task}": HOUSE,
    "/reading/list": HOUSE,
    "/reading/details/trial_days": HOUSE,
    "/reading/change/trial_days": frozenset({A, L}),
    "/plan/publish/{plan}": frozenset({A, L}),
    "/plan/list": HOUSE,
    "/plan/details/{plan}": HOUSE,
    "/subscription/list": HOUSE,
    "/subscription/details/{subscription}": HOUSE,
    "/suspension/list": HOUSE,
    "/suspension/details/{suspension}": HOUSE,
    "/suspension/lift/{suspension}": frozenset({A, T, L}),
    "/suspension/review/{suspension}": frozenset({A, T, L}),
    "/connector/list": HOUSE | {P},
    "/connector/details/{client};{connector}": HOUSE | {P},
    "/webhook-event/list": LOG,
    "/webhook-event/details/{event}": LOG,
    "/webhook-event/replay/{event}": frozenset({A, S}),
    "/webhook-event/replay-span?since=2026-11-19T00:00&until=2026-11-20T00:00": frozenset({A, S}),
    "/dead-letter/list": LOG,
    "/dead-letter/details/{letter}": LOG,
    "/dead-letter/replay/{letter}": frozenset({A, S}),
    "/dead-letter/replay-many": frozenset({A, S}),
    "/dead-letter/discard/{letter}": frozenset({A}),
    "/dead-letter/discard-many": frozenset({A}),
    "/client/ending/{client}": HOUSE | {P},
    "/client/terminate/{client}": LEGAL,
    "/client/end-for-breach/{client}": LEGAL,
    "/client/withdraw-end/{client}": LEGAL,
    "/client/reactivate/{ended}": LEGAL,
    "/client/hold/{client}": LEGAL,
    "/client/verify-authority/{client}": LEGAL,
    "/client/reject-authority/{client}": LEGAL,
    "/approval/list": HOUSE,
    "/approval/details/{approval}": HOUSE,
    "/approval/decide/{approval}": LEGAL,
    "/termination/list": HOUSE | {P},
    "/termination/details/{termination}": HOUSE | {P},
    "/export-window/list": HOUSE | {P},
    "/export-window/details/{window}": HOUSE | {P},
    "/export-window/extend/{window}": LEGAL,
    "/export-job/list": HOUSE | {P},
    "/export-job/details/{archive}": HOUSE | {P},
    "/hold/list": HOUSE | {P},
    "/hold/details/{hold}": HOUSE | {P},
    "/hold/release/{hold}": LEGAL,
    "/deletion/list": HOUSE | {P},
    "/deletion/details/{deletion}": HOUSE | {P},
    "/deletion/approve/{deletion}": LEGAL,
    "/deletion/give-up/{deletion}": LEGAL,
    "/deletion/certificate/{deletion}": HOUSE | {P},
    "/deletion/paper/{deletion}": HOUSE | {P},
    "/document-version/list": HOUSE | {P},
    "/document-version/details/{document}": HOUSE | {P},
    "/document-version/text/{document}": HOUSE | {P},
    "/authority-document/list": frozenset({L}),
    "/authority-document/details/{paper}": frozenset({L}),
    "/authority-document/open/{paper}": frozenset({L}),
    "/authority-document/bytes/{paper}": frozenset({L}),
    "/job-slot/list": HOUSE,
    "/audit-entry/list": frozenset({A, T, L, P}),
    "/audit-entry/details/1": frozenset({A, T, L, P}),
}
# By POST alone, without a form of its own.
POSTED: Mapping[str, frozenset[StaffRole]] = {
    "/client/evidence/{client}": frozenset({A, B, T, L}),
    "/client/usage-show/{client}": frozenset({A, S, B, T}),
    "/client/usage-csv/{client}": frozenset({A, S, B, T}),
    "/usage-daily/show": BOOKS | {S},
    "/usage-daily/csv": BOOKS | {S},
    "/annotation/write": frozenset({A, S}),
    "/report-subscription/order": frozenset({A}),
    f"/report-subscription/stop/{UUID(int=1)}": frozenset({A}),
    f"/annotation/withdraw/{UUID(int=1)}": frozenset({A, S}),
}
# What sqladmin has and we do not serve.
GONE = (
    "/client/create",
    "/client/delete?pks=x",
    "/client/export/csv",
    "/client/import",
    "/client/ajax/lookup?name=a&term=b",
    "/plan/edit/crece",
    "/suspension/edit/x",
    "/audit-entry/edit/1",
    "/client/x/legal_name/download/",
    "/client/x/legal_name/preview/",
    "/statics/css/tabler.min.css",
    "/agent-session/list",
    "/staff/list",
    "/webhook-event/create",
    "/webhook-event/edit/1",
    "/dead-letter/delete?pks=x",
    "/dead-letter/export/csv",
)


# Of endings, by an id.
FATES = (
    *("approval/details", "approval/decide", "termination/details", "hold/details", "hold/release"),
    *("export-window/details", "export-window/extend", "export-job/details", "document-version/text"),
    *("deletion/details", "deletion/approve", "deletion/give-up", "deletion/paper", "document-version/details"),
    *("client/terminate", "client/end-for-breach", "client/withdraw-end", "client/reactivate", "client/hold"),
)


@pytest.fixture(scope="module")
def known(installation: Installation, make: Factory) -> dict[str, str]:
    """One of everything that addresses name."""
    client, other = make.client(), make.client()
    connector = make.connector(client.id)
    with installation.works.staff(STAFF) as work:
        opened = suspensions.suspend_by_hand(work, other.id, Cause.AUP, "Envío masivo a listas")
    with installation.works.staff(STAFF) as work:
        contract = admin_clients.contract(work.session, client.id)
        plan = admin_lists.plans(work.session, most=1)[0].code
    assert contract is not None
    event, letter = set_aside(installation)
    books = Books(installation)
    payment = books.pay(client.id, 100_00, "rastreo 1")
    invoice = books.owed(client.id)[0].invoice_id
    return {
        "invoice": str(invoice),
        "payment": str(payment),
        "told": str(books.told(client.id)),
        "credit": str(books.credit(client.id, 50_00)),
        "refund": str(books.refund(client.id, invoice)),
        "notice": str(books.notice(client.id, bounced=True)),
        "task": str(books.task(client.id)),
        "client": str(client.id),
        "connector": str(connector),
        "suspension": str(opened.suspension_id),
        "subscription": str(contract.id),
        "plan": plan,
        "event": str(event),
        "letter": str(letter),
        **fates(installation, client.id, make.client().id),
    }


def _served(web: Web) -> Iterator[Route]:
    mounted = next(route for route in web.app.routes if isinstance(route, Mount) and route.name == "admin")
    yield from (route for route in mounted.routes if isinstance(route, Route))


def test_every_route_of_the_admin_is_in_the_table(web: Web, known: dict[str, str]) -> None:
    addresses = [path.format(**known).partition("?")[0] for path in (*EXPECTED, *POSTED)]
    for route in _served(web):
        assert any(route.path_regex.match(address) for address in addresses), route.path


@pytest.mark.parametrize("role", sorted(set(StaffRole) - {StaffRole.ANALYST}))
def test_a_role_opens_what_it_is_granted_and_nothing_else(web: Web, known: dict[str, str], role: StaffRole) -> None:
    http = web.staff_as(role)
    for path, allowed in EXPECTED.items():
        address = f"/admin{path.format(**known)}"
        is_command = any(f"/{word}" in path for word in COMMANDS)
        if role is not StaffRole.ADMIN and not is_command:
            found = 404 if path in NOT_YET else 200
            assert http.get(address).status_code == (found if role in allowed else 403), (role, path)
        if is_command:
            # An empty form: read by those who may, refused before it is read for the others.
            assert http.post(address, data={}).status_code == (422 if role in allowed else 403), (role, path)
    for path, allowed in POSTED.items():
        answered = http.post(f"/admin{path.format(**known)}")
        found = (
            422 if path.startswith(("/annotation/", "/report-subscription/")) else 200
        )  # these ask for what to write, and why
        assert answered.status_code == (found if role in allowed else 403), (role, path)


def test_what_sqladmin_could_do_besides_is_not_there(web: Web) -> None:
    http = web.staff_as(StaffRole.ADMIN)
    for path in GONE:
        for method in ("GET", "POST", "DELETE"):
            assert http.request(method, f"/admin{path}").status_code in (404, 405), (method, path)


def test_without_a_session_every_route_leads_to_the_door(web: Web, known: dict[str, str]) -> None:
    http = web.browser()
    for path in EXPECTED:
        answered = http.get(f"/admin{path.format(**known)}")
        assert (answered.status_code, answered.headers["location"].split("?")[0]) == (303, "/admin/login"), path


@pytest.mark.parametrize("who", ["agent", "analyst"])
def test_whom_the_admin_is_not_for_finds_nothing_there(
    web: Web, make: Factory, known: dict[str, str], who: str
) -> None:
    http = web.staff_as(StaffRole.ANALYST) if who == "analyst" else web.agent_of(make.client().id)
    for path in list(EXPECTED)[1:]:
        assert http.get(f"/admin{path.format(**known)}").status_code == 404, path


def test_an_ended_session_opens_nothing(web: Web, installation: Installation, make: Factory) -> None:
    http: httpx.Client = web.staff_as(StaffRole.ADMIN)
    assert http.get("/admin/client/list").status_code == 200
    assert http.post("/admin/logout").status_code == 303
    assert http.get("/admin/client/list").status_code == 303


def test_no_id_is_told_from_an_absent_one(web: Web) -> None:
    http = web.staff_as(StaffRole.ADMIN)
    absent = uuid5(UUID(int=0), "absent")
    for path in ("client/details/", "client/edit/", "client/suspend/", "suspension/lift/", "subscription/details/"):
        for key in (absent, "x", "../../etc/passwd", "%00", "' or 1=1"):
            assert http.get(f"/admin/{path}{key}").status_code == 404, (path, key)
    for path in (
        "connector/details/x;y",
        f"connector/details/{absent};{absent}",
        "plan/details/x",
        "audit-entry/details/-1",
        "webhook-event/details/-1",
        "webhook-event/details/999999999999999999999",
        "webhook-event/details/77777",
        "webhook-event/details/x",
        f"dead-letter/details/{absent}",
        "dead-letter/details/x",
        *(f"{name}/{key}" for name in FATES for key in (absent, "x")),
        "job-slot/details/x",
        "webhook-event/replay/x",
        "webhook-event/replay-span",
        "webhook-event/replay-span?since=x&until=y",
        f"dead-letter/replay/{absent}",
        f"dead-letter/discard/{absent}",
    ):
        assert http.get(f"/admin/{path}").status_code == 404, path


def test_the_home_address_works_with_and_without_its_slash(web: Web) -> None:
    http = web.staff_as(StaffRole.SUPPORT)
    assert http.get("/admin").headers["location"] == "/admin/"
    assert "Buenas tardes, Iñaki" in http.get("/admin/").text


def test_the_admin_reads_every_page_it_may_and_that_changes_nothing(
    web: Web, installation: Installation, known: dict[str, str]
) -> None:
    http = web.staff_as(StaffRole.ADMIN)
    before = _state(installation)
    for path, allowed in EXPECTED.items():
        found = 404 if path in NOT_YET else 200
        assert http.get(f"/admin{path.format(**known)}").status_code == (found if A in allowed else 403), path
    assert _state(installation) == before


def _state(installation: Installation) -> list[object]:
    tables = (
        "ledger.client",
        "ledger.suspension",
        "ledger.audit_entry",
        "ledger.invoice",
        "ledger.payment",
        "ledger.allocation",
        "ledger.credit_note",
        "ledger.notice",
        "ledger.staff_task",
        "ledger.approval",
        "ledger.termination",
        "ledger.hold",
        "ledger.export_window",
        "ledger.deletion",
        "ledger.plan_version",
        "tenant.connector",
        "platform.connector_request",
        "platform.webhook_event",
        "platform.dead_letter",
    )
    with installation.database.session(Role.WORKER) as session:
        return [
            session.scalar(text(f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t"))
            for table in (*tables, "ledger.agent_session")
        ]
