"""The live stream: what arrives, to whom, after a break, and how it ends."""

import html
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, Queue
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import make_url

from konectus.domain.channels import AttachmentKind, AttachmentState, Channel
from konectus.domain.conversations import Author, Delivery, Party
from konectus.domain.suspension import Cause
from konectus.services import suspensions
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.happenings import Happenings, Thing, Words
from tests.backoffice.people import Talk, Told
from tests.support.cluster import ask
from tests.support.factories import STAFF, Factory

PATIENCE = 8.0


@dataclass
class Heard:
    """The events of a stream as they come, read by a thread of its own."""

    events: "Queue[tuple[str, str, str]]" = field(default_factory=Queue)
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self, lines: Iterator[str]) -> None:
        name, data, number = "", [], ""
        for line in lines:
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
            elif line.startswith("id: "):
                number = line[4:]
            elif not line and name:
                self.events.put((name, "\n".join(data), number))
                name, data = "", []
        self.ended.set()

    def next(self, wanted: str) -> tuple[str, str]:
        """Data and id of the next event of this name."""
        while True:
            name, data, number = self.events.get(timeout=PATIENCE)
            if name == wanted:
                return data, number

    def names_until(self, wanted: str) -> list[str]:
        """The names of the next events up to this one."""
        found: list[str] = []
        while wanted not in found:
            found.append(self.events.get(timeout=PATIENCE)[0])
        return found

    def nothing(self, within: float = 0.7) -> bool:
        try:
            self.events.get(timeout=within)
        except Empty:
            return True
        return False


def stream_of(http: httpx.Client, page: str = "/inbox") -> str:
    """The address of the stream that a page opens."""
    return html.unescape(http.get(page).text.partition('hx-sse:connect="')[2].partition('"')[0])


