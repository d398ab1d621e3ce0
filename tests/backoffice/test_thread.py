"""A thread shows what the channels say of a message besides its words: each thing in its words, and nothing loaded."""

from datetime import timedelta

import pytest

from konectus.domain.channels import AttachmentKind, AttachmentState, Channel
from konectus.domain.conversations import Author, Delivery, Direction, Party
from tests.backoffice.conftest import Web
from tests.backoffice.happenings import Happenings, Thing, Words
from tests.backoffice.people import Talk
from tests.backoffice.shared import clock, installation, make, talk, web
from tests.support.factories import Factory

__all__ = ["clock", "installation", "make", "talk", "web"]

CDN = "https://cdn.example.test/"


@pytest.fixture
def here(make: Factory, talk: Talk) -> Happenings:
    return Happenings(talk, talk.begin(make.client(name="Taller Ñandú").id, channel=Channel.INSTAGRAM))


def page_of(web: Web, here: Happenings, path: str = "") -> str:
    return web.agent_of(here.told.client_id).get(f"/inbox/c/{here.told.id}{path}").text


def turns_of(page: str) -> str:
    return page.partition('class="turns"')[2].partition('id="composer"')[0]


def test_edit_shows_the_last_text_and_keeps_the_earlier_ones_to_be_opened(web: Web, here: Happenings) -> None:
    message = here.say(Words(text="Son 2 mesas"))
    here.edit(message, "Son 3 mesas")
    here.edit(message, "Son 4 mesas")
    turns = turns_of(page_of(web, here))
    shown, _, history = turns.partition('<details class="edits">')
    assert "Son 4 mesas" in shown
    assert "Son 3 mesas" not in shown
    assert history.index("Son 2 mesas") < history.index("Son 3 mesas")
    assert ">Editado</summary>" in history


def test_withdrawn_message_leaves_its_place_and_no_word(web: Web, here: Happenings) -> None:
    message = here.say(Words(text="Mi tarjeta es 4000"), Thing(kind=AttachmentKind.IMAGE, source={"url": CDN}))
    here.withdraw(message)
    page = page_of(web, here)
    assert "La persona retiró este mensaje" in turns_of(page)
    assert "tarjeta" not in page
    assert CDN not in page
    assert "Mensaje retirado" in page, "in the list too"


def test_reactions_stand_under_their_message_with_who_and_what(web: Web, here: Happenings) -> None:
    message = here.say(Words(text="¿Les gustó?"))
    here.react(message, "love")
    here.react(message, "👍", Direction.OUT)
    turns = turns_of(page_of(web, here))
    assert 'aria-label="Zoë Müller reaccionó con ❤️"' in turns
    assert 'aria-label="Reaccionaste con 👍"' in turns


def test_answer_quotes_its_message_and_leads_to_it(web: Web, here: Happenings) -> None:
    asked = here.say(Words(text="¿De qué color?", author=Author.OWNER, status=Delivery.SENT))
    here.say(Words(text="Verde", answers=asked))
    here.say(Words(text="Eso no", facts={"quote": "lo de ayer"}))
    turns = turns_of(page_of(web, here))
    quote = turns.partition(f'data-jump="{asked}"')[2]
    assert f"/inbox/c/{here.told.id}?at={asked}" in turns
    assert "¿De qué color?" in quote.partition("</a>")[0]
    assert "lo de ayer" in quote


def test_story_is_a_link_while_it_lives_and_words_afterwards(web: Web, here: Happenings) -> None:
    old = here.talk.now - timedelta(hours=25)
    here.say(Words(text="¡Qué bonita!", facts={"story": {"id": "1", "url": f"{CDN}nueva"}}))
    here.say(Words(at=old), Thing(kind=AttachmentKind.STORY, source={"type": "story_mention", "url": f"{CDN}vieja"}))
    turns = turns_of(page_of(web, here))
    assert f'href="{CDN}nueva" target="_blank" rel="noopener noreferrer nofollow"' in turns
    assert "Respondió a tu historia" in turns
    assert "Te mencionó en su historia" in turns
    assert "ya no está disponible" in turns
    assert f"{CDN}vieja" not in turns
    assert f'src="{CDN}' not in turns, "nothing of others is loaded"


