"""Exact figures for the staff: to whom they are shown, what they say, and that no look goes without an entry."""

import csv
import io
import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import event, text

from backoffice.sessions import COOKIES, Kind
from konectus.domain.deadlines import local_day
from konectus.domain.roles import StaffRole, UserRole
from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.backoffice.admin.books import Books
from tests.backoffice.admin.shared import clock, installation, make, web
from tests.backoffice.conftest import Web
from tests.support.barriers import barriers
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.used import Used

__all__ = ["clock", "installation", "make", "web"]

SHOW, CSV = "/admin/usage-daily/show", "/admin/usage-daily/csv"


@pytest.fixture(scope="module")
def client_id(installation: Installation, make: Factory, clock: ManualClock) -> UUID:
    """A Client with three days this month and one in the span before; another one that is active too."""
    used, found, other = Used(installation), make.client(name="Óptica Güemes").id, make.client().id
    Books(installation).pay(found, 150_00, "cifras 1")
    clock.advance(days=2)  # only whole days are shown
    day = local_day(clock.now()) - timedelta(days=1)
    used.day(found, day, messages_in=1200, messages_out=800, sends_failed=8, conversations_opened=30)
    used.day(found, day, "telegram", messages_in=34, conversations_opened=2, bin_of=6)
    used.day(found, day - timedelta(days=2), messages_in=66, conversations_closed=5)
    used.day(other, day, "instagram", messages_in=700)
    used.more(
        found,
        day,
        hour=20,
        failures={"window": 5, "window: 10/2534022": 1, "window_shut": 1, "nobody knows": 1},
        resolved_in=0,
    )
    used.day(found, day - timedelta(days=40), messages_in=1000)
    used.day(found, day - timedelta(days=70), messages_in=1)
    make.connector(found)
    return found


def entries(installation: Installation) -> list[Any]:
    with installation.database.session(Role.STAFF) as session:
        return list(
            session.execute(
                text(
                    "select action, client_id, actor_kind, reason, subject_id, after from ledger.audit_entry"
                    " where action like 'figures.%' or action like 'client.usage%' order by id"
                )
            )
        )


def shown(http: httpx.Client, path: str = SHOW, period: str = "30", status: int = 200) -> str:
    answer = http.post(path, data={"period": period})
    assert answer.status_code == status, answer.text
    return answer.text.replace("\xa0", " ")


def table(http: httpx.Client, path: str = CSV, period: str = "30") -> list[dict[str, str]]:
    answer = http.post(path, data={"period": period})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "no-store" in answer.headers["cache-control"]
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_page_says_nothing_before_it_was_asked_and_each_look_leaves_an_entry(
    web: Web, installation: Installation, client_id: UUID
) -> None:
    http = web.staff_as(StaffRole.BILLING)
    before = len(entries(installation))
    form = http.get("/admin/usage-daily/list").text
    assert "Mostrar las cifras" in form
    assert "2,000" not in form
    assert http.get(SHOW).status_code == 303  # an address without its form leads to the form
    assert len(entries(installation)) == before
    assert "2,000" in shown(http)
    table(http)
    seen, taken = entries(installation)[before:]
    assert (seen.action, taken.action) == ("figures.shown", "figures.taken")
    assert (seen.actor_kind, seen.client_id, seen.after["money"]) == ("staff", None, True)
    assert len(seen.reason) > 10
    days = (date.fromisoformat(seen.after["last"]) - date.fromisoformat(seen.after["first"])).days
    assert days == 29


def test_totals_are_exact_by_channel_and_compared_with_the_span_before(web: Web, client_id: UUID) -> None:
    page = shown(web.staff_as(StaffRole.BILLING))
    assert "2,000" in page  # 1,200 + 34 + 66 + 700 came in
    assert "100 % más que antes" in page
    assert "0.99 %" in page  # 8 of 808 were not sent
    reasons = page.partition("Por qué no se enviaron")[2].partition("</section>")[0]
    assert re.findall(r"<th scope=\"row\">(.+?)</th>.*?>(\d+)</td>", reasons) == [
        ("La ventana de respuesta está cerrada", "7"),  # what reads alike is one
        ("El canal no lo aceptó", "1"),
    ]
    rows = table(web.staff_as(StaffRole.ADMIN))
    assert len(rows) == 30
    assert sum(int(row["messages_in"]) for row in rows) == 2000
    last = rows[-1]
    parts = [last[f"messages_in_{name}"] for name in ("messenger", "instagram", "telegram")]
    assert (parts, last["clients_active"], last["sends_failed"]) == (["1200", "700", "34"], "2", "8")
    assert [row["paid_cents"] for row in rows[-2:]] == ["15000", "0"]
    assert "$150.00" in page


