"""The ticket to a dashboard of its own: for who may see the figures, for ten minutes, and back to no other host."""

from dataclasses import replace
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backoffice.tickets import leads_to
from konectus import passes
from konectus.domain.roles import StaffRole, UserRole
from konectus.passes import DASHBOARD, DASHBOARD_COOKIE, DASHBOARD_DOOR, PassRefused
from tests.backoffice.conftest import Web
from tests.backoffice.test_reading import state
from tests.support.clock import ManualClock
from tests.support.factories import Factory

SECRET = "a secret of the tests"
OCTOBER = "/dashboard/volume?period=2026-10&cut=messages%2Fchannel"


def ask(http: httpx.Client, wanted: str = OCTOBER) -> httpx.Response:
    return http.get(DASHBOARD_DOOR, params={"next": wanted})


def ticket_of(answer: httpx.Response) -> str:
    return SimpleCookie(answer.headers["set-cookie"])[DASHBOARD_COOKIE].value


@pytest.mark.parametrize("role", [StaffRole.ANALYST, StaffRole.ADMIN])
def test_who_may_see_the_figures_gets_a_ticket_and_returns_to_the_page_asked_for(web: Web, role: StaffRole) -> None:
    answer = ask(web.staff_as(role))
    assert (answer.status_code, answer.headers["location"]) == (303, OCTOBER)
    assert answer.headers["cache-control"] == "no-store"
    name, *flags = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-konectus-dashboard=")
    assert sorted(flags) == ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=lax", "Secure"]


def test_a_ticket_is_for_ten_minutes_and_for_nothing_but_the_figures(
    web: Web, make: Factory, clock: ManualClock
) -> None:
    analyst = make.staff(role=StaffRole.ANALYST)
    ticket, now = ticket_of(ask(web.browser(staff=make.staff_session(analyst)))), clock.now()
    assert passes.read(SECRET, DASHBOARD, ticket, now + timedelta(minutes=9, seconds=59)) == str(analyst)
    for purpose, then in ((DASHBOARD, now + timedelta(minutes=10)), ("embed", now)):
        with pytest.raises(PassRefused):
            passes.read(SECRET, purpose, ticket, then)


@pytest.mark.parametrize("role", sorted(frozenset(StaffRole) - {StaffRole.ANALYST, StaffRole.ADMIN}))
def test_staff_without_the_figures_get_none(web: Web, role: StaffRole) -> None:
    answer = ask(web.staff_as(role))
    assert (answer.status_code, answer.headers.get("set-cookie")) == (404, None)
    assert "Aquí no hay nada" in answer.text


def test_who_is_not_signed_in_as_staff_is_led_to_the_sign_in_and_from_there_back(web: Web, make: Factory) -> None:
    for http in (web.browser(), web.agent_of(make.client().id, role=UserRole.OWNER)):
        answer = ask(http)
        door = urlsplit(answer.headers["location"])
        assert (answer.status_code, door.path, answer.headers.get("set-cookie")) == (303, "/admin/login", None)
        back = urlsplit(parse_qs(door.query)["next"][0])
        assert (back.path, parse_qs(back.query)) == (DASHBOARD_DOOR, {"next": [OCTOBER]})


def test_signing_in_leads_through_the_ticket_to_the_page(web: Web) -> None:
    web.stop()
    settings = web.installation.settings.model_copy(update={"environment": "demo"})
    web.installation = replace(web.installation, settings=settings)
    web.start()
    analyst = str(web.make.staff(role=StaffRole.ANALYST))
    back = f"{DASHBOARD_DOOR}?next=%2Fdashboard%2Fvolume"
    answer = web.browser().post("/admin/login/demo", data={"person": analyst, "next": back})
    assert answer.headers["location"] == back


def test_signing_out_leaves_no_ticket_behind(web: Web) -> None:
    dropped = web.staff_as(StaffRole.ANALYST).post("/admin/logout").headers.get_list("set-cookie")
    assert any(one.startswith(f'{DASHBOARD_COOKIE}=""; ') and "Max-Age=0" in one for one in dropped)


def test_handing_one_out_changes_nothing(web: Web) -> None:
    http = web.staff_as(StaffRole.ANALYST)
    before = state(web.installation)
    assert ask(http).status_code == 303
    assert state(web.installation) == before


def test_without_a_key_the_page_says_what_is_missing(web: Web) -> None:
    web.stop()
    settings = web.installation.settings.model_copy(update={"secret_key": None})
    web.installation = replace(web.installation, settings=settings)
    web.start()
    answer = ask(web.staff_as(StaffRole.ANALYST))
    assert (answer.status_code, answer.headers.get("set-cookie")) == (503, None)
    assert "KONECTUS_SECRET_KEY" in answer.text


@pytest.mark.parametrize(
    "wanted",
    ["/dashboard", "/dashboard/", "/dashboard/hours", "/dashboard/figures.csv?period=2026-10", "/dashboard?x", OCTOBER],
)
def test_every_page_of_the_figures_may_be_asked_for(wanted: str) -> None:
    assert leads_to(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "/",
        "/admin",
        "/dashboards",
        "//evil.example/dashboard/",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example/dashboard/",
        "https://evil.example/dashboard/",
        "//evil.example",
        "javascript:alert(1)",
        "dashboard/",
        " /dashboard/",
        "/dashboard/\n",
        "/dashboard/\r\nset-cookie: x=y",
        "/dashboard//evil.example",
        "/dashboard/\\evil.example",
        "/dashboard/../admin",
        "/dashboard/%2e%2e/admin",
        "/dashboard/.%2e//evil.example",
        "/dashboard@evil.example",
        "/dashboard.evil.example",
        "/dashboard/#x",
        "%2Fdashboard%2F",
        "/%64ashboard/",
        "/dashboard/\N{FULLWIDTH SOLIDUS}evil.example",
        f"/dashboard/?{'x' * 301}",
    ],
)
def test_any_other_wish_leads_to_the_first_page_of_the_figures(wanted: str) -> None:
    assert leads_to(wanted) == "/dashboard/"


@given(
    st.text(alphabet=st.sampled_from("/\\.:@?#%2efE5c \t\r\n-_a~") | st.characters()).map(
        lambda tail: "/dashboard" + tail
    )
    | st.text()
)
@example("/dashboard/?next=//evil.example")
def test_next_is_never_another_host_nor_another_house(wanted: str) -> None:
    """As a browser reads it: a backslash is a slash, and tabs and line ends are not there."""
    said = leads_to(wanted)
    assert not set(said.partition("?")[0]) & set("\\\t\r\n")
    there = httpx.URL("https://konectus.test/tickets/dashboard").join(said)
    assert (there.scheme, there.host) == ("https", "konectus.test")
    assert there.path == "/dashboard" or there.path.startswith("/dashboard/")
