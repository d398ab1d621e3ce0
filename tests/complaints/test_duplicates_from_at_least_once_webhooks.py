"""Complaint of users elsewhere: channels deliver at least once, and every repeat becomes a message of its own."""

import random

import pytest

from konectus.domain.channels import Channel
from tests.support.relay import Relay, relay

__all__ = ["relay"]


@pytest.mark.parametrize("channel", list(Channel))
def test_what_is_delivered_many_times_and_in_any_order_is_there_once(relay: Relay, channel: Channel) -> None:
    line = relay.line(channel)
    said = relay.act(line, "say", person="new", text="hola", attachments=[{"type": "image"}])
    relay.act(line, "say", person=said["person"], text="¿siguen abiertos?")
    relay.act(line, "edit", person=said["person"], message_id=said["message_id"], text="buenas")
    bodies = relay.bodies(line)
    many = [body for body in bodies for _ in range(5)]
    random.Random(7).shuffle(many)  # noqa: S311 reason: a repeatable order
    line.heard.clear()
    relay.hear(line, lambda _: many)
    first = relay.stored.shown(), relay.stored.attachments()
    line.heard.clear()
    relay.hear(line, lambda _: many[::-1])

    assert sorted(m["text"] for m in first[0]) == ["buenas", "¿siguen abiertos?"]
    assert len(first[1]) == 1
    assert (relay.stored.shown(), relay.stored.attachments()) == first
    assert len(relay.stored.contacts()) == len(relay.stored.conversations()) == 1


def test_equal_ids_in_two_accounts_are_two_messages(relay: Relay) -> None:
    """Bots count their messages alike: chat 1, message 1 of one is not that of the other."""
    lines = [relay.line(Channel.TELEGRAM) for _ in range(2)]
    for line, text in zip(lines, ("para el taller", "para la tienda"), strict=True):
        relay.act(line, "say", person="new" if line is lines[0] else "p1", text=text)
        relay.hear(line, times=2)

    assert len(set(relay.stored.external_ids())) == 1
    assert sorted(text or "" for text in relay.stored.texts()) == ["para el taller", "para la tienda"]
