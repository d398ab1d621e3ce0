"""A dashboard of its own lets in who holds a fresh ticket of the web process, and nobody to anything else."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import anyio
import pytest
from starlette.types import Message

from dashboard.app import create_app
from dashboard.asgi import FromEnvironment, gated
from dashboard.gate import COOKIE, PURPOSE, Gate
from konectus import passes
from konectus.settings import Settings, SettingsError
from tests.support.browsing import HOST, HTML, Visitor
from tests.support.clock import ManualClock
from tests.support.figures import AFTER, World, environment

SECRET = "a secret of the tests"
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


def ticket(*, until: datetime = AFTER + timedelta(minutes=10), purpose: str = PURPOSE, secret: str = SECRET) -> str:
    return f"{COOKIE}={passes.issue(secret, purpose, 'analyst', until)}"


@pytest.mark.parametrize("path", EVERYTHING)
def test_without_a_ticket_nothing_is_served(gate: Visitor, path: str) -> None:
    assert gate.get(path).status_code == 401
    assert gate.get(path).json() == {"code": "pass_refused"}
    assert gate.post(CALL, b"{}").status_code == 401


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
        f"{COOKIE}=",
        f"{COOKIE}=a.b",
        f'{COOKIE}="\\342\\230\\203"',
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