def test_support_sees_capacity_and_no_money(web: Web, client_id: UUID) -> None:
    http = web.staff_as(StaffRole.SUPPORT)
    assert "Facturado" in shown(web.staff_as(StaffRole.BILLING))
    page = shown(http)
    assert ("Facturado" in page, "Lugares ocupados" in page) == (False, True)
    assert not [name for name in table(http)[0] if name.endswith("_cents")]


def test_others_are_refused_and_leave_no_entry(web: Web, installation: Installation, client_id: UUID) -> None:
    before = len(entries(installation))
    for role in (StaffRole.LEGAL, StaffRole.PRIVACY, StaffRole.TRUST):
        http = web.staff_as(role)
        for path in (SHOW, CSV):
            shown(http, path, status=403)
    assert 'href="/admin/usage-daily/list"' not in http.get("/admin/").text
    assert len(entries(installation)) == before


def test_an_analyst_finds_no_exact_figure_at_all(web: Web, client_id: UUID) -> None:
    http = web.staff_as(StaffRole.ANALYST)
    for path in (SHOW, CSV, f"/admin/client/usage-show/{client_id}", f"/admin/client/usage-csv/{client_id}"):
        shown(http, path, status=404)


def test_a_period_that_is_not_offered_is_refused_with_the_way_on(
    web: Web, installation: Installation, client_id: UUID
) -> None:
    http, before = web.staff_as(StaffRole.BILLING), len(entries(installation))
    for period in ("365", "1900-01", "' or 1=1"):
        assert "Elige uno de la lista" in shown(http, period=period, status=422)
        shown(http, CSV, period, 422)
        shown(http, f"/admin/client/usage-show/{client_id}", period, 422)
    assert len(entries(installation)) == before


def test_the_use_of_one_client_is_its_own_and_stands_in_its_timeline(
    web: Web, installation: Installation, client_id: UUID
) -> None:
    http = web.staff_as(StaffRole.TRUST)
    assert "1,300" not in http.get(f"/admin/client/usage/{client_id}").text
    page = shown(http, f"/admin/client/usage-show/{client_id}")
    assert "1,300" in page  # without the 700 of the other Client
    assert "de 30 s a 1 min" in page
    assert entries(installation)[-1].client_id == client_id
    told = http.get(f"/admin/client/timeline/{client_id}").text
    assert "Uso exacto consultado" in told
    assert "Uso exacto de un Cliente, pedido en su página" in told
    rows = table(http, f"/admin/client/usage-csv/{client_id}")
    assert {row["channel"] for row in rows} == {"messenger", "telegram"}
    assert entries(installation)[-1].action == "client.usage_taken"


def test_figures_are_read_in_few_statements_and_no_message_is_counted(
    web: Web, client_id: UUID, installation: Installation
) -> None:
    asked: list[str] = []

    def note(*given: Any) -> None:
        asked.append(given[2])

    engine = installation.database.engine(Role.STAFF)
    http = web.staff_as(StaffRole.ADMIN)
    event.listen(engine, "before_cursor_execute", note)
    try:
        shown(http, period="90")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(asked) < 40
    assert [one for one in asked if "tenant.message" in one] == []


@pytest.mark.browser
def test_the_figures_have_no_barrier_and_are_asked_for_by_keyboard(
    web: Web, make: Factory, browser: Browser, client_id: UUID
) -> None:
    people: dict[Kind, str] = {
        "staff": make.staff_session(make.staff(role=StaffRole.BILLING)),
        "agent": make.user_session(client_id, make.user(client_id, role=UserRole.SUPERVISOR)),
    }
    address = web.url.replace("http:", "https:")
    context = browser.new_context(locale="es-MX", reduced_motion="reduce")
    context.add_cookies(
        [
            {"name": COOKIES[kind], "value": token, "url": address, "secure": True, "httpOnly": True}
            for kind, token in people.items()
        ]
    )
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text))
    page.set_viewport_size({"width": 360, "height": 780})
    page.emulate_media(color_scheme="dark")
    page.goto(f"{web.url}/admin/usage-daily/list")
    page.get_by_label("Periodo").select_option("90")
    page.get_by_role("button", name="Mostrar las cifras").press("Enter")
    page.get_by_text("Mostrar la tabla").press("Enter")
    assert page.get_by_role("row").last.is_visible()
    assert barriers(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    page.goto(f"{web.url}/account/figures?period=30")
    assert page.get_by_role("img", name="Mensajes recibidos y enviados").count() == 1
    assert barriers(page) == []
    assert said == []  # nothing that the policy of contents had to stop
    context.close()
