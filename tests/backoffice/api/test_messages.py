"""A Client's program takes its messages along: complete, page by page or in one stream, its own and nobody else's."""

import json
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from backoffice.api import routes
from backoffice.api.callers import Caller
from konectus.domain.channels import AttachmentKind, Channel
from konectus.domain.suspension import Cause
from konectus.files import sealed
from konectus.files.opening import open_files
from konectus.services import credentials, suspensions
from konectus.services.installation import Installation
from konectus.services.work import SYSTEM
from konectus.store.queries import threads
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.support.desk import Desk
from tests.support.factories import STAFF, Factory
from tests.support.horizon import wait_for_open_transactions


@dataclass(frozen=True)
class Program:
    """What a Client's program sees."""

    http: httpx.Client
    token: str
    installation: Installation

    def get(self, path: str, *, accept: str = "application/json") -> "Answer":
        wait_for_open_transactions(self.installation)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept}
        found = self.http.get(f"/api/v1{path}", headers=headers)
        return Answer(found.status_code, found.content, dict(found.headers))


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def told(self) -> dict[str, list[dict[str, object]]]:
        found: dict[str, list[dict[str, object]]] = json.loads(self.body)
        return found

    @property
    def texts(self) -> list[object]:
        return [message["text"] for message in self.told["messages"]]


@pytest.fixture
def http(web: Web) -> httpx.Client:
    return web.browser()


@pytest.fixture
def desk(installation: Installation, make: Factory) -> Desk:
    return Desk.of(installation, make)


def program(installation: Installation, http: httpx.Client, client_id: UUID) -> Program:
    with installation.works.system(SYSTEM) as work:
        return Program(http, credentials.add_api_token(work, client_id, "Respaldo"), installation)


@pytest.fixture
def ours(installation: Installation, http: httpx.Client, desk: Desk) -> Program:
    return program(installation, http, desk.client_id)