@contextmanager
def listening(http: httpx.Client, address: str = "", **headers: str) -> Iterator[Heard]:
    """A stream from the place where the page was written, as the page's own script opens it."""
    url = address or stream_of(http)
    heard = Heard()
    with http.stream("GET", url, headers={name.replace("_", "-"): text for name, text in headers.items()}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == ": open"
        reader = threading.Thread(target=_quietly, args=[heard, lines], daemon=True)
        reader.start()
        yield heard


def _quietly(heard: Heard, lines: Iterator[str]) -> None:
    try:
        heard.read(lines)
    except (httpx.HTTPError, httpx.StreamError, OSError):
        heard.ended.set()


def turned_to(http: httpx.Client, address: str, told: Told) -> None:
    """The open page shows another conversation, as its script asks for one."""
    tab = parse_qs(urlsplit(address).query)["tab"][0]
    answer = http.get(f"/inbox/c/{told.id}", headers={"HX-Request-Type": "partial", "X-Inbox-Tab": tab})
    assert answer.status_code == 200


def test_a_message_reaches_every_open_inbox_of_its_client_and_no_other(web: Web, make: Factory, talk: Talk) -> None:
    client, other = make.client(), make.client()
    told = talk.begin(client.id)
    agents = [web.agent_of(client.id), web.agent_of(client.id, name="Iván Ríos"), web.agent_of(other.id)]
    with listening(agents[0]) as first, listening(agents[1]) as second, listening(agents[2]) as foreign:
        talk.say(told, "¿Siguen abiertos?")
        for heard in (first, second):
            row, _ = heard.next("row")
            assert "¿Siguen abiertos?" in row
            side, _ = heard.next("side")
            assert 'id="side"' in side
        assert foreign.nothing()


def test_the_thread_is_told_to_the_page_that_shows_it_alone(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    one, other = talk.begin(client.id, "uno"), talk.begin(client.id, "dos", name="Iker Ñandú")
    http = web.agent_of(client.id)
    addresses = [stream_of(http, f"/inbox/c/{one.id}"), stream_of(http)]
    with listening(http, addresses[0]) as showing, listening(http, addresses[1]) as list_alone:
        talk.say(one, "¿Siguen abiertos?")
        assert f'data-in="{one.id}"' in showing.next("node")[0]
        assert showing.next("box")[0] == str(one.id), "a closed box may open"
        assert list_alone.names_until("side") == ["row", "side"]
        turned_to(http, addresses[1], other)
        talk.say(other, "¿Y mañana?")
        assert "¿Y mañana?" in list_alone.next("node")[0]
        assert showing.names_until("side") == ["side"], "the rest of the first"
        assert showing.names_until("side") == ["row", "side"]


def test_another_persons_page_cannot_be_turned(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "uno")
    address = stream_of(http := web.agent_of(client.id))
    with listening(http, address) as heard:
        turned_to(web.agent_of(client.id, name="Iván Ríos"), address, told)
        talk.say(told, "dos")
        assert heard.names_until("side") == ["row", "side"]


def test_a_page_the_process_has_forgotten_loads_again(web: Web, make: Factory) -> None:
    """It was open before, so nobody knows what it shows by now."""
    http = web.agent_of(make.client().id)
    with listening(http, stream_of(http) + "x", last_event_id="00000000-7") as heard:
        assert heard.next("reload")


def test_amendments_and_lines_reach_the_open_thread(web: Web, make: Factory, talk: Talk) -> None:
    told = talk.begin(make.client().id, "uno")
    here = Happenings(talk, told)
    message = here.say(Words(text="Son 2 mesas"))
    http = web.agent_of(told.client_id)
    with listening(http, stream_of(http, f"/inbox/c/{told.id}")) as heard:
        here.react(message, "❤️")
        assert "Son 2 mesas" in heard.next("node")[0]
        happenings: list[tuple[Callable[[], None], str]] = [
            (partial(here.edit, message, "Son 3 mesas"), "Son 3 mesas"),
            (partial(here.react, message, "👍"), "👍"),
            (partial(here.happen, "message_request"), "llegó como solicitud"),
            (partial(here.withdraw, message), "La persona retiró este mensaje"),
        ]
        for happen, said in happenings:
            happen()
            node, _ = heard.next("node")
            assert said in node
            assert "uno" not in node, "what did not change is not told again"
        here.turn_out(unreachable="blocked", unreachable_at=talk.now)
        assert heard.next("box")[0] == str(told.id)


def test_picture_that_is_fetched_takes_the_place_of_its_waiting_card(web: Web, make: Factory, talk: Talk) -> None:
    told = talk.begin(make.client().id, "Te mando la foto")
    here, http = Happenings(talk, told), web.agent_of(told.client_id)
    with listening(http, stream_of(http, f"/inbox/c/{told.id}")) as heard:
        picture = here.say(Words(), Thing(kind=AttachmentKind.IMAGE, source={}, state=AttachmentState.PENDING))
        assert "llegando" in heard.next("node")[0]
        here.arrive(picture)
        node, _ = heard.next("node")
        assert f'id="m-{picture}"' in node
        assert '?size=preview" width="640" height="480"' in node
        assert "llegando" not in node
        here.happen("message_request", {})
        assert "Solicitud</span>" in heard.next("row")[0]
        assert "Solicitudes" in heard.next("side")[0]


def test_any_process_serves_a_page_that_another_one_wrote(web: Web, make: Factory, talk: Talk) -> None:
    """No sticky sessions: the stream tells the list and the thread afresh, and follows where the page turns."""
    client = make.client()
    one, other = talk.begin(client.id, "uno"), talk.begin(client.id, "dos", name="Iker Ñandú")
    second = Web(web.installation, make, web.clock)
    second.start()
    try:
        token = make.user_session(client.id, make.user(client.id))
        here, there = web.browser(agent=token), second.browser(agent=token)
        address = stream_of(here, f"/inbox/c/{one.id}")
        with listening(there, address) as heard:
            rows, _ = heard.next("rows")
            assert f'id="c-{one.id}"' in rows
            assert "uno" in heard.next("node")[0]
            _, last_id = heard.next("side")
            turned_to(here, address, other)
            talk.say(other, "¿Y mañana?")
            assert "¿Y mañana?" in heard.next("node")[0]
        with listening(here, address, last_event_id=last_id) as heard:
            assert "¿Y mañana?" in heard.next("node")[0], "the first process knows where its page is"
    finally:
        second.stop()


def test_a_receipt_sends_the_bubble_it_changed_and_not_the_whole_thread(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "uno")
    http = web.agent_of(client.id)
    with listening(http, stream_of(http, f"/inbox/c/{told.id}")) as heard:
        message_id = Happenings(talk, told).say(Words(text="dos", author=Author.AGENT, status=Delivery.SENT))
        first, _ = heard.next("node")
        assert "uno" in first
        assert "dos" in first
        talk.settle(told, message_id, Delivery.READ)
        changed, _ = heard.next("node")
        assert "dos" in changed
        assert "Leído" in changed
        assert "uno" not in changed


def test_a_conversation_that_leaves_a_view_is_taken_away_there(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola", channel=Channel.TELEGRAM)
    watching, acting = web.agent_of(client.id), web.agent_of(client.id, name="Iván Ríos")
    with listening(watching) as heard:
        acting.post(f"/inbox/c/{told.id}/close")
        gone, _ = heard.next("gone")
        assert gone == str(told.id)
        group = talk.begin(client.id, channel=Channel.TELEGRAM)
        Happenings(talk, group).turn_out(kind=Party.GROUP)
        talk.say(group, "Hola a todos")
        assert heard.next("gone")[0] == str(group.id), "groups stand apart from the people"


def test_what_happened_during_a_break_is_told_afterwards(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id)
    http = web.agent_of(client.id)
    with listening(http) as heard:
        talk.say(told, "antes del corte")
        _, last_id = heard.next("side")
    talk.say(told, "durante el corte")
    with listening(http, "/inbox/stream", last_event_id=last_id) as heard:
        row, _ = heard.next("row")
        assert "durante el corte" in row


def test_what_happens_between_page_and_stream_is_not_missed(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id)
    http = web.agent_of(client.id)
    address = stream_of(http)
    with listening(http, address):
        pass
    talk.say(told, "justo entonces")
    with listening(http, address) as heard:
        row, _ = heard.next("row")
        assert "justo entonces" in row


@pytest.mark.parametrize("place", ["00000000-7", "nonsense", ""])
def test_who_comes_from_a_place_nobody_knows_is_told_everything_shown(web: Web, make: Factory, place: str) -> None:
    http = web.agent_of(make.client().id)
    with listening(http, f"/inbox/stream?since={place}") as heard:
        assert heard.names_until("side") == ["rows", "side"]


def test_a_suspension_says_so_in_the_open_page_and_ends_the_stream(web: Web, make: Factory, talk: Talk) -> None:
    """Promise P13: within five seconds; the trigger's signal makes it at once."""
    client = make.client()
    told = talk.begin(client.id, "Hola")
    http = web.agent_of(client.id)
    form = {"reply_id": "01a1f4f7-2500-7d12-b859-1a55e6752da4", "text": "¿Mande?"}
    with listening(http) as heard:
        with web.installation.works.staff(STAFF) as work:
            suspensions.suspend_by_hand(work, client.id, Cause.AUP, "mensajes no solicitados a desconocidos")
        pause, _ = heard.next("bye")
        assert "El servicio está en pausa mientras revisamos su uso" in pause
        assert heard.ended.wait(PATIENCE)
    refused = http.post(f"/inbox/c/{told.id}/replies", data=form, headers={"HX-Request": "true"})
    assert refused.status_code == 401, "its people are signed out"
    again = web.browser(agent=make.user_session(client.id, make.user(client.id, name="Iván Ríos")))
    page = again.get("/inbox")
    assert page.status_code == 403
    assert "El servicio está en pausa" in page.text
    assert "Hola" not in page.text
    blocked = again.post(f"/inbox/c/{told.id}/replies", data=form, headers={"accept": "application/json"})
    assert (blocked.status_code, blocked.json()["code"]) == (403, "client_suspended")
    account = again.get("/account")
    assert account.status_code == 200
    assert "cláusula 15.1(b) de los Términos" in account.text


def test_a_session_that_ends_elsewhere_closes_its_stream(web: Web, make: Factory) -> None:
    http = web.agent_of(make.client().id)
    with listening(http) as heard:
        http.post("/logout")
        words, _ = heard.next("bye")
        assert "Tu sesión terminó" in words


def test_after_a_lost_database_connection_the_open_inboxes_load_again(
    web: Web, make: Factory, talk: Talk, superuser: Endpoint
) -> None:
    client = make.client()
    told = talk.begin(client.id)
    http = web.agent_of(client.id)
    database = make_url(web.installation.database.conninfo(Role.APP)).database or ""
    with listening(http) as heard:
        mine = "datname = current_database() and query ilike 'listen %'"
        cut = ask(superuser, f"select count(pg_terminate_backend(pid)) from pg_stat_activity where {mine}", database)
        assert cut == (1,)
        assert heard.next("reload")
        talk.say(told, "otra vez en línea")
        row, _ = heard.next("row")
        assert "otra vez en línea" in row


def test_a_stopping_process_ends_its_streams(web: Web, make: Factory) -> None:
    http = web.agent_of(make.client().id)
    with listening(http) as heard:
        web.app.state.hub.end_streams()
        assert heard.ended.wait(PATIENCE)
