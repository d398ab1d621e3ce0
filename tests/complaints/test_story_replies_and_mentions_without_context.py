"""Complaint of users elsewhere: story replies and mentions arrive without their context."""

from datetime import timedelta

from konectus.domain.channels import AttachmentKind, Channel
from tests.backoffice.conftest import Web, talk, web
from tests.backoffice.happenings import Happenings, Thing, Words
from tests.backoffice.people import Talk
from tests.support.factories import Factory

__all__ = ["talk", "web"]
STORY = "https://cdn.example.test/story?sig=1"


def test_the_story_stands_beside_the_message_as_a_link_and_is_never_loaded(web: Web, make: Factory, talk: Talk) -> None:
    told = talk.begin(make.client().id, channel=Channel.INSTAGRAM)
    here = Happenings(talk, told)
    here.say(Words(text="¡Qué bonita!", facts={"story": {"id": "17", "url": STORY}}))
    here.say(Words(), Thing(kind=AttachmentKind.STORY, source={"type": "story_mention", "url": f"{STORY}2"}))
    page = web.agent_of(told.client_id).get(f"/inbox/c/{told.id}").text
    for words in ("Respondió a tu historia", "Te mencionó en su historia"):
        beside = page.partition(words)[2].partition("</p>")[0]
        assert f'href="{STORY}' in beside
        assert "Ver la historia" in beside
    assert f'src="{STORY}' not in page
    web.clock.advance(hours=24)
    later = web.agent_of(told.client_id).get(f"/inbox/c/{told.id}").text
    assert STORY not in later, "stories live for a day; the link leads nowhere then"
    assert later.count("ya no está disponible") == 2


def test_a_mention_opens_the_window_and_the_inbox_says_so(web: Web, make: Factory, talk: Talk) -> None:
    told = talk.begin(make.client().id, "hola", channel=Channel.INSTAGRAM)
    Happenings(talk, told).turn_out(window_opened_by="story_mention", window_opened_at=talk.now - timedelta(hours=3))
    assert "La abrió su mención en una historia" in web.agent_of(told.client_id).get("/inbox").text