def test_message_has_what_the_contract_promises(ours: Program, desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    sent = desk.outside(thread, "m_77", "¿A qué hora abren? 🌮\u202e<script>")
    told = ours.get("/messages").told["messages"]
    assert [message["id"] for message in told] == [str(sent)]
    assert told[0] | {"text": "¿A qué hora abren? 🌮\u202e<script>", "external_id": "m_77"} == told[0]
    promised = {"id", "direction", "kind", "text", "attachments", "external_id", "occurred_at", "status", "reply_to"}
    assert promised | {"edited_at", "deleted_at", "reactions"} <= told[0].keys()


def test_messages_come_page_by_page_and_none_is_missing(ours: Program, desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    for number in range(7):
        desk.outside(thread, f"m{number}", f"mensaje {number}")
        desk.wait(seconds=1)
    seen, path = [], "/messages?limit=3"
    for _ in range(4):
        answer = ours.get(path)
        seen += answer.texts
        following = answer.told["next"]
        assert (following is None) == ("link" not in answer.headers)
        if following is None:
            break
        path = f"/messages?limit=3&after={following}"
    assert seen == [f"mensaje {number}" for number in range(7)]


def test_link_header_leads_through_all_pages(ours: Program, desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    for number in range(3):
        desk.outside(thread, f"m{number}", str(number))
        desk.wait(seconds=1)
    first = ours.get("/messages?limit=2")
    following = first.headers["link"].removeprefix("</api/v1").partition(">")[0]
    assert ours.get(following).texts == ["2"]


def test_stream_has_one_message_a_line(ours: Program, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_STREAM_PAGE", 2)  # several pages without a thousand rows
    thread = desk.conversation(desk.connector())
    for number in range(5):
        desk.outside(thread, f"m{number}", f"línea {number}\notra")
        desk.wait(seconds=1)
    answer = ours.get("/messages", accept="application/x-ndjson")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line)["text"] for line in answer.body.decode().splitlines()]
    assert lines == [f"línea {number}\notra" for number in range(5)]


def test_stream_under_way_ends_with_the_reason_when_the_export_is_blocked(
    ours: Program, desk: Desk, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_STREAM_PAGE", 2)
    thread = desk.conversation(desk.connector())
    for number in range(3):
        desk.outside(thread, f"m{number}", f"línea {number}")
        desk.wait(seconds=1)
    wait_for_open_transactions(installation)
    lines = routes.lines(Caller(installation, desk.client_id), None, None)
    before = [json.loads(next(lines))["text"] for _ in range(2)]
    with installation.works.staff(STAFF) as work:
        suspensions.open_cause(work, desk.client_id, Cause.LEGAL_ORDER, "Juzgado cuarto, oficio 18/2026")
    assert before == ["línea 0", "línea 1"]
    assert [json.loads(line) for line in lines] == [{"error": "client_suspended"}]


def test_messages_of_one_connector_alone(ours: Program, desk: Desk) -> None:
    page, bot = desk.connector(), desk.connector(Channel.TELEGRAM)
    desk.outside(desk.conversation(page), "m1", "por Messenger")
    desk.outside(desk.conversation(bot, Channel.TELEGRAM), "m1", "por Telegram")
    assert ours.get(f"/messages?connector={bot}").texts == ["por Telegram"]


def test_conversation_goes_back_page_by_page(ours: Program, desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    for number in range(threads.PAGE + 2):
        desk.outside(thread, f"m{number}", str(number))
        desk.wait(seconds=1)
    newest = ours.get(f"/conversations/{thread}/messages")
    assert newest.texts == [str(number) for number in range(2, threads.PAGE + 2)]
    earlier = ours.get(f"/conversations/{thread}/messages?before={newest.told['next']}")
    assert earlier.texts == ["0", "1"]
    assert earlier.told["next"] is None
    few = ours.get(f"/conversations/{thread}/messages?limit=2")
    assert few.texts == [str(number) for number in range(threads.PAGE, threads.PAGE + 2)]
    following = few.headers["link"].removeprefix("</api/v1").partition(">")[0]
    assert ours.get(following).texts == [str(number) for number in range(threads.PAGE - 2, threads.PAGE)]
    assert ours.get(f"/conversations/{thread}/messages?limit=501").status == 422


def test_answer_names_the_message_it_answers(ours: Program, desk: Desk, installation: Installation) -> None:
    thread = desk.conversation(desk.connector())
    asked = desk.outside(thread, "m_asked", "¿Tienen estacionamiento?")
    answer = desk.outside(thread, "m_answer", "Sí")
    key = installation.keys.of(desk.client_id).key_of("message", "m_asked")
    desk.sql("update tenant.message set reply_to_key = :key where id = :id", key=key, id=answer)
    told = {message["id"]: message["reply_to"] for message in ours.get("/messages").told["messages"]}
    assert told == {str(asked): None, str(answer): str(asked)}


def test_stored_file_is_downloaded_with_the_same_token(
    ours: Program, desk: Desk, installation: Installation, http: httpx.Client, make: Factory
) -> None:
    file_id = desk.attachment(desk.conversation(desk.connector()), AttachmentKind.FILE, url="https://x.example/a.pdf")
    assert ours.get("/messages").told["messages"][0]["attachments"][0]["url"] is None  # type: ignore[index]  # JSON
    keys = installation.keys.of(desk.client_id)
    sealed.write(open_files(installation.settings.data_dir), keys, file_id, b"%PDF-1.7 hola")
    desk.sql("update tenant.attachment set state = 'stored', media_type = 'text/html' where id = :id", id=file_id)
    attachment = ours.get("/messages").told["messages"][0]["attachments"][0]  # type: ignore[index]  # JSON
    answer = ours.get(attachment["url"].partition("/api/v1")[2])
    assert answer.body == b"%PDF-1.7 hola"
    sealed.delete(open_files(installation.settings.data_dir), desk.client_id, file_id)
    gone, never = ours.get(f"/files/{file_id}"), ours.get(f"/files/{UUID(int=5)}")
    assert (gone.status, gone.body) == (404, never.body)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert program(installation, http, make.client().id).get(f"/files/{file_id}").status == 404


def test_another_clients_conversation_is_as_absent_as_one_that_never_was(
    ours: Program, installation: Installation, http: httpx.Client, make: Factory
) -> None:
    other = Desk.of(installation, make)
    thread = other.conversation(other.connector())
    other.outside(thread, "m1", "secreto")
    theirs = ours.get(f"/conversations/{thread}/messages")
    nothing = ours.get(f"/conversations/{UUID(int=5)}/messages")
    assert (theirs.status, theirs.body) == (404, nothing.body)
    assert ours.get("/messages").texts == []
    assert program(installation, http, other.client_id).get("/messages").texts == ["secreto"]


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer kx_unknown", "Bearer"])
def test_without_a_valid_token_there_is_a_problem_document(http: httpx.Client, header: str | None) -> None:
    answer = http.get("/api/v1/messages", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401


def test_revoked_token_opens_nothing(ours: Program, desk: Desk, installation: Installation) -> None:
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("update ledger.api_token set revoked_at = :now"), {"now": installation.clock.now()})
    assert ours.get("/messages").status == 401


@pytest.mark.parametrize("path", ["/messages?limit=0", "/messages?after=x", "/messages?limit=501"])
def test_wrong_parameters_are_refused_without_an_echo(ours: Program, path: str) -> None:
    answer = ours.get(path)
    assert answer.status == 422
    assert b"501" not in answer.body


def test_made_up_cursor_is_refused(ours: Program, desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    for made_up in ("x", "!!!", "MjAyNi0xMS0xOXx4", "ñ"):
        assert ours.get(f"/conversations/{thread}/messages?before={made_up}").status == 422


def test_suspended_client_still_takes_its_messages_along(ours: Program, desk: Desk, installation: Installation) -> None:
    thread = desk.conversation(desk.connector())
    desk.outside(thread, "m1", "sigue siendo suyo")
    with installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, desk.client_id, Cause.AUP, "Envíos masivos reportados")
    assert ours.get("/messages").texts == ["sigue siendo suyo"]
    answer = ours.get(f"/conversations/{thread}/messages")
    assert (answer.status, json.loads(answer.body)["code"]) == (403, "client_suspended")
