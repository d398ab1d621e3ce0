"""Complaint of users elsewhere: one person reads, and the messages to another are shown as read."""

import pytest

from konectus.domain.channels import Channel
from tests.support.relay import Relay, relay

__all__ = ["relay"]


@pytest.mark.parametrize("channel", [Channel.MESSENGER, Channel.INSTAGRAM])
@pytest.mark.parametrize("first", ["receipt", "message"])
def test_only_what_its_reader_got_is_read(relay: Relay, channel: Channel, first: str) -> None:
    """Both wrote to us and were answered by hand at the same time; one of them reads."""
    line = relay.line(channel)
    reader, other = (relay.act(line, "say", person="new", text="hola")["person"] for _ in range(2))
    for person in (reader, other, reader):
        relay.act(line, "owner-says", person=person, text=f"para {person}")
    relay.act(line, "read", person=reader)
    relay.hear(line, (lambda bodies: bodies[::-1]) if first == "receipt" else list)

    assert read(relay) == {f"para {reader}": {"read"}, f"para {other}": {"sent"}}


def read(relay: Relay) -> dict[str | None, set[str]]:
    found: dict[str | None, set[str]] = {}
    for message in relay.stored.shown():
        if message["direction"] == "out":
            found.setdefault(message["text"], set()).add(message["status"])
    return found


def test_a_person_with_the_same_id_at_another_page_has_read_nothing(relay: Relay) -> None:
    """Two Instagram accounts of one Client; ids of people are theirs alone, whatever they look like."""
    lines = [relay.line(Channel.MESSENGER) for _ in range(2)]
    for line in lines:
        person = relay.act(line, "say", person="new", text="hola")["person"]
        relay.act(line, "owner-says", person=person, text=f"de {line.account}")
        relay.hear(line)
    relay.act(lines[0], "read", person="p1")
    body = relay.bodies(lines[0])[0].replace(lines[0].account.encode(), lines[1].account.encode())
    relay.hear(lines[0], lambda _: [body.replace(lines[1].account.encode(), lines[0].account.encode())])

    assert read(relay) == {f"de {lines[0].account}": {"read"}, f"de {lines[1].account}": {"sent"}}
