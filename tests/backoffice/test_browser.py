"""The inbox in a real Chromium: live arrival, sending, hostile texts, suspension, accessibility."""

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Route, expect

from backoffice import pages
from konectus.domain.channels import TEXT_LIMIT, AttachmentKind, AttachmentState, Channel
from konectus.domain.conversations import Author, Delivery
from konectus.domain.splitting import split_text
from konectus.domain.suspension import Cause
from konectus.services import suspensions
from konectus.services.composing import MOST_TEXTS
from konectus.store.queries import threads
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.happenings import Happenings, Thing, Words
from tests.backoffice.people import Talk, Told
from tests.backoffice.sitting import sit_down
from tests.konectus.domain.test_splitting import PIECES
from tests.support.barriers import barriers
from tests.support.factories import STAFF, Factory

pytestmark = pytest.mark.browser
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# A picture pasted into the box, or dragged over the thread and let go there.
HANDED_OVER = """(way) => {
  const data = new DataTransfer();
  data.items.add(new File(['x'], `${way}.png`, { type: 'image/png' }));
  const told = { clipboardData: data, dataTransfer: data, bubbles: true, cancelable: true };
  const [where, Kind, names] = way === 'paste' ?
    ['#text', ClipboardEvent, [way]] : ['.turns', DragEvent, ['dragover', way]];
  for (const name of names) document.querySelector(where).dispatchEvent(new Kind(name, told));
}"""
HOSTILE = json.loads((Path(__file__).parents[1] / "corpus/hostile.json").read_text(encoding="utf-8"))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(locale="es-MX", viewport={"width": 1440, "height": 900})
    found.set_default_timeout(10_000)
    yield found
    found.close()


def last_message(web: Web, told: Told) -> UUID:
    with web.installation.database.session(Role.APP, told.client_id) as session:
        return threads.thread_page(session, web.installation.keys.of(told.client_id), told.id)[-1].id


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_signing_in_works_on_loopback_with_a_secure_host_cookie(
    web: Web, context: BrowserContext, make: Factory, host: str
) -> None:
    """`__Host-` wants Secure; Chromium grants it to loopback over plain http, by name and by number."""
    settings = web.installation.settings.model_copy(update={"environment": "demo"})
    demo = Web(replace(web.installation, settings=settings), make, web.clock)
    demo.start()
    try:
        make.user(make.client(name="Taller Ñandú").id, name="Mariana Ortúzar")
        page = context.new_page()
        page.goto(demo.url.replace("127.0.0.1", host) + "/inbox?view=mine")
        page.get_by_role("button", name="Entrar como Mariana Ortúzar").click()
        expect(page.get_by_role("heading", name="Bandeja de Taller Ñandú")).to_be_attached()
        assert page.url.endswith("/inbox?view=mine")
        page.get_by_role("button", name="Salir").click()
        expect(page.get_by_role("heading", name="Entra a tu bandeja")).to_be_visible()
    finally:
        page.close()
        demo.stop()


