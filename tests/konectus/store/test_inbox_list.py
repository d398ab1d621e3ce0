"""The inbox's list and threads: views, pages without gaps or repeats, and how many statements they take."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.domain.channels import Channel
from konectus.domain.conversations import Delivery, Direction, Status
from konectus.services import inbox
from konectus.services.installation import Installation
from konectus.store.queries import inbox as lists
from konectus.store.queries import listing, threads
from konectus.store.queries.inbox import Counts, ListFilter, ListRow
from konectus.store.roles import Role
from tests.support.desk import Desk
from tests.support.factories import Factory
from tests.support.horizon import wait_for_open_transactions
from tests.support.queries import statements


@pytest.fixture
def desk(installation: Installation, make: Factory) -> Desk:
    return Desk.of(installation, make)


def page(desk: Desk, wanted: ListFilter) -> list[ListRow]:
    keys = desk.installation.keys.of(desk.client_id)
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        return lists.list_page(session, keys, wanted)


def seen(desk: Desk, wanted: ListFilter) -> set[UUID]:
    return {found.id for found in page(desk, wanted)}


def counted(ask: Callable[[], object]) -> int:
    with statements() as sent:
        ask()
    return len(sent)


def test_views_and_filters_show_what_they_say(desk: Desk, make: Factory) -> None:
    works, me = desk.installation.works, desk.agent_id
    colleague = make.user(desk.client_id)
    page_id, bot = desk.connector(), desk.connector(Channel.TELEGRAM)
    mine, theirs, nobodys, closed = (desk.conversation(page_id) for _ in range(4))
    on_bot = desk.conversation(bot, Channel.TELEGRAM)
    with works.tenant(desk.client_id, desk.actor) as work:
        inbox.assign(work, mine, me)
        inbox.assign(work, theirs, colleague)
        inbox.close(work, closed)
    assert seen(desk, ListFilter(me)) == {mine, theirs, nobodys, on_bot}
    assert seen(desk, ListFilter(me, view="mine")) == {mine}
    assert seen(desk, ListFilter(me, view="unassigned")) == {nobodys, on_bot}
    assert seen(desk, ListFilter(me, status=Status.CLOSED)) == {closed}
    assert seen(desk, ListFilter(me, channel=Channel.TELEGRAM)) == {on_bot}
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        assert lists.counts(session, desk.client_id, me) == Counts(mine=1, unassigned=2, all=4)


def test_row_shows_the_newest_message_the_assignee_and_ones_own_draft(desk: Desk, make: Factory) -> None:
    works, colleague = desk.installation.works, make.user(desk.client_id, name="Tomás Villaseñor")
    thread = desk.conversation(desk.connector())
    (empty,) = page(desk, ListFilter(desk.agent_id))
    assert (empty.preview, empty.preview_kind, empty.draft, empty.unread) == ("", "", "", 1)
    assert (empty.preview_direction, empty.preview_status) == (Direction.IN, Delivery.RECEIVED)
    desk.wait(minutes=1)
    desk.reply(thread, "Primero")
    desk.wait(minutes=1)
    desk.reply(thread, "Después")
    with works.tenant(desk.client_id, desk.actor) as work:
        inbox.assign(work, thread, colleague)
        inbox.save_draft(work, thread, desk.agent_id, "mío")
        inbox.save_draft(work, thread, colleague, "suyo")
    (found,) = page(desk, ListFilter(desk.agent_id))
    assert (found.preview, found.preview_direction, found.preview_status) == ("Después", Direction.OUT, Delivery.QUEUED)
    assert (found.assignee_name, found.draft) == ("Tomás Villaseñor", "mío")
    assert found.connector_name.startswith("Página ")
    keys = desk.installation.keys.of(desk.client_id)
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        assert lists.list_row(session, keys, desk.agent_id, thread) == found
        assert lists.list_row(session, keys, desk.agent_id, UUID(int=7)) is None


def test_pages_of_the_list_have_no_gap_and_no_repeat_when_all_wrote_at_once(desk: Desk) -> None:
    connector = desk.connector()
    made = {desk.conversation(connector) for _ in range(7)}
    desk.wait(seconds=1)
    made |= {desk.conversation(connector) for _ in range(6)}
    found: list[ListRow] = []
    before: tuple[datetime, UUID] | None = None
    while part := page(desk, ListFilter(desk.agent_id, before=before, limit=4)):
        found += part
        before = (part[-1].last_at, part[-1].id)
    assert len(found) == 13
    assert {one.id for one in found} == made
    assert [(one.last_at, one.id) for one in found] == sorted(((one.last_at, one.id) for one in found), reverse=True)


def test_pages_of_a_thread_have_no_gap_and_no_repeat_when_all_was_sent_at_once(desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    made = [desk.reply(thread, f"n.º {number}") for number in range(threads.PAGE + 5)]
    keys = desk.installation.keys.of(desk.client_id)
    wait_for_open_transactions(desk.installation)
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        newest = threads.thread_page(session, keys, thread)
        older = threads.thread_page(session, keys, thread, before=(newest[0].occurred_at, newest[0].id))
        assert threads.thread_page(session, keys, thread, before=(older[0].occurred_at, older[0].id)) == []
        ids = [message.id for message in older + newest]
        assert len(ids) == len(made)
        assert set(ids) == set(made)
        assert ids == sorted(ids)
        everything = threads.messages_after(session, keys, None, connector_id=None, limit=100)
        rest = threads.messages_after(session, keys, made[29], connector_id=everything[0].connector_id, limit=10)
        nothing = threads.messages_after(session, keys, None, connector_id=UUID(int=7), limit=10)
    # Programs take them along in the order of the clicks, which at one instant is not that of the ids.
    assert [message.id for message in everything] == made
    assert [message.id for message in rest] == made[30:40]
    assert nothing == []


def test_page_takes_the_same_statements_for_one_conversation_as_for_many(desk: Desk) -> None:
    connector = desk.connector()
    thread = desk.conversation(connector)
    desk.reply(thread, "hola")
    list_of_one = counted(lambda: page(desk, ListFilter(desk.agent_id)))
    thread_of_one = counted(lambda: desk.thread(thread))
    for _ in range(12):
        desk.reply(desk.conversation(connector), "hola")
        desk.reply(thread, "otra vez")
    assert counted(lambda: page(desk, ListFilter(desk.agent_id))) == list_of_one == 1
    assert counted(lambda: desk.thread(thread)) == thread_of_one == 2


def test_message_comes_with_its_attachments_in_their_order(desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    message_id = desk.reply(thread, "Va la foto")
    keys = desk.installation.keys.of(desk.client_id)
    with desk.installation.database.session(Role.WORKER) as session:
        for position, name in ((1, "dos.png"), (0, "uno.png")):
            row_id = UUID(int=position + 1)
            session.execute(
                text(
                    "insert into tenant.attachment (client_id, id, message_id, position, kind, state, source_sealed,"
                    " name_sealed) values (:client, :id, :message, :position, 'image', 'pending', :source, :name)"
                ),
                {
                    "client": desk.client_id,
                    "id": row_id,
                    "message": message_id,
                    "position": position,
                    "source": keys.seal_text("https://cdn.example/x", "attachment", "source_sealed", row_id),
                    "name": keys.seal_text(name, "attachment", "name_sealed", row_id),
                },
            )
    found = desk.message(message_id).attachments
    assert [(one.name, one.source) for one in found] == [
        ("uno.png", "https://cdn.example/x"),
        ("dos.png", "https://cdn.example/x"),
    ]
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        assert threads.message(session, keys, UUID(int=9)) is None


def test_people_and_conversations_go_out_page_by_page_each_once(desk: Desk) -> None:
    connector = desk.connector()
    made = {desk.conversation(connector, person=str(number)) for number in range(5)}
    keys = desk.installation.keys.of(desk.client_id)
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        contacts = listing.contacts_after(session, keys, None, 3)
        contacts += listing.contacts_after(session, keys, contacts[-1].id, 3)
        conversations = listing.conversations_after(session, keys, None, 3)
        conversations += listing.conversations_after(session, keys, conversations[-1].id, 3)
        assert listing.contacts_after(session, keys, contacts[-1].id, 3) == []
    assert sorted(contact.external_id for contact in contacts) == ["0", "1", "2", "3", "4"]
    assert len(conversations) == 5
    assert {found.id for found in conversations} == made
    assert {found.contact_id for found in conversations} == {contact.id for contact in contacts}
