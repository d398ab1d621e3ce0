"""Complaint of users elsewhere: of Telegram they get plain texts; albums, groups, captions and edits are lost."""

import random

from konectus.domain.channels import Channel
from tests.support.relay import Relay, relay

__all__ = ["relay"]


def test_an_album_keeps_its_photos_its_caption_and_that_they_belong_together(relay: Relay) -> None:
    line = relay.line(Channel.TELEGRAM)
    photos = [{"type": "image"}, {"type": "video"}, {"type": "image"}]
    relay.act(line, "say", person="new", text="así quedó la mesa", attachments=photos)
    relay.hear(line, shuffled)
    messages = relay.stored.shown()

    assert sorted(m["text"] or "" for m in messages) == ["", "", "así quedó la mesa"]
    assert len({m["facts"]["album"] for m in messages}) == 1
    assert sorted(a["kind"] for a in relay.stored.attachments()) == ["image", "image", "video"]
    assert len(relay.stored.conversations()) == 1


def shuffled(bodies: list[bytes]) -> list[bytes]:
    return random.Random(3).sample(bodies, len(bodies))  # noqa: S311 reason: a repeatable order


def test_an_edited_caption_and_an_edited_text_show_their_last_words_in_any_order(relay: Relay) -> None:
    line = relay.line(Channel.TELEGRAM)
    photo = relay.act(line, "say", person="new", text="preio", attachments=[{"type": "image"}])
    text = relay.act(line, "say", person=photo["person"], text="mañna")
    relay.act(line, "edit", person=photo["person"], message_id=photo["message_id"], text="precio")
    relay.act(line, "edit", person=photo["person"], message_id=text["message_id"], text="mañana")
    relay.hear(line, lambda bodies: bodies[::-1])

    assert sorted(m["text"] for m in relay.stored.shown()) == ["mañana", "precio"]
    assert sorted(text or "" for text in relay.stored.texts()) == ["mañna", "preio"]
    assert len(relay.stored.attachments()) == 1


def test_a_group_is_one_conversation_apart_from_private_chats_and_says_who_writes(relay: Relay) -> None:
    line = relay.line(Channel.TELEGRAM)
    group = relay.simulator.post("groups", title="Obra Roma", kind="supergroup")["group"]
    people = [p["person"] for p in relay.simulator.post("persons", count=2)["persons"]]
    for person in people:
        relay.act(line, "say", person=group, by=person, text=f"ya llegué, soy {person}")
    relay.act(line, "say", person=people[0], text="esto es aparte")
    relay.hear(line)
    kinds = sorted(thread.kind for thread in relay.stored.conversations())
    in_group = [m for m in relay.stored.shown() if m["text"] != "esto es aparte"]

    assert kinds == ["group", "person"]
    assert len({m["conversation_id"] for m in in_group}) == 1
    assert len({m["facts"]["sender"]["id"] for m in in_group}) == 2


def test_a_group_that_becomes_a_supergroup_stays_one_conversation(relay: Relay) -> None:
    line = relay.line(Channel.TELEGRAM)
    group = relay.simulator.post("groups", title="Obra Roma", kind="group")["group"]
    person = relay.simulator.post("persons", count=1)["persons"][0]["person"]
    relay.act(line, "say", person=group, by=person, text="antes")
    moved = relay.simulator.post("migrate", account=line.account, group=group, by=person)
    relay.act(line, "say", person=moved["group"], by=person, text="después")
    relay.hear(line)

    assert sorted(text or "" for text in relay.stored.texts()) == ["antes", "después"]
    assert len(relay.stored.conversations()) == 1


def test_a_chat_of_the_owner_keeps_edits_and_forgets_what_was_deleted(relay: Relay) -> None:
    line = relay.line(Channel.TELEGRAM)
    owner, person = (p["person"] for p in relay.simulator.post("persons", count=2)["persons"])
    connection = relay.simulator.post("business", account=line.account, owner=owner)["connection"]
    there = {"person": person, "connection": connection}
    kept = relay.act(line, "say", text="¿Siguen con horario?", **there)
    gone = relay.act(line, "say", text="perdón, no era aquí", **there)
    relay.act(line, "owner-says", text="Sí, hasta el martes", **there)
    relay.act(line, "edit", message_id=kept["message_id"], text="¿Siguen con horario de verano?", **there)
    relay.act(line, "unsend", message_id=gone["message_id"], **there)
    relay.hear(line, shuffled)

    told = [(m["direction"], m["text"]) for m in relay.stored.shown()]
    assert sorted(told, key=str) == [
        ("in", "¿Siguen con horario de verano?"),
        ("in", None),
        ("out", "Sí, hasta el martes"),
    ]
    assert len(relay.stored.conversations()) == 1