CAME_WITH = [
    (
        Words(text="Hola", facts={"referral": {"source": "ADS", "ads_context_data": {"ad_title": "Mesas -20%"}}}),
        "Llegó desde un anuncio</b> · <bdi>Mesas -20%",
    ),
    (Words(text="Hola", facts={"referral": {"source": "SHORTLINK", "ref": "tarjeta"}}), "referencia tarjeta"),
    (Words(text="Ver catálogo", kind="postback", facts={"payload": "CAT"}), "Tocó un botón"),
    (Words(text="Sí", facts={"payload": "YES"}), "Eligió una respuesta rápida"),
    (Words(text="Miren", facts={"forwarded": True}), "Reenviado"),
    (Words(kind="unsupported"), "Esto no se puede mostrar aquí. Abre la conversación en Instagram para verlo."),
    (Words(text="Va", author=Author.OWNER, status=Delivery.SENT), "A mano, en Instagram"),
    (Words(text="Va", author=Author.PROGRAM, status=Delivery.SENT), "Por otra aplicación"),
    (Words(text="Hola a todos", facts={"sender": {"id": "7", "name": "Íñigo Ávalos"}}), "<bdi>Íñigo Ávalos</bdi>"),
    (Words(text="x", facts={"story": "<b>", "referral": ["<b>"], "quote": {"a": 1}, "sender": 5}), ">x</span>"),
]
THINGS = [
    (Thing(kind=AttachmentKind.SHARE, source={"type": "ig_reel", "title": "Barniz", "url": f"{CDN}r"}), "Barniz"),
    (
        Thing(kind=AttachmentKind.LOCATION, source={"title": "Taller", "facts": {"lat": 19.4, "long": -99.1}}),
        "openstreetmap.org/?mlat=19.4&amp;mlon=-99.1",
    ),
    (
        Thing(kind=AttachmentKind.CONTACT, source={"facts": {"first_name": "Zoë", "phone_number": "777"}}),
        "<bdi>777</bdi>",
    ),
    (
        Thing(
            kind=AttachmentKind.UNKNOWN,
            source={"type": "poll", "title": "¿Color?", "facts": {"options": [{"text": "Verde"}]}},
        ),
        "○ Verde",
    ),
    (
        Thing(kind=AttachmentKind.IMAGE, source={}, state=AttachmentState.PENDING),
        "llegando",
    ),
    (
        Thing(kind=AttachmentKind.VIDEO, source={}, state=AttachmentState.FAILED, failure="too_large"),
        "demasiado grande para guardarlo",
    ),
    (
        Thing(kind=AttachmentKind.IMAGE, source={}, state=AttachmentState.FAILED, failure="unreachable"),
        "Traer otra vez",
    ),
    (Thing(kind=AttachmentKind.AUDIO, source={}, content=b"ogg", media_type="audio/ogg"), "<audio controls"),
    (Thing(kind=AttachmentKind.VIDEO, source={}, content=b"mp4", media_type="video/mp4"), "<video controls"),
    (Thing(kind=AttachmentKind.STICKER, source={}, content=b"webp", media_type="image/webp"), 'class="sticker"'),
    (Thing(kind=AttachmentKind.SHARE, source={"url": "javascript:alert(1)", "title": "x"}), "<bdi>x</bdi>"),
    (Thing(kind=AttachmentKind.SHARE, source={"url": "//evil.test/", "title": "y"}), "<bdi>y</bdi>"),
]


def test_what_a_message_came_with_is_told_in_words(web: Web, here: Happenings) -> None:
    told = [(here.say(words), said) for words, said in CAME_WITH]
    turns = turns_of(page_of(web, here))
    for message, said in told:
        assert said in turns.partition(f'data-message="{message}"')[2].partition("</article>")[0], said
    assert "<b>x" not in turns


def test_every_kind_of_thing_is_shown_or_says_why_not(web: Web, here: Happenings) -> None:
    told = [(here.say(Words(), thing), said) for thing, said in THINGS]
    turns = turns_of(page_of(web, here))
    for message, said in told:
        assert said in turns.partition(f'data-message="{message}"')[2].partition("</article>")[0], said
    assert "javascript:" not in turns
    assert "evil.test" not in turns


def test_album_is_one_block_with_its_caption(web: Web, here: Happenings) -> None:
    def part(text: str = "") -> None:
        photo = Thing(kind=AttachmentKind.IMAGE, source={}, content=b"x", media_type="image/png", name="foto.png")
        here.say(Words(text=text, facts={"album": "99"}), photo)

    part("Así está el comedor")
    part()
    part()
    here.say(Words(text="¿Cómo ven?"))
    turns = turns_of(page_of(web, here))
    assert turns.count("<article") == 2
    assert turns.count('<img src="/files/') == 3
    assert "álbum de 3" in turns


