"""Views of the figures under a name: each person's own, kept whatever is typed, and never an address elsewhere."""

import re

import httpx
import pytest
from sqlalchemy import text

from konectus.domain.roles import StaffRole
from konectus.services.saved_views import MOST
from konectus.store.roles import Role
from tests.backoffice.conftest import Web

OCTOBER = {"name": "Octubre por canal", "path": "channels", "query": "period=2026-10&versus=2026-09"}


@pytest.fixture
def analyst(web: Web) -> httpx.Client:
    return web.staff_as(StaffRole.ANALYST)


def ids(page: str) -> list[str]:
    return re.findall(r'action="/views/([0-9a-f-]{36})/delete"', page)


def test_a_view_is_kept_under_its_name_and_opens_the_same_figures(analyst: httpx.Client) -> None:
    assert "Todavía no hay vistas guardadas" in analyst.get("/views").text
    offered = analyst.get("/views", params={"path": "channels", "query": "?period=2026-10&versus=2026-09"}).text
    assert 'name="query" value="period=2026-10&amp;versus=2026-09"' in offered
    answer = analyst.post("/views", data=OCTOBER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/views")
    page = analyst.get("/views").text
    assert '<a href="/dashboard/channels?period=2026-10&amp;versus=2026-09"><bdi>Octubre por canal</bdi></a>' in page


def test_a_view_is_renamed_and_deleted(analyst: httpx.Client) -> None:
    analyst.post("/views", data=OCTOBER)
    [view_id] = ids(analyst.get("/views").text)
    assert analyst.post(f"/views/{view_id}/rename", data={"name": "  Cierre   de octubre "}).status_code == 303
    assert "Cierre de octubre" in analyst.get("/views").text
    assert analyst.post(f"/views/{view_id}/delete").status_code == 303
    assert ids(analyst.get("/views").text) == []
    assert analyst.post(f"/views/{view_id}/delete").status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": " "}, "Ponle un nombre de 1 a 60 caracteres"),
        ({"name": "x" * 61}, "Ponle un nombre de 1 a 60 caracteres"),
        ({"path": "//evil.example"}, "Esa no es una dirección de las cifras"),
        ({"path": "../admin/client/list"}, "Esa no es una dirección de las cifras"),
        ({"query": "period=2026-10#x"}, "Esa no es una dirección de las cifras"),
        ({"query": 'period="><script>'}, "Esa no es una dirección de las cifras"),
        ({"query": "x" * 201}, "Esa no es una dirección de las cifras"),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(
    analyst: httpx.Client, typed: dict[str, str], said: str
) -> None:
    given = OCTOBER | {"name": "<b>Mi vista</b>"} | typed
    answer = analyst.post("/views", data=given)
    assert answer.status_code == 422
    assert said in answer.text
    assert "<script>" not in answer.text
    if "name" not in typed:
        assert 'value="&lt;b&gt;Mi vista&lt;/b&gt;"' in answer.text
    assert ids(analyst.get("/views").text) == []


def test_two_views_never_have_one_name(analyst: httpx.Client) -> None:
    for name in ("Octubre por canal", "Otra"):
        analyst.post("/views", data=OCTOBER | {"name": name})
    assert "Otra vista tuya tiene ese nombre" in analyst.post("/views", data=OCTOBER).text
    other = next(one for one in ids(analyst.get("/views").text))
    answers = [analyst.post(f"/views/{one}/rename", data={"name": "Otra"}) for one in ids(analyst.get("/views").text)]
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert other


def test_so_many_views_and_no_more(web: Web, analyst: httpx.Client) -> None:
    for n in range(MOST):
        assert analyst.post("/views", data=OCTOBER | {"name": f"Vista {n}"}).status_code == 303
    assert f"Ya guardas {MOST} vistas" in analyst.post("/views", data=OCTOBER).text
    with web.installation.database.session(Role.STAFF) as session:
        assert session.execute(text("select count(*) from platform.saved_view")).scalar_one() == MOST


def test_a_view_of_somebody_else_is_neither_seen_nor_changed(web: Web, analyst: httpx.Client) -> None:
    analyst.post("/views", data=OCTOBER)
    [view_id] = ids(analyst.get("/views").text)
    other = web.staff_as(StaffRole.ADMIN)
    assert "Octubre" not in other.get("/views").text
    assert other.post(f"/views/{view_id}/rename", data={"name": "Mía"}).status_code == 404
    assert other.post(f"/views/{view_id}/delete").status_code == 404
    assert "Octubre por canal" in analyst.get("/views").text


@pytest.mark.parametrize("role", [StaffRole.SUPPORT, StaffRole.BILLING, StaffRole.LEGAL])
def test_who_reads_no_figures_keeps_no_views(web: Web, role: StaffRole) -> None:
    assert web.staff_as(role).get("/views").status_code == 404
    assert web.staff_as(role).post("/views", data=OCTOBER).status_code == 404


def test_without_a_session_the_way_leads_to_the_door_of_the_staff(web: Web) -> None:
    answer = web.browser().get("/views")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/login")


def test_readers_are_answered_in_the_language_they_ask_for(web: Web) -> None:
    """Staff have none on record; the analysts' pages are in both."""
    http = web.staff_as(StaffRole.ANALYST)
    assert "No saved view yet" in http.get("/views", headers={"accept-language": "en-US,en;q=0.9"}).text
    assert "Todavía no hay vistas guardadas" in http.get("/views", headers={"accept-language": "fr"}).text


def test_another_site_saves_nothing(analyst: httpx.Client) -> None:
    foreign = analyst.post("/views", data=OCTOBER, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert ids(analyst.get("/views").text) == []


def test_keeping_renaming_and_deleting_stand_in_the_audit_trail(web: Web, analyst: httpx.Client) -> None:
    analyst.post("/views", data=OCTOBER)
    [view_id] = ids(analyst.get("/views").text)
    analyst.post(f"/views/{view_id}/rename", data={"name": "Cierre"})
    analyst.post(f"/views/{view_id}/delete")
    with web.installation.database.session(Role.STAFF) as session:
        found = session.execute(text("select action from ledger.audit_entry where action like 'view.%' order by id"))
        assert [action for (action,) in found] == ["view.kept", "view.renamed", "view.dropped"]
