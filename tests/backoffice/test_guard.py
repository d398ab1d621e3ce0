"""The guard around every surface: headers, same-origin check, roles by prefix, and answers that tell nothing."""

from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import make_url

from backoffice.app import Beside
from konectus.domain.roles import StaffRole, UserRole
from konectus.errors import NotFound
from konectus.services.installation import Installation
from konectus.store.session import Database
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk
from tests.support.factories import Factory

MARKER = "marcador-que-no-debe-salir"


def _trouble(app: FastAPI, _: Installation) -> None:
    """Addresses that fail as code of ours may."""

    def fail() -> None:
        raise ValueError(MARKER)

    app.add_api_route("/trouble", fail)
    for prefix in ("/admin", "/dashboard"):
        app.add_api_route(f"{prefix}/home", lambda: {"house": "ok"})
        app.add_api_route(prefix, lambda: {"house": "ok"})


@pytest.fixture
def web(web: Web) -> Web:
    web.stop()
    web.beside = Beside(mounts=(_trouble,))
    web.start()
    return web


def test_every_answer_carries_the_headers_and_a_number(web: Web) -> None:
    for path in ("/login", "/inbox", "/healthz", "/nothing-here", "/trouble", "/static/x/look.css"):
        headers = web.browser().get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        assert len(headers["x-request-id"]) == 36


def test_pages_are_never_kept_and_our_files_for_ever(web: Web) -> None:
    page = web.browser().get("/login")
    assert page.headers["cache-control"] == "no-store"
    sheet = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    found = web.browser().get(sheet)
    assert (found.status_code, found.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    old = web.browser().get("/static/0123456789ab/tokens.css")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    assert web.browser().get("/static/x/../../app.py").status_code == 404


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "OWN"}, 303),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_an_unsafe_request_must_come_from_ourselves(
    web: Web, make: Factory, talk: Talk, headers: dict[str, str], expected: int
) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola")
    cookie = web.agent_of(client.id).headers["cookie"]
    given = {name: web.url if value == "OWN" else value for name, value in headers.items()}
    answer = httpx.post(f"{web.url}/inbox/c/{told.id}/close", headers={"cookie": cookie, **given})
    assert answer.status_code == expected


def test_each_house_lets_in_its_own_people_alone(web: Web, make: Factory) -> None:
    """Deny by default: the whole matrix of surfaces and roles."""
    client = make.client()
    agents = {role: web.agent_of(client.id, role=role) for role in UserRole}
    staff = {role: web.staff_as(role) for role in StaffRole}
    for role, http in agents.items():
        assert http.get("/inbox").status_code == 200, role
        assert http.get("/account").status_code == 200, role
        assert http.get("/admin/home").status_code == 404, role
        assert http.get("/dashboard/home").status_code == 404, role
        assert http.get("/admin").headers["location"].startswith("/admin/login"), role
    for kind, http in staff.items():
        assert http.get("/admin/home").status_code == (404 if kind is StaffRole.ANALYST else 200), kind
        expected = 200 if kind in (StaffRole.ANALYST, StaffRole.ADMIN) else 404
        assert http.get("/dashboard/home").status_code == expected, kind
        assert http.get("/inbox/c/01a1f4f7-2500-7d12-b859-1a55e6752da4").status_code == 404, kind
        assert http.get("/files/01a1f4f7-2500-7d12-b859-1a55e6752da4").status_code == 404, kind
    assert web.browser().get("/dashboard/home").headers["location"].startswith("/admin/login?next=")


def test_a_refusal_is_the_same_bytes_for_absent_and_for_forbidden_ground(web: Web, make: Factory) -> None:
    http = web.agent_of(make.client().id)
    assert http.get("/admin/home").content == http.get("/admin/absent").content


def test_a_failure_shows_a_number_and_no_word_of_its_cause(web: Web) -> None:
    answer = web.browser().get("/trouble")
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] in answer.text
    assert MARKER not in answer.text
    assert "Traceback" not in answer.text
    assert "Algo falló de nuestro lado" in answer.text


def test_without_a_database_a_plain_page_says_whose_trouble_it_is(web: Web, make: Factory) -> None:
    http = web.agent_of(make.client().id)
    cookie = http.headers["cookie"]
    nobody = make_url("postgresql+psycopg://x:x@127.0.0.1:1/x")
    web.stop()
    web.installation = replace(web.installation, database=Database(lambda _: nobody))
    web.start()
    answer = httpx.get(f"{web.url}/inbox", headers={**http.headers, "cookie": cookie})
    assert answer.status_code == 503
    assert "Es un problema nuestro" in answer.text
    assert "psycopg" not in answer.text
    assert httpx.get(f"{web.url}/healthz").status_code == 200
    readiness = httpx.get(f"{web.url}/readyz").json()
    assert readiness == {"ready": False, "checks": {"database": "database_down"}, "alarms": []}


def test_programs_get_a_problem_document(web: Web) -> None:
    answer = web.browser(accept="application/json").get("/nothing-here")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == NotFound.code


def test_a_script_without_a_session_is_told_instead_of_sent_away(web: Web) -> None:
    answer = web.browser(hx_request="true").get("/inbox/rows?before=x")
    assert answer.status_code == 401
    assert answer.headers["hx-retarget"] == "#notices"
    assert "Entra para seguir" in answer.text


def test_unreadable_words_in_addresses_and_forms_are_refused_and_not_repeated(web: Web, make: Factory) -> None:
    http = web.agent_of(make.client().id)
    for answer in (
        http.get("/inbox/rows?before=<script>"),
        http.get("/inbox/c/<script>"),
        http.post("/login", data={"email": "<script>"}),
    ):
        assert answer.status_code == 422
        assert "<script>" not in answer.text


def test_a_websocket_is_refused_where_nobody_is_signed_in(web: Web) -> None:
    upgrade = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
    key = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}
    for origin in (web.url, "https://evil.example"):
        answer = httpx.get(f"{web.url}/dashboard/ws", headers={**upgrade, **key, "origin": origin})
        assert answer.status_code == 403
