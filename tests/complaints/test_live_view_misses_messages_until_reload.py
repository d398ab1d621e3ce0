"""Complaint of users elsewhere: the open page misses messages until it is loaded again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from konectus.domain.channels import AttachmentKind
from konectus.domain.conversations import Author, Delivery
from tests.backoffice.conftest import Web, talk, web
from tests.backoffice.happenings import Happenings, Thing, Words
from tests.backoffice.people import Talk
from tests.backoffice.sitting import sit_down
from tests.backoffice.test_browser import PIXEL
from tests.support.factories import Factory

__all__ = ["talk", "web"]
pytestmark = pytest.mark.browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(locale="es-MX", viewport={"width": 1440, "height": 900})
    found.set_default_timeout(10_000)
    yield found
    found.close()


def test_everything_that_happens_reaches_the_open_page_also_after_a_break(
    web: Web, context: BrowserContext, make: Factory, talk: Talk
) -> None:
    told = talk.begin(make.client().id, "¿Siguen abiertos?")
    here = Happenings(talk, told)
    first = here.say(Words(text="Son 2 mesas"))
    lost = here.say(Words(text="mi tarjeta"))
    sat = sit_down(web, context, told.client_id, f"/inbox/c/{told.id}")
    log = sat.page.get_by_role("log")
    sat.page.evaluate("document.body.dataset.kept = 'yes'")
    expect(log).to_contain_text("Son 2 mesas")
    here.edit(first, "Son 3 mesas")
    expect(log).to_contain_text("Son 3 mesas")
    here.react(first, "❤️")
    expect(log.get_by_role("img", name="reaccionó con ❤️")).to_be_visible()
    here.withdraw(lost)
    expect(log).not_to_contain_text("mi tarjeta")
    expect(log).to_contain_text("La persona retiró este mensaje")
    context.set_offline(offline=True)
    answer = here.say(Words(text="Sí, hasta las siete", author=Author.AGENT, status=Delivery.SENT))
    talk.settle(told, answer, Delivery.READ)
    photo = Thing(kind=AttachmentKind.IMAGE, source={}, content=PIXEL, media_type="image/png", name="foto.png")
    before = talk.now
    here.say(Words(facts={"album": "9"}), photo)
    context.set_offline(offline=False)
    expect(log).to_contain_text("Leído")
    here.say(Words(facts={"album": "9"}), photo)
    expect(log.locator(".album img")).to_have_count(2)
    here.say(Words(facts={"album": "9"}, at=before), photo)
    expect(log.locator(".album img")).to_have_count(3)
    expect(log.locator(".grouped")).to_have_count(1)
    here.happen("message_request")
    expect(log).to_contain_text("llegó como solicitud")
    here.turn_out(unreachable="blocked", unreachable_at=talk.now)
    expect(sat.page.locator("#composer")).to_contain_text("bloqueó la cuenta")
    assert sat.page.evaluate("document.body.dataset.kept") == "yes"
