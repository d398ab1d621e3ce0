"""A burst of changes at an open inbox: every conversation is told, no reload for mere speed, bounded memory."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from backoffice.deps import agent_of
from backoffice.inbox.changes import Desk, Event
from backoffice.inbox.hub import Hub, Place
from backoffice.inbox.listing import Filter
from backoffice.inbox.subscribers import BATCH, MOST_OWED, Subscriber
from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.conversations import Status
from konectus.ids import uuid7
from konectus.services.installation import Installation
from konectus.store import signals
from konectus.store.models.inbox import Conversation, EndContact
from konectus.store.roles import Role
from tests.backoffice.conftest import Web
from tests.backoffice.people import Talk, Told
from tests.backoffice.test_stream import listening, stream_of
from tests.support.factories import Factory

CROWD = 200
PATIENCE = 15.0


def crowd(talk: Talk, client_id: UUID, size: int) -> list[Told]:
    """So many persons who write to one Page of the Client."""
    connector_id = talk.make.connector(client_id)
    keys = talk.installation.keys.of(client_id)
    found = [Told(uuid7(talk.now), client_id, connector_id, Channel.MESSENGER) for _ in range(size)]
    of_all = {"client_id": client_id, "connector_id": connector_id}
    with talk.installation.database.session(Role.WORKER) as session:
        for told in found:
            sealed = keys.seal_text(str(told.id), "contact", "external_id_sealed", told.id)
            key = keys.key_of("contact", str(told.id))
            contact = EndContact(id=told.id, external_key=key, external_id_sealed=sealed, **of_all)
            contact.first_seen_at = talk.now
            session.add(contact)
        session.flush()
        for told in found:
            states = {"status": Status.OPEN, "channel": told.channel, "unread": 0}
            conversation = Conversation(id=told.id, contact_id=told.id, **states, **of_all)
            conversation.opened_at = conversation.last_at = talk.now
            session.add(conversation)
    return found


def change(installation: Installation, client_id: UUID, ids: Iterable[UUID]) -> None:
    """All of them changed at once, as after a batch of the worker."""
    with installation.database.session(Role.WORKER) as session:
        signals.notify_live(session, client_id, ids)


def test_many_conversations_that_change_at_once_are_all_told_without_a_reload(
    web: Web, make: Factory, talk: Talk
) -> None:
    client = make.client()
    people = crowd(talk, client.id, CROWD)
    shown = people[-1]
    http = web.agent_of(client.id)
    with listening(http, stream_of(http, f"/inbox/c/{shown.id}")) as heard:
        change(web.installation, client.id, [told.id for told in people])
        rows, names, number = 0, set(), ""
        while rows < CROWD or not number:
            name, _, number = heard.events.get(timeout=PATIENCE)
            rows += name == "row"
            names.add(name)
            assert bool(number) <= (rows == CROWD), "a place to go on from only after all of it"
    assert names == {"row", "node", "box", "side"}


@contextmanager
def subscribed(hub: Hub, web_user: tuple[Installation, str]) -> Iterator[Subscriber]:
    installation, token = web_user
    visitor = agent_of(installation.works, token)
    assert visitor is not None
    with hub.subscribed(Desk(visitor, Filter()), Place("", hub.position)) as subscriber:
        yield subscriber


async def until(holds: Callable[[], bool], act: Callable[[], None] = lambda: None) -> None:
    deadline = monotonic() + PATIENCE
    while not holds():
        assert monotonic() < deadline
        await asyncio.to_thread(act)
        await asyncio.sleep(0.02)


async def everything(subscriber: Subscriber) -> list[Event]:
    """What a reader hears that reads again, until nothing comes."""
    found: list[Event] = []
    while events := (await subscriber.next(1.0)).events:
        found.extend(events)
    return found


def test_a_reader_that_does_not_read_holds_little_and_hears_each_conversation_once(
    installation: Installation, make: Factory, talk: Talk
) -> None:
    client = make.client()
    people = crowd(talk, client.id, BATCH + 30)
    token = make.user_session(client.id, make.user(client.id))
    ids = [told.id for told in people]

    async def lag() -> tuple[tuple[int, int], list[Event]]:
        hub = Hub(installation.works)
        hub.start()
        try:
            await until(lambda: not hub.position.endswith("-0"), lambda: change(installation, client.id, ids[:1]))
            with subscribed(hub, (installation, token)) as subscriber:
                for _ in range(20):
                    await asyncio.to_thread(change, installation, client.id, ids)
                    await asyncio.sleep(0.02)
                await until(lambda: subscriber.held[1] > 0)
                held = subscriber.held
                talk.say(people[0], "lo último")
                return held, await everything(subscriber)
        finally:
            await hub.stop()

    (owed, rendered), heard = asyncio.run(lag())
    assert owed <= len(ids)
    assert rendered <= BATCH + 1, "a batch: its rows and the side"
    rows = [event for event in heard if event.name == "row"]
    # What it held, each conversation once more, and the one that spoke last may come twice: it is read while it speaks.
    assert len(rows) <= len(ids) + BATCH + 1, "twenty changes are not twenty renderings"
    assert {one for one in ids for event in rows if f"c-{one}" in event.data} == set(ids)
    assert any("lo último" in event.data for event in rows)
    assert "reload" not in {event.name for event in heard}
    assert [bool(event.id) for event in heard].count(True) == 1
    assert heard[-1].id


def test_who_is_owed_too_much_loads_again_once(installation: Installation, make: Factory) -> None:
    client = make.client()
    token = make.user_session(client.id, make.user(client.id))

    async def lag() -> tuple[tuple[int, int], list[Event]]:
        hub = Hub(installation.works)
        with subscribed(hub, (installation, token)) as subscriber:
            for number in range(1, MOST_OWED + 2):
                subscriber.owe([UUID(int=number)])
            return subscriber.held, await everything(subscriber)

    held, heard = asyncio.run(lag())
    assert held == (0, 1)
    assert [event.name for event in heard] == ["reload"]


def test_what_was_missed_in_a_long_break_is_told_without_a_reload(web: Web, make: Factory, talk: Talk) -> None:
    client = make.client()
    people = crowd(talk, client.id, CROWD)
    http = web.agent_of(client.id)
    address = stream_of(http)
    with listening(http, address):
        pass
    change(web.installation, client.id, [told.id for told in people])
    with listening(http, address) as heard:
        names = [heard.events.get(timeout=PATIENCE)[0] for _ in range(CROWD)]
    assert "reload" not in names
