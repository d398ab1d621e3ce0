"""What programs take along: every message once, however late its transaction commits and however old its id is."""

from uuid import UUID

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from konectus.services.installation import Installation
from konectus.store.models.inbox import Conversation, Message
from konectus.store.queries import threads
from konectus.store.roles import Role
from tests.support.desk import Desk
from tests.support.factories import Factory
from tests.support.horizon import wait_for_open_transactions


@pytest.fixture
def desk(installation: Installation, make: Factory) -> Desk:
    return Desk.of(installation, make)


def store(session: Session, desk: Desk, thread: UUID, message_id: UUID) -> None:
    connector = session.get_one(Conversation, (desk.client_id, thread)).connector_id
    now = desk.installation.clock.now()
    row = {"client_id": desk.client_id, "id": message_id, "connector_id": connector, "conversation_id": thread}
    said = {"direction": "in", "author": "contact", "kind": "message", "status": "received"}
    session.execute(insert(Message), row | said | {"occurred_at": now, "received_at": now})


def taken(desk: Desk, after: UUID | None, limit: int = 10, *, at_once: bool = False) -> list[UUID]:
    if not at_once:
        wait_for_open_transactions(desk.installation)
    keys = desk.installation.keys.of(desk.client_id)
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        rows = threads.messages_after(session, keys, after, connector_id=None, limit=limit)
    return [row.id for row in rows]


def test_message_of_a_slow_transaction_is_not_skipped_by_a_program_that_was_faster(desk: Desk) -> None:
    thread, database = desk.conversation(desk.connector()), desk.installation.database
    first, slow, fast = UUID(int=1), UUID(int=2), UUID(int=3)
    with database.session(Role.WORKER) as session:
        store(session, desk, thread, first)
    assert taken(desk, None) == [first]
    with database.session(Role.WORKER) as still_open:
        store(still_open, desk, thread, slow)
        with database.session(Role.WORKER) as session:
            store(session, desk, thread, fast)
        # The fast one is there and is kept back: its place is after the slow one's.
        assert taken(desk, first, at_once=True) == []
    assert taken(desk, first) == [slow, fast]
    assert taken(desk, slow) == [fast]
    assert taken(desk, fast) == []


def test_message_that_waited_in_the_log_comes_after_younger_ones_that_were_stored_before(desk: Desk) -> None:
    """Its id is as old as its delivery: by id a program that is past it would never see it."""
    thread, database = desk.conversation(desk.connector()), desk.installation.database
    younger, older = UUID(int=9), UUID(int=4)
    for message in (younger, older):
        with database.session(Role.WORKER) as session:
            store(session, desk, thread, message)
    assert taken(desk, None) == [younger, older]
    assert taken(desk, younger) == [older]


def test_pages_go_through_one_large_transaction_without_gap_or_repeat(desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    ids = [UUID(int=number) for number in range(1, 8)]
    with desk.installation.database.session(Role.WORKER) as session:
        for message in ids[::-1]:
            store(session, desk, thread, message)
    seen: list[UUID] = []
    while page := taken(desk, seen[-1] if seen else None, limit=3):
        seen += page
    assert seen == ids


def test_place_of_a_message_that_is_gone_is_that_of_the_one_before_it(desk: Desk) -> None:
    thread = desk.conversation(desk.connector())
    with desk.installation.database.session(Role.WORKER) as session:
        for number in (1, 2, 4):
            store(session, desk, thread, UUID(int=number))
    assert taken(desk, UUID(int=3)) == [UUID(int=4)]
    assert taken(desk, UUID(int=0)) == [UUID(int=1), UUID(int=2), UUID(int=4)]
