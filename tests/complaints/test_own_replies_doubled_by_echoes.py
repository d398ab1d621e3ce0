"""Complaint of users elsewhere: one's own replies stand twice in the thread, once as sent and once as the echo."""

import pytest

from konectus.domain.channels import Channel
from konectus.domain.conversations import Delivery
from konectus.ids import uuid7
from konectus.services import inbox
from konectus.services.work import Actor
from tests.support.relay import Relay, relay

__all__ = ["relay"]
META = (Channel.MESSENGER, Channel.INSTAGRAM)


def reply(relay: Relay, words: str) -> None:
    """An agent answers in the newest conversation."""
    agent = relay.make.user(relay.client_id)
    click = inbox.NewReply(uuid7(relay.installation.clock.now()), relay.stored.conversations()[-1].id, agent, words)
    with relay.installation.works.tenant(relay.client_id, Actor("agent", str(agent), "Mariana")) as work:
        inbox.reply(work, click)


def out(relay: Relay) -> list[tuple[str | None, str]]:
    return [(m["text"], m["status"]) for m in relay.stored.shown() if m["direction"] == "out"]


@pytest.mark.parametrize("channel", META)
@pytest.mark.parametrize("times", [1, 3])
def test_a_reply_and_its_echoes_are_one_message(relay: Relay, channel: Channel, times: int) -> None:
    line = relay.line(channel)
    said = relay.act(line, "say", person="new", text="¿Abren mañana?")
    relay.hear(line)
    reply(relay, "Sí, de 9 a 6")
    relay.send()
    relay.hear(line, times=times)
    relay.hear(line)

    assert len(relay.received(said["person"])) == 1
    assert [text for text, _ in out(relay)] == ["Sí, de 9 a 6"]


@pytest.mark.parametrize("channel", META)
def test_an_echo_of_a_send_that_broke_off_is_the_same_message(relay: Relay, channel: Channel) -> None:
    """Messenger's echo names our part; of Instagram, whose echo names nothing, the channel is asked."""
    line = relay.line(channel)
    said = relay.act(line, "say", person="new", text="¿Abren mañana?")
    relay.hear(line)
    relay.act(line, "faults", fault="drop_after_applying", method="messages")
    reply(relay, "Sí, de 9 a 6")
    relay.send()
    before = out(relay)
    relay.hear(line)
    relay.ask()

    assert before == [("Sí, de 9 a 6", Delivery.UNKNOWN)]
    assert len(relay.received(said["person"])) == 1
    assert [text for text, _ in out(relay)] == ["Sí, de 9 a 6"]


def test_the_same_words_typed_by_the_owner_are_a_message_of_their_own(relay: Relay) -> None:
    line = relay.line(Channel.MESSENGER)
    said = relay.act(line, "say", person="new", text="¿Abren mañana?")
    relay.hear(line)
    reply(relay, "Sí")
    relay.send()
    relay.act(line, "owner-says", person=said["person"], text="Sí")
    relay.hear(line)

    assert [text for text, _ in out(relay)] == ["Sí", "Sí"]
