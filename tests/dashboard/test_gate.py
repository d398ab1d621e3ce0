"""A dashboard of its own lets in who holds a fresh ticket of the web process, and nobody to anything else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest
from starlette.types import Message

from dashboard.app import create_app
from dashboard.asgi import FromEnvironment, gated
from dashboard.gate import Gate
from konectus import passes
from konectus.domain.roles import StaffRole
from konectus.passes import DASHBOARD, DASHBOARD_COOKIE, DASHBOARD_DOOR
from konectus.services.installation import Installation
from konectus.settings import Settings, SettingsError
from tests.backoffice.conftest import Web
from tests.support.browsing import HOST, HTML, Visitor
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.figures import AFTER, World, environment

SECRET = "a secret of the tests"
OCTOBER = "/dashboard/volume?period=2026-10&versus=2026-09"
CALL = "/dashboard/_dash-update-component"
EVERYTHING = [
    "/dashboard/",
    "/dashboard/making",
    "/dashboard/figures.csv",
    "/dashboard/_dash-layout",
    "/dashboard/_dash-dependencies",
    "/dashboard/assets/tokens.css",
    "/elsewhere",
]


@pytest.fixture
def gate(published: World) -> Iterator[Visitor]:
    settings, clock = published.installation.settings, ManualClock(AFTER)
    app = create_app(settings, clock)
    yield Visitor(Gate(app, settings, clock))
    app.close()


def ticket(*, until: datetime = AFTER + timedelta(minutes=10), purpose: str = DASHBOARD, secret: str = SECRET) -> str:
    return f"{DASHBOARD_COOKIE}={passes.issue(secret, purpose, 'analyst', until)}"


@pytest.mark.parametrize("path", EVERYTHING)
def test_without_a_ticket_nothing_is_served(gate: Visitor, path: str) -> None:
    assert gate.get(path).status_code == 401
    assert gate.get(path).json() == {"code": "pass_refused"}
    assert gate.post(CALL, b"{}").status_code == 401


def back_of(answer: httpx.Response) -> str:
    """Where the web process is to lead back to."""
    door = urlsplit(answer.headers["location"])
    assert (answer.status_code, door.netloc, door.path) == (303, "", DASHBOARD_DOOR)
    assert answer.headers["cache-control"] == "no-store"
    return parse_qs(door.query)["next"][0]


@pytest.mark.parametrize("headers", [HTML, {"sec-fetch-dest": "document"}, HTML | {"sec-fetch-dest": "document"}])
@pytest.mark.parametrize("cookie", ["", ticket(until=AFTER), ticket(secret="another secret")])
def test_a_page_without_a_good_ticket_is_sent_for_one_with_its_whole_address(
    gate: Visitor, headers: dict[str, str], cookie: str
) -> None:
    assert back_of(gate.get(OCTOBER, cookie=cookie, **headers)) == f"{OCTOBER}&ticket=asked"
    assert back_of(gate.get("/dashboard/", cookie=cookie, **headers)) == "/dashboard/?ticket=asked"


@pytest.mark.parametrize("dest", ["empty", "script", "image", "iframe"])
def test_what_no_reader_goes_to_is_refused_and_sent_nowhere(gate: Visitor, dest: str) -> None:
    assert gate.get("/dashboard/", **HTML, **{"sec-fetch-dest": dest}).status_code == 401


def test_a_call_without_a_ticket_is_refused_even_if_it_asks_for_a_page(gate: Visitor) -> None:
    assert gate.post(CALL, b"{}", **HTML, **{"sec-fetch-site": "same-origin"}).status_code == 401


@pytest.mark.parametrize("asked", ["/dashboard/", OCTOBER])
def test_with_the_ticket_the_address_is_again_as_it_was_asked_for(gate: Visitor, asked: str) -> None:
    answer = gate.get(back_of(gate.get(asked, **HTML)), cookie=ticket(), **HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, asked)
    assert gate.get(asked, cookie=ticket(), **HTML).status_code == 200


@pytest.mark.parametrize(
    ("cookie", "said"),
    [
        ("", "Tu navegador no guardó el pase a las cifras"),
        (ticket(secret="another secret"), "No se aceptó el pase a las cifras"),
        (ticket(until=AFTER), "No se aceptó el pase a las cifras"),
    ],
)
def test_nobody_is_sent_for_a_ticket_twice_but_told_what_to_mend(gate: Visitor, cookie: str, said: str) -> None:
    answer = gate.get(back_of(gate.get(OCTOBER, **HTML)), cookie=cookie, **HTML)
    assert answer.status_code == 401
    assert said in answer.text
    assert 'href="/dashboard/"' in answer.text  # the way on tries anew


@pytest.fixture
def web(published: World, installation: Installation) -> Iterator[Web]:
    """The web process beside it; both have one key and one time."""
    clock = ManualClock(AFTER)
    beside = replace(installation, clock=clock)
    assert beside.settings.secret_key == published.installation.settings.secret_key
    found = Web(beside, Factory(beside), clock)
    found.start()
    yield found
    found.stop()


def test_the_web_process_hands_out_what_opens_the_gate_for_ten_minutes(web: Web, published: World) -> None:
    settings = published.installation.settings
    figures = create_app(settings, web.clock)
    gate = Visitor(Gate(figures, settings, web.clock))
    handed = web.staff_as(StaffRole.ANALYST).get(gate.get(OCTOBER, **HTML).headers["location"])
    cookie = f"{DASHBOARD_COOKIE}={SimpleCookie(handed.headers['set-cookie'])[DASHBOARD_COOKIE].value}"
    assert gate.get(handed.headers["location"], cookie=cookie, **HTML).headers["location"] == OCTOBER
    assert gate.get(OCTOBER, cookie=cookie, **HTML).status_code == 200
    web.clock.advance(minutes=10)
    assert back_of(gate.get(OCTOBER, cookie=cookie, **HTML)) == f"{OCTOBER}&ticket=asked"
    assert gate.get("/dashboard/_dash-layout", cookie=cookie).status_code == 401
    figures.close()


def test_with_a_ticket_the_pages_open_in_the_readers_language(gate: Visitor) -> None:
    answer = gate.get("/dashboard/", cookie=ticket(), **HTML, **{"accept-language": "en"})
    assert answer.status_code == 200
    assert '<html lang="en">' in answer.text


@pytest.mark.parametrize(
    "cookie",
    [
        ticket(until=AFTER),
        ticket(purpose="embed"),
        ticket(secret="another secret"),
        f"{ticket()}x",
        f"{DASHBOARD_COOKIE}=",
        f"{DASHBOARD_COOKIE}=a.b",
        f'{DASHBOARD_COOKIE}="\\342\\230\\203"',
        "session=1",
    ],
)
def test_a_ticket_that_is_over_forged_or_for_another_door_opens_nothing(gate: Visitor, cookie: str) -> None:
    assert gate.get("/dashboard/", cookie=cookie).status_code == 401


@pytest.mark.parametrize(
    ("headers", "number"),
    [
        ({"sec-fetch-site": "same-origin"}, 400),
        ({"origin": f"https://{HOST}"}, 400),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({}, 403),
    ],
)
def test_a_call_comes_from_our_own_page(gate: Visitor, headers: dict[str, str], number: int) -> None:
    """400 is Dash's own door: the call got through to where its empty body is refused."""
    assert gate.post(CALL, b"{}", cookie=ticket(), **headers).status_code == number


def test_a_socket_is_closed(published: World) -> None:
    settings, clock = published.installation.settings, ManualClock(AFTER)
    app = create_app(settings, clock)
    for target in (app, Gate(app, settings, clock)):
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        scope = {"type": "websocket", "path": "/dashboard/_dash-ws-callback", "headers": []}
        anyio.run(target, scope, receive, send)
        assert sent == [{"type": "websocket.close", "code": 1008}]
    app.close()


def test_alone_it_starts_from_the_environment_and_ends_cleanly(
    published: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = published.installation.settings.analyst_database_url
    assert address is not None
    told = environment(published.installation) | {
        "KONECTUS_ANALYST_DATABASE_URL": address.get_secret_value(),
        "KONECTUS_SECRET_KEY": SECRET,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    asked = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return asked.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    anyio.run(FromEnvironment(), {"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_it_does_not_start_without_the_key_of_its_tickets(published: World) -> None:
    address = published.installation.settings.analyst_database_url
    with pytest.raises(SettingsError, match="KONECTUS_SECRET_KEY"):
        gated(Settings(analyst_database_url=address))
