"""What a page of the inbox costs: questions to the database however much it shows, and bytes before it is seen."""

import re

import httpx

from backoffice import pages
from konectus.domain.channels import AttachmentKind
from konectus.domain.conversations import Direction
from tests.backoffice.conftest import Web
from tests.backoffice.happenings import Happenings, Thing, Words
from tests.backoffice.people import Talk, Told
from tests.backoffice.shared import clock, installation, make, talk, web
from tests.support.factories import Factory
from tests.support.queries import statements

__all__ = ["clock", "installation", "make", "talk", "web"]

MOST_QUESTIONS = 20
MOST_KILOBYTES = 150  # over the wire: page, sheets, scripts, font and icons of a first visit


def rich(talk: Talk, told: Told, count: int) -> Told:
    """So many messages with a file, an answer, an edit, two reactions, and so many lines among them."""
    here = Happenings(talk, told)
    before = None
    for number in range(count):
        file = Thing(kind=AttachmentKind.FILE, source={}, content=b"x", media_type="application/pdf", name="a.pdf")
        before = here.say(Words(text=f"mensaje {number}", answers=before), file)
        here.edit(before, f"mensaje {number}, corregido")
        here.react(before, "love")
        here.react(before, "👍", Direction.OUT)
        here.happen("handover", {"handover": {"change": "pass"}})
    return told


def asked(http: httpx.Client, path: str) -> list[str]:
    http.get(path)
    with statements() as seen:
        assert http.get(path).status_code == 200
    return seen


def test_page_asks_the_same_few_questions_however_much_it_shows(web: Web, make: Factory, talk: Talk) -> None:
    """No question for a row, a reaction, a version, a file, a quote or a line of its own."""
    client = make.client()
    few = rich(talk, talk.begin(client.id), 2)
    http = web.agent_of(client.id)
    paths = ("/inbox?{}", "/inbox/c/{}", "/inbox/c/{}?at={}", "/inbox?kind=requests", "/inbox?kind=groups")
    first = {path: len(asked(http, path.format(few.id, few.id))) for path in paths}
    many = rich(talk, talk.begin(client.id), 12)
    for _ in range(6):
        rich(talk, talk.begin(client.id), 1)
    second = {path: len(asked(http, path.format(many.id, many.id))) for path in paths}
    assert second == first
    assert max(second.values()) <= MOST_QUESTIONS


def test_first_visit_is_light(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    told = rich(talk, talk.begin(client.id), 5)
    http = web.agent_of(client.id)
    page = http.get(f"/inbox/c/{told.id}").text
    files = set(re.findall(rf'(?:href|src)="({pages.STATIC_URL}/[^"#]+)', page)) | {
        pages.asset("fonts/inter-latin-wght-normal.woff2")
    }
    weights = {path: int(http.head(path).headers["content-length"]) for path in files} | {"page": len(page.encode())}
    assert len(files) > 12
    assert sum(weights.values()) < MOST_KILOBYTES * 1000, weights
    plain = httpx.get(web.url + pages.asset("look.css"), headers={"accept-encoding": "identity"})
    assert plain.text == http.get(pages.asset("look.css")).text, "who takes nothing compressed gets it as it is"
