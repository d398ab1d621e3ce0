"""The inbox over HTTP: what an agent sees, sends, and cannot send."""

from datetime import timedelta

from konectus.domain.channels import AttachmentKind, Channel
from konectus.domain.conversations import Delivery
from konectus.ids import uuid7
from konectus.services.installation import Installation
from konectus.store.queries import threads
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk, Told
from tests.backoffice.shared import clock, installation, make, talk, web
from tests.support.clock import ManualClock
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "talk", "web"]


def texts(installation: Installation, told: Told) -> list[str]:
    with installation.database.session(Role.APP, told.client_id) as session:
        return [row.text for row in threads.thread_page(session, installation.keys.of(told.client_id), told.id)]


def test_the_list_shows_who_wrote_what_and_how_long_one_may_answer(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client(name="Taller Ñandú")
    told = talk.begin(client.id, "¿Tienen la mesa de parota?", name="José Ángel Núñez Zúñiga")
    page = web.agent_of(client.id).get("/inbox")
    assert page.status_code == 200
    assert "¿Tienen la mesa de parota?" in page.text
    assert "José Ángel Núñez Zúñiga" in page.text
    assert f'id="c-{told.id}"' in page.text
    assert "23 h" in page.text


def test_views_and_filters_show_what_they_say(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola", channel=Channel.TELEGRAM)
    http = web.agent_of(client.id)
    row = f'id="c-{told.id}"'
    assert row in http.get("/inbox?view=unassigned").text
    assert row not in http.get("/inbox?view=mine").text
    assert row in http.get("/inbox?channel=telegram").text
    assert row not in http.get("/inbox?channel=messenger").text
    assert row not in http.get("/inbox?status=closed").text
    assert row in http.get("/inbox?view=nonsense&status=x&channel=y").text


def test_a_long_list_comes_in_pages_without_repeating_a_row(
    web: Web, make: Factory, talk: Talk, clock: ManualClock
) -> None:
    client = make.client()
    expected = set()
    for number in range(60):
        expected.add(str(talk.begin(client.id, f"Hola {number}").id))
        clock.advance(seconds=1)
    http = web.agent_of(client.id)
    first = http.get("/inbox").text
    more = first.partition('id="more" hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    second = http.get(more).text
    seen = [part.partition('"')[0] for page in (first, second) for part in page.split('id="c-')[1:]]
    assert len(seen) == 60
    assert set(seen) == expected
    assert 'id="more"' not in second


def test_a_reply_is_queued_once_however_often_the_click_arrives(
    web: Web, make: Factory, talk: Talk, installation: Installation
) -> None:
    client = make.client()
    told = talk.begin(client.id, "¿Cuánto cuesta?")
    http = web.agent_of(client.id)
    web.clock.advance(seconds=30)
    form = {"reply_id": str(uuid7(talk.now)), "text": "$1,950 con envío"}
    for _ in range(3):
        answer = http.post(f"/inbox/c/{told.id}/replies", data=form, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert f'id="r-{form["reply_id"]}-0"' in answer.text
        assert "En cola" in answer.text
    assert texts(installation, told) == ["¿Cuánto cuesta?", "$1,950 con envío"]


def test_without_a_script_a_reply_leads_back_to_its_thread(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola")
    http = web.agent_of(client.id)
    answer = http.post(f"/inbox/c/{told.id}/replies", data={"reply_id": str(uuid7(talk.now)), "text": "Buenas"})
    assert answer.status_code == 303
    assert "Buenas" in http.get(answer.headers["location"]).text


def test_each_state_of_a_part_is_told_in_words(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola")
    http = web.agent_of(client.id)
    web.clock.advance(seconds=30)
    http.post(f"/inbox/c/{told.id}/replies", data={"reply_id": str(uuid7(talk.now)), "text": "Buenas"})
    with web.installation.database.session(Role.APP, client.id) as session:
        page = threads.thread_page(session, web.installation.keys.of(client.id), told.id)
    for status, failure, words in STATES:
        talk.settle(told, page[-1].id, status, failure)
        assert words in http.get(f"/inbox/c/{told.id}").text, words


STATES = [
    (Delivery.SENDING, None, "Enviando…"),
    (Delivery.SENT, None, "Enviado"),
    (Delivery.DELIVERED, None, "Entregado"),
    (Delivery.READ, None, "Leído"),
    (Delivery.UNKNOWN, None, "Sin confirmar; lo comprobamos. No lo reenvíes."),
    (Delivery.FAILED, "window", "No se envió: la ventana de respuesta está cerrada"),
    (Delivery.FAILED, "something new", "No se envió: el canal no lo aceptó"),
    (Delivery.CANCELLED, "suspended", "Cancelado: el servicio está en pausa; el texto volvió a tu borrador"),
]


def test_the_box_says_what_the_window_allows(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    http = web.agent_of(client.id)
    for channel, silence, expected in (
        (Channel.MESSENGER, timedelta(hours=1), "Ventana abierta · cierra"),
        (Channel.INSTAGRAM, timedelta(days=2), "Solo agente · quedan 5 días"),
        (Channel.INSTAGRAM, timedelta(days=8), "Instagram ya no deja escribirle a Zoë Müller"),
        (Channel.TELEGRAM, timedelta(days=80), "Abierta sin límite de tiempo"),
    ):
        told = talk.begin(client.id, "Hola", channel=channel)
        talk.silence(told, silence)
        page = http.get(f"/inbox/c/{told.id}").text
        assert expected in page
        assert ("<textarea" in page) is (silence < timedelta(days=7) or channel is Channel.TELEGRAM)


def test_a_reply_after_the_window_shut_is_refused_with_the_cause(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola")
    talk.silence(told, timedelta(days=8))
    form = {"reply_id": str(uuid7(talk.now)), "text": "¿Sigue ahí?"}
    answer = web.agent_of(client.id).post(f"/inbox/c/{told.id}/replies", data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert answer.headers["hx-retarget"] == "#notices"
    assert "La ventana de respuesta se cerró" in answer.text


def test_closing_and_reopening_moves_a_conversation_between_the_lists(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Gracias")
    http, row = web.agent_of(client.id), f'id="c-{told.id}"'
    assert http.post(f"/inbox/c/{told.id}/close").status_code == 303
    assert row not in http.get("/inbox").text
    assert row in http.get("/inbox?status=closed").text
    assert http.post(f"/inbox/c/{told.id}/reopen").status_code == 303
    assert row in http.get("/inbox").text


def test_a_conversation_is_given_to_a_colleague_and_to_nobody_else(web: Web, make: Factory, talk: Talk) -> None:
    client, other = make.client(), make.client()
    told = talk.begin(client.id, "Hola")
    colleague, stranger = make.user(client.id, name="Iván Ríos"), make.user(other.id, name="Otra Persona")
    http = web.agent_of(client.id)
    assert http.post(f"/inbox/c/{told.id}/assign", data={"to": str(colleague)}).status_code == 303
    assert "Asignada a Iván Ríos" in http.get("/inbox").text
    assert http.post(f"/inbox/c/{told.id}/assign", data={"to": str(stranger)}).status_code == 404
    assert http.post(f"/inbox/c/{told.id}/assign", data={"to": "x"}).status_code == 404
    assert http.post(f"/inbox/c/{told.id}/assign", data={"to": ""}).status_code == 303
    assert "Asignada a" not in http.get("/inbox").text


def test_opening_a_thread_reads_nothing_and_saying_so_does(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola")
    http = web.agent_of(client.id)
    thread = http.get(f"/inbox/c/{told.id}").text
    assert "1 mensaje nuevo" in thread
    assert "1 sin leer" in http.get("/inbox").text
    assert http.post(f"/inbox/c/{told.id}/read", headers={"HX-Request": "true"}).status_code == 204
    assert "1 sin leer" not in http.get("/inbox").text


def test_a_draft_waits_in_the_box_and_in_the_list_of_its_author_alone(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola")
    mine, other = web.agent_of(client.id), web.agent_of(client.id, name="Iván Ríos")
    mine.post(f"/inbox/c/{told.id}/draft", data={"text": "Déjeme ver"})
    assert "Déjeme ver</textarea>" in mine.get(f"/inbox/c/{told.id}").text
    assert "Borrador: Déjeme ver" in mine.get("/inbox").text
    assert "Déjeme ver" not in other.get(f"/inbox/c/{told.id}").text


def test_a_late_message_stands_in_its_place_and_says_that_it_was_late(
    web: Web, make: Factory, talk: Talk, clock: ManualClock
) -> None:
    client = make.client()
    told = talk.begin(client.id, "primero")
    clock.advance(minutes=20)
    talk.say(told, "tercero")
    talk.say(told, "segundo", at=talk.now - timedelta(minutes=10))
    page = web.agent_of(client.id).get(f"/inbox/c/{told.id}").text
    turns = page.partition('class="turns"')[2]
    assert turns.index("primero") < turns.index("segundo") < turns.index("tercero")
    assert turns.count("llegó tarde") == 1


def test_a_picture_is_shown_and_every_other_file_is_only_handed_over(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = talk.begin(client.id, "Mira")
    picture = talk.send_file(told, b"\x89PNG", name="foto.png", media_type="image/png", kind=AttachmentKind.IMAGE)
    page = talk.send_file(told, b"<script>fired()</script>", name="página.html", media_type="text/html")
    http = web.agent_of(client.id)
    thread = http.get(f"/inbox/c/{told.id}").text
    assert f'<img src="/files/{picture}"' in thread
    assert f'href="/files/{page}"' in thread
    shown, handed = http.get(f"/files/{picture}"), http.get(f"/files/{page}")
    assert (shown.content, shown.headers["content-type"]) == (b"\x89PNG", "image/png")
    assert handed.headers["content-type"] == "application/octet-stream"
    assert handed.headers["content-disposition"].startswith("attachment; filename*=UTF-8''p%C3%A1gina.html")
    assert "sandbox" in handed.headers["content-security-policy"]


def test_another_clients_things_answer_like_things_that_are_not_there(web: Web, make: Factory, talk: Talk) -> None:
    client, other = make.client(), make.client()
    foreign = talk.begin(other.id, "Secreto")
    file_id = talk.send_file(foreign, b"x", name="a.png", media_type="image/png")
    http = web.agent_of(client.id)
    absent = uuid7(talk.now)
    for path in ("/inbox/c/{}", "/inbox/c/{}/composer", "/inbox/c/{}/earlier?before=20261119T180000.000000_{}"):
        answers = [http.get(path.format(one, one)) for one in (foreign.id, absent)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    for action in ("replies", "draft", "read", "assign", "close", "reopen"):
        form = {"reply_id": str(absent), "text": "hola", "to": ""}
        answers = [http.post(f"/inbox/c/{one}/{action}", data=form) for one in (foreign.id, absent)]
        assert answers[0].content == answers[1].content
        assert {answer.status_code for answer in answers} <= {404, 303}
    assert http.get(f"/files/{file_id}").content == http.get(f"/files/{absent}").content
    assert "Secreto" not in http.get("/inbox").text
    assert texts(web.installation, foreign) == ["Secreto", ""]


def parts_of(web: Web, told: Told) -> list[threads.MessageRow]:
    with web.installation.database.session(Role.APP, told.client_id) as session:
        page = threads.thread_page(session, web.installation.keys.of(told.client_id), told.id)
    return [row for row in page if row.reply_id is not None]


def test_text_and_files_leave_as_parts_that_each_can_be_stopped_and_sent_again(
    web: Web, make: Factory, talk: Talk
) -> None:
    told = talk.begin(make.client().id, "Hola")
    http = web.agent_of(told.client_id)
    web.clock.advance(seconds=30)
    reply_id, files = str(uuid7(talk.now)), [("files", ("../á<b>.pdf", b"%PDF-1.7 hola", "text/html"))]
    form = {"reply_id": reply_id, "text": "palabra " * 300}
    answer = http.post(f"/inbox/c/{told.id}/replies", data=form, files=files, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert [f'id="r-{reply_id}-{part}"' in answer.text for part in range(4)] == [True, True, True, False]
    assert "á&lt;b&gt;.pdf" in answer.text
    assert "parte 2 de 3" in answer.text
    first, second, file = parts_of(web, told)
    assert http.post(f"/inbox/c/{told.id}/parts/{first.id}/cancel").status_code == 303
    page = http.get(f"/inbox/c/{told.id}").text
    assert "Cancelado: lo detuviste" in page
    assert "palabra palabra" in page.partition("<textarea")[2].partition("</textarea>")[0], "back in the draft"
    talk.settle(told, second.id, Delivery.FAILED, "refused")
    talk.settle(told, file.id, Delivery.UNKNOWN, "unconfirmed")
    page = http.get(f"/inbox/c/{told.id}").text
    assert f"/parts/{second.id}/retry" in page
    assert "Si sí había llegado, lo leerá dos veces." in page
    assert http.post(f"/inbox/c/{told.id}/parts/{second.id}/retry").status_code == 303
    assert http.post(f"/inbox/c/{told.id}/parts/{file.id}/decide", data={"outcome": "arrived"}).status_code == 303
    page = http.get(f"/inbox/c/{told.id}").text
    assert "No se envió; se envió otra vez abajo" in page
    assert {row.id: row.status for row in parts_of(web, told)}[file.id] is Delivery.SENT


REFUSED = [
    ({"text": " "}, None, "No hay nada que enviar"),
    ({"text": "x" * 50_000}, None, "El texto es demasiado largo para este canal"),
    ({"text": ""}, ("a.pdf", b"", "application/pdf"), "Uno de los archivos está vacío"),
    ({"text": ""}, ("a.exe", b"MZ", "application/pdf"), "El canal no acepta este tipo de archivo"),
    ({"text": "hola", "reply_id": "x"}, None, "Algo no cuadra"),
]


def test_what_cannot_be_sent_is_refused_in_words(web: Web, make: Factory, talk: Talk) -> None:
    told = talk.begin(make.client().id, "Hola", channel=Channel.INSTAGRAM)
    http = web.agent_of(told.client_id)
    for form, file, said in REFUSED:
        given = {"reply_id": str(uuid7(talk.now))} | form
        files = [("files", file)] if file else []
        answer = http.post(f"/inbox/c/{told.id}/replies", data=given, files=files, headers={"HX-Request": "true"})
        assert answer.status_code == 422
        assert said in answer.text
    assert parts_of(web, told) == []