def test_a_message_appears_in_the_open_inbox_without_a_reload(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client(name="Taller Ñandú")
    told = talk.begin(client.id, "Hola", name="Íñigo Ávalos")
    sat = sit_down(web, context, client.id)
    row = sat.page.locator(f"#c-{told.id}")
    row.click()
    log = sat.page.get_by_role("log")
    expect(log).to_contain_text("Hola")
    expect(row).to_have_attribute("aria-current", "true")
    expect(row).not_to_have_class("conv unread")
    sat.page.evaluate("document.body.dataset.kept = 'yes'")
    talk.say(told, "¿Siguen abiertos?")
    expect(log).to_contain_text("¿Siguen abiertos?")
    other = talk.begin(client.id, "Buenas, ¿hacen factura?", name="Zoë Müller", channel=Channel.TELEGRAM)
    talk.say(other, "Es para hoy")
    expect(sat.page.locator("#rows .conv").first).to_contain_text("Es para hoy")
    expect(sat.page.locator(f"#c-{other.id} .count")).to_contain_text("2")
    assert sat.page.evaluate("document.body.dataset.kept") == "yes"
    assert sat.complaints == []


def test_a_reply_shows_at_once_and_then_each_state_it_reaches(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    told = talk.begin(client.id, "¿Cuánto cuesta?")
    sat = sit_down(web, context, client.id, f"/inbox/c/{told.id}")
    web.clock.advance(seconds=5)
    box = sat.page.get_by_label("Respuesta", exact=True)
    box.fill("$1,950 con envío")
    box.press("Enter")
    bubbles = sat.page.locator(".msg.out")
    expect(bubbles).to_have_count(1)
    expect(bubbles).to_contain_text("En cola")
    expect(box).to_have_value("")
    for status, words in (
        (Delivery.SENDING, "Enviando…"),
        (Delivery.SENT, "Enviado"),
        (Delivery.DELIVERED, "Entregado"),
        (Delivery.READ, "Leído"),
    ):
        talk.settle(told, last_message(web, told), status)
        expect(bubbles).to_contain_text(words)
    expect(bubbles).to_have_count(1)
    assert sat.complaints == []


def test_late_answer_to_a_reply_does_not_undo_a_newer_state(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    """The stream may tell that a part left before the answer to its own POST is read: "Enviando…" stayed for ever."""
    client = make.client()
    told = talk.begin(client.id, "¿Cuánto cuesta?")
    sat = sit_down(web, context, client.id, f"/inbox/c/{told.id}")
    bubbles = sat.page.locator(".msg.out")

    def answer_late(route: Route) -> None:
        answer = route.fetch()
        talk.settle(told, last_message(web, told), Delivery.SENT)
        expect(bubbles).to_contain_text("Enviado")
        route.fulfill(response=answer)

    sat.page.route("**/replies*", answer_late)
    web.clock.advance(seconds=5)
    box = sat.page.get_by_label("Respuesta", exact=True)
    box.fill("$1,950 con envío")
    with sat.page.expect_response("**/replies*"):
        box.press("Enter")
    sat.page.wait_for_timeout(300)  # the page has read the answer by then
    expect(bubbles).to_have_count(1)
    expect(bubbles).to_contain_text("Enviado")


def test_message_that_comes_while_its_thread_is_being_opened_is_not_lost(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    told = talk.begin(client.id, "¿Cuánto cuesta?")
    sat = sit_down(web, context, client.id)

    def answer_late(route: Route) -> None:
        answer = route.fetch()
        web.clock.advance(seconds=5)
        with sat.page.expect_event("console", lambda said: said.text == "heard"):
            talk.say(told, "¿Y el envío?")
        route.fulfill(response=answer)

    sat.page.evaluate("document.addEventListener('node', () => console.log('heard'))")
    sat.page.route(f"**/inbox/c/{told.id}*", answer_late)
    sat.page.locator(".conv").click()
    expect(sat.page.locator(".msg.in")).to_have_count(2)
    expect(sat.page.locator(".msg.in").last).to_contain_text("¿Y el envío?")


def test_what_is_written_without_a_network_leaves_once_when_it_is_back(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    told = talk.begin(client.id, "¿Ya salió?")
    sat = sit_down(web, context, client.id, f"/inbox/c/{told.id}")
    expect(sat.page.locator(".limit")).to_have_text("0 / 2000")
    web.clock.advance(seconds=5)
    context.set_offline(offline=True)
    expect(sat.page.locator("#offline")).to_contain_text("Sin conexión")
    box = sat.page.get_by_label("Respuesta", exact=True)
    box.fill("Va saliendo su pedido")
    box.press("Enter")
    expect(sat.page.locator(".msg.out")).to_contain_text("Espera la conexión")
    context.set_offline(offline=False)
    expect(sat.page.locator(".msg.out")).to_contain_text("En cola")
    expect(sat.page.locator("#offline")).to_have_count(0)
    with web.installation.database.session(Role.APP, client.id) as session:
        page = threads.thread_page(session, web.installation.keys.of(client.id), told.id)
    assert [message.text for message in page] == ["¿Ya salió?", "Va saliendo su pedido"]


def test_the_box_counts_as_the_channel_counts_and_keeps_what_was_typed(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    told = talk.begin(client.id, "Hola", channel=Channel.INSTAGRAM)
    sat = sit_down(web, context, client.id, f"/inbox/c/{told.id}")
    box = sat.page.get_by_label("Respuesta", exact=True)
    box.fill("ñandú 🌿")
    expect(sat.page.locator(".limit")).to_have_text("12 / 1000")
    with sat.page.expect_response(lambda answer: answer.url.endswith("/draft")):
        pass
    sat.page.reload()
    expect(box).to_have_value("ñandú 🌿")


def long_texts() -> list[str]:
    """Texts of up to three parts and a little, whose borders fall on everything a border can fall on."""
    chance = random.Random(7)  # noqa: S311 -- the same texts each time
    found = [piece * 1500 for piece in PIECES] + ["x" * 999 + piece + "y" * 1500 for piece in PIECES]
    found += ["n" + "\u0301" * 2500, "🏽" * 700, " " * 3000, "\ufeff" * 1200, "a\x1f\x85 " * 800, "x" * 60_000]
    while len(found) < 80:
        some = chance.sample(PIECES, chance.randint(1, len(PIECES)))
        found.append("".join(chance.choices(some, k=chance.randint(100, 2500))))
    return found


def test_number_of_messages_told_before_the_click_is_the_number_that_leaves(
    web: Web, context: BrowserContext, make: Factory
) -> None:
    """The page counts as the server cuts, on every channel, for whatever one may write."""
    sat, texts = sit_down(web, context, make.client().id), long_texts()
    counts = {Channel.MESSENGER: "characters", Channel.INSTAGRAM: "bytes", Channel.TELEGRAM: "units"}
    told = sat.page.evaluate(
        """async ([url, channels, texts]) => {
          const { parts } = await import(url);
          const told = (counts, limit, value) => parts({ dataset: { counts, limit }, elements: { text: { value } } });
          return channels.map(([counts, limit]) => texts.map((text) => told(counts, limit, text)));
        }""",
        [pages.asset("inbox/composer.js"), [[counts[one], TEXT_LIMIT[one]] for one in counts], texts],
    )
    for channel, found in zip(counts, told, strict=True):
        leaves = [min(len(split_text(channel, text)), MOST_TEXTS + 1) for text in texts]
        assert [
            (text[:60], len(text), page, sent)
            for text, page, sent in zip(texts, found, leaves, strict=True)
            if min(page, MOST_TEXTS + 1) != sent
        ] == []


def test_files_are_told_before_the_click_and_none_is_lost_on_a_refusal(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    told = talk.begin(client.id, "¿Me mandas la cotización?", channel=Channel.INSTAGRAM)
    sat = sit_down(web, context, client.id, f"/inbox/c/{told.id}")
    chosen, send = sat.page.locator("#chosen li"), sat.page.get_by_role("button", name="Enviar")
    paper = FilePayload(name="cotización Ñ.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7 hola")
    program = FilePayload(name="programa.exe", mimeType="application/x-msdownload", buffer=b"MZ")
    sat.page.locator("#files").set_input_files([paper, program])
    expect(chosen.first).to_contain_text("application/pdf · 1 kB")
    expect(chosen.last).to_contain_text("Instagram no acepta este tipo de archivo")
    sat.page.evaluate(HANDED_OVER, "paste")
    expect(chosen.last).to_contain_text("paste.png")
    sat.page.evaluate(HANDED_OVER, "drop")
    expect(chosen.last).to_contain_text("drop.png")
    assert sat.page.url.endswith(str(told.id)), "a dropped file opens in no browser"
    for name in ("paste.png", "drop.png"):
        sat.page.get_by_role("button", name=f"Quitar {name}").click()
    web.clock.advance(seconds=5)
    sat.page.get_by_label("Respuesta", exact=True).fill("palabra " * 200)
    expect(sat.page.locator(".parts-line")).to_have_text("Se enviará en 2 mensajes")
    send.click()
    expect(sat.page.locator(".msg.out")).to_have_count(0)
    sat.page.get_by_role("button", name="Quitar programa.exe").click()
    expect(chosen).to_have_count(1)
    sat.page.route("**/replies*", lambda route: route.fulfill(status=422, body="<p>No</p>"), times=1)
    send.click()
    expect(sat.page.locator("#notices")).to_have_text("No")
    expect(chosen).to_have_count(1)
    expect(sat.page.get_by_label("Respuesta", exact=True)).to_have_value("palabra " * 200)
    send.click()
    expect(sat.page.locator(".msg.out")).to_have_count(3)
    expect(sat.page.locator(".msg.out").last).to_contain_text("cotización Ñ.pdf")
    expect(chosen).to_have_count(0)


def test_change_in_an_old_message_reaches_the_page_that_scrolled_up_to_it(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    """The stream tells the newest fifty alone: an edit, a reaction or a withdrawal above them stood there unchanged."""
    told = talk.begin(make.client().id)
    here, said = Happenings(talk, told), []
    for number in range(70):
        talk.clock.advance(seconds=1)
        album = {"album": "1"} if number in (4, 5) else None
        said.append(here.say(Words(text=f"mensaje {number}", facts=album)))
    sat = sit_down(web, context, told.client_id, f"/inbox/c/{told.id}")
    sat.page.locator("#earlier").scroll_into_view_if_needed()
    old = sat.page.locator(f'.turns [data-message="{said[3]}"]')
    old.scroll_into_view_if_needed()
    here.edit(said[3], "mensaje 3, corregido")
    expect(old).to_contain_text("corregido")
    here.react(said[3], "❤️")
    expect(old.locator(".marks")).to_have_text("❤️")
    here.withdraw(said[3])
    expect(old).to_contain_text("La persona retiró este mensaje")
    expect(sat.page.locator(".msg.in")).to_have_count(69)
    sat.page.locator(".msg.in").last.scroll_into_view_if_needed()
    here.edit(said[1], "mensaje 1, corregido")
    old_one = sat.page.locator(f'.turns [data-message="{said[1]}"]')
    old_one.scroll_into_view_if_needed()
    expect(old_one).to_contain_text("corregido")
    assert sat.complaints == []


def test_a_suspension_closes_the_open_page_and_says_why(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    client = make.client()
    told = talk.begin(client.id, "Un secreto")
    sat = sit_down(web, context, client.id, f"/inbox/c/{told.id}")
    expect(sat.page.get_by_role("log")).to_contain_text("Un secreto")
    with web.installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, client.id, Cause.AUP, "mensajes no solicitados a desconocidos")
    expect(sat.page.get_by_role("heading", name="El servicio está en pausa")).to_be_visible(timeout=5_000)
    expect(sat.page.get_by_label("Respuesta", exact=True)).to_have_count(0)
    expect(sat.page.get_by_text("Vas al día")).to_have_count(0)
    assert "Un secreto" not in sat.page.locator("body").inner_text()
    sat.page.wait_for_timeout(2_500)  # a stream that opened again by itself would lead to the sign-in page
    expect(sat.page.get_by_role("heading", name="El servicio está en pausa")).to_be_visible()


def test_no_hostile_text_does_anything_but_stand_there(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    """Promise P23: nothing executes, no element is made, nothing is asked for, and the policy had nothing to stop."""
    client = make.client()
    told = talk.begin(client.id, "hola", name="<img src=q onerror=fired()>")
    texts = [case["text"].replace("\x00", "�").encode(errors="replace").decode() for case in HOSTILE]
    sat = sit_down(web, context, client.id, f"/inbox/c/{told.id}")
    sat.page.evaluate("window.fired = () => { document.title = 'FIRED' }")
    for text in texts:
        talk.say(told, text)
    talk.send_file(told, b"x", name='"><img src=q onerror=fired()>.pdf', media_type="application/pdf")
    last = sat.page.locator(".msg.in").last
    expect(last).to_contain_text(".pdf")
    shown = sat.page.locator(".msg.in .said").all_inner_texts()
    assert len(shown) >= min(len(texts), 40)
    made = sat.page.locator(
        ".turns :is(script, iframe, object, style, form, details, base, meta, link, img, a:not([href^='/files/']))"
    )
    expect(made).to_have_count(0)
    expect(sat.page.locator("svg[onload], [onerror], [onclick], [style]")).to_have_count(0)
    sat.page.reload()
    expect(sat.page.locator(".msg.in").last).to_contain_text(".pdf")
    expect(made).to_have_count(0)
    assert sat.page.title() != "FIRED"
    assert sat.complaints == []


def with_everything(here: Happenings) -> None:
    """A thread with each thing that has a look of its own."""
    asked = here.say(Words(text="¿De qué color?", author=Author.OWNER, status=Delivery.READ))
    answered = here.say(Words(text="Verde", answers=asked, facts={"story": {"url": "https://cdn.example.test/s"}}))
    here.edit(answered, "Verde olivo")
    here.react(answered, "❤️")
    here.withdraw(here.say(Words(text="perdón")))
    poll = {"type": "poll", "title": "¿Cuál?", "facts": {"options": [{"text": "Una"}]}}
    lost = Thing(kind=AttachmentKind.FILE, source={}, state=AttachmentState.FAILED, failure="unreachable")
    sound = Thing(kind=AttachmentKind.AUDIO, source={"type": "voice"}, content=b"OggS", media_type="audio/ogg")
    here.say(Words(facts={"forwarded": True}), Thing(kind=AttachmentKind.UNKNOWN, source=poll), lost, sound)
    for _ in range(2):
        photo = Thing(kind=AttachmentKind.IMAGE, source={}, content=PIXEL, media_type="image/png", name="foto.png")
        here.say(Words(facts={"album": "9"}), photo)
    here.say(Words(text="¿Llegó?", author=Author.AGENT, status=Delivery.UNKNOWN))
    here.happen("handover", {"handover": {"change": "pass"}})
    here.turn_out(owner_app="1", owner_at=here.talk.now)


LOOKS: list[tuple[Literal["light", "dark"], int]] = [("light", 1440), ("dark", 1440), ("light", 360), ("dark", 360)]


@pytest.mark.parametrize("look", LOOKS)
def test_sign_in_and_inbox_have_no_serious_barrier(
    web: Web, browser: Browser, make: Factory, talk: Talk, look: tuple[Literal["light", "dark"], int]
) -> None:
    client = make.client(name="Taller Ñandú")
    told = talk.begin(client.id, "Hola", name="Zoë Müller", channel=Channel.INSTAGRAM)
    talk.send_file(told, b"x", name="cotización.pdf", media_type="application/pdf", kind=AttachmentKind.FILE)
    with_everything(Happenings(talk, told))
    shut = talk.begin(client.id, "¿Ya está?", name="vero.diseña")
    talk.silence(shut, timedelta(days=8))
    scheme, width = look
    context = browser.new_context(locale="es-MX", viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        sat = sit_down(web, context, client.id)
        others = ("/inbox", f"/inbox/c/{shut.id}", "/inbox?status=closed", "/account", "/login")
        for path in (f"/inbox/c/{told.id}", *(others if look in (LOOKS[0], LOOKS[-1]) else ())):
            sat.page.goto(web.url + path)
            assert barriers(sat.page) == [], path
    finally:
        context.close()