def test_what_is_no_message_is_a_line_in_its_place(web: Web, here: Happenings) -> None:
    here.say(Words(text="primero"))
    here.happen("handover", {"handover": {"change": "pass"}})
    here.happen("policy", {"policy": {"action": "warning", "reason": "spam <b>"}})
    here.happen("bot_membership", {"chat_type": "private", "status": "kicked"})
    here.happen("order", {"order": {"products": [{"name": "Mesa", "quantity": 2}], "note": "urge"}})
    here.happen("message_request", {})
    here.happen("something_new", {"a": [1]})
    here.say(Words(text="último"))
    turns = turns_of(page_of(web, here))
    told = [
        "primero",
        "La conversación pasó a otra aplicación",
        "Instagram advierte a la cuenta sobre sus reglas: spam &lt;b&gt;",
        "Bloqueó la cuenta",
        "Hizo un pedido: 2 × Mesa · urge",
        "Su mensaje llegó como solicitud",
        "Instagram avisa: something_new",
        "último",
    ]
    places = [turns.index(words) for words in told]
    assert places == sorted(places)


def test_group_stands_apart_from_the_people(web: Web, here: Happenings) -> None:
    here.say(Words(text="Hola a todos"))
    here.turn_out(kind=Party.GROUP)
    http = web.agent_of(here.told.client_id)
    row = f'id="c-{here.told.id}"'
    people, groups = http.get("/inbox").text, http.get("/inbox?kind=groups").text
    assert row not in people
    assert "Grupos y canales" in people
    assert row in groups
    assert "Grupo</span>" in groups
    assert "Todo el grupo lee lo que envíes." in http.get(f"/inbox/c/{here.told.id}?kind=groups").text


def test_request_has_a_list_of_its_own_until_it_is_answered(web: Web, here: Happenings) -> None:
    here.say(Words(text="Hola, ¿hacen envíos?"))
    http, row = web.agent_of(here.told.client_id), f'id="c-{here.told.id}"'
    assert "Solicitudes" not in http.get("/inbox").text
    here.happen("message_request", {})
    everybody, requests = http.get("/inbox").text, http.get("/inbox?kind=requests").text
    assert "Solicitudes" in everybody
    assert row in requests
    assert all("Solicitud</span>" in page.partition(row)[2].partition("</a>")[0] for page in (everybody, requests))
    assert row not in http.get("/inbox?kind=requests&channel=telegram").text
    assert row not in http.get("/inbox?kind=requests&status=closed").text
    web.clock.advance(days=31)
    assert row not in http.get("/inbox?kind=requests").text, "the channel keeps a request for thirty days"
    web.clock.advance(days=-31)
    here.talk.settle(here.told, here.say(Words(text="Sí", author=Author.AGENT)), Delivery.FAILED, "refused")
    assert row in http.get("/inbox?kind=requests").text, "what did not arrive accepted nothing"
    here.say(Words(text="Sí, a todo México", author=Author.AGENT, status=Delivery.SENT))
    answered = http.get("/inbox?kind=requests").text
    assert row not in answered
    assert "Solicitud</span>" not in http.get("/inbox").text


def test_who_blocked_us_closes_the_box_and_says_why(web: Web, here: Happenings) -> None:
    here.say(Words(text="adiós"))
    here.turn_out(unreachable="blocked", unreachable_at=here.talk.now)
    page = page_of(web, here)
    assert "<bdi>Zoë Müller bloqueó la cuenta en Instagram</bdi>" in page
    assert "<textarea" not in page
    assert "Nos bloqueó</span>" in page


def test_another_application_that_leads_is_told_over_the_box(web: Web, here: Happenings) -> None:
    here.say(Words(text="hola"))
    here.turn_out(owner_app="263902037430900", owner_at=here.talk.now)
    assert "Otra aplicación lleva esta conversación" in page_of(web, here)


def test_window_tells_what_opened_it_and_the_exact_instant(web: Web, here: Happenings) -> None:
    here.turn_out(window_opened_by="story_mention", window_opened_at=here.talk.now)
    page = page_of(web, here)
    assert "La abrió su mención en una historia" in page
    assert "Pasadas 24 h solo un agente, hasta el" in page


def test_message_is_opened_in_its_place_with_what_stands_around_it(web: Web, here: Happenings) -> None:
    said = []
    for number in range(120):
        here.talk.clock.advance(seconds=1)
        said.append(here.say(Words(text=f"mensaje {number}")))
    page = page_of(web, here, f"?at={said[20]}")
    assert f'data-sought="{said[20]}"' in page
    assert "mensaje 20<" in page
    assert "mensaje 45<" in page
    assert "mensaje 46<" not in page
    assert 'id="later"' in page
    more = page.partition('id="later" hx-get="')[2].partition('"')[0]
    later = web.agent_of(here.told.client_id).get(more).text
    assert "mensaje 46<" in later
    assert 'id="earlier"' not in later
    absent = page_of(web, here, "?at=01a1f4f7-2500-7d12-b859-1a55e6752da4")
    assert "mensaje 119<" in absent, "a message that is not here opens the end"
