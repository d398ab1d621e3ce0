"""The indexer: what waits is done once and together with its mark, beside withdrawals, other indexers and old rows."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from ingestion.sender import indexing
from ingestion.sender.indexing import Indexing
from konectus.domain.channels import Channel
from konectus.ids import token
from konectus.services.installation import Installation
from konectus.store import locks
from konectus.store.queries import groups, search, search_index
from konectus.store.queries.groups import Migration
from konectus.store.queries.search_index import Indexed
from konectus.store.roles import Role
from tests.support.desk import Desk
from tests.support.factories import Factory


@pytest.fixture
def thread(desk: Desk) -> UUID:
    return desk.conversation(desk.connector())


@pytest.fixture
def indexing_of(installation: Installation) -> Indexing:
    return Indexing(installation.works)


def said(desk: Desk, thread: UUID, words: str) -> UUID:
    return desk.outside(thread, f"m_{token()}", words)


def queue(desk: Desk, *messages: UUID) -> None:
    with desk.installation.database.session(Role.WORKER) as session:
        search.queue(session, desk.client_id, messages, desk.installation.clock.now())


def found(desk: Desk, words: str) -> list[UUID]:
    keys = desk.installation.keys.of(desk.client_id)
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        return [hit.message_id for hit in search.messages(session, keys, words)]


def catch_up(desk: Desk, **later: float) -> None:
    """As the migration asks for it."""
    desk.sql(
        "insert into tenant.search_pending (client_id, id, message_ids, older_than, queued_at)"
        " values (:client, gen_random_uuid(), '{}', 'ffffffff-ffff-ffff-ffff-ffffffffffff', :at)",
        client=desk.client_id,
        at=desk.installation.clock.now() + timedelta(**later),
    )


def count(desk: Desk, table: str) -> object:
    return desk.sql(f"select count(*) from tenant.{table}")


def test_what_waits_is_indexed_once_and_its_row_goes_with_it(desk: Desk, thread: UUID, indexing_of: Indexing) -> None:
    messages = [said(desk, thread, f"hola {number}") for number in range(3)]
    queue(desk, *messages[:2])
    queue(desk, messages[2], messages[0])
    assert indexing_of.step()
    assert not indexing_of.step()
    assert count(desk, "search_pending") == 0
    assert sorted(found(desk, "hola")) == sorted(messages)
    queue(desk)  # nothing to say is no row
    assert count(desk, "search_pending") == 0


def test_step_that_fails_leaves_all_of_it_waiting(
    desk: Desk, thread: UUID, indexing_of: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(desk, said(desk, thread, "hola"))
    with monkeypatch.context() as broken:
        broken.setattr(search_index, "done", lambda *_: 1 / 0)  # the process dies between index and mark
        with pytest.raises(ZeroDivisionError):
            indexing_of.step()
    assert (count(desk, "search_pending"), count(desk, "message_search")) == (1, 0)
    indexing_of.step()
    assert (count(desk, "search_pending"), count(desk, "message_search")) == (0, 1)


def test_message_that_does_not_open_keeps_no_other_from_being_found(
    desk: Desk, thread: UUID, indexing_of: Indexing
) -> None:
    damaged, good = said(desk, thread, "hola mal"), said(desk, thread, "hola bien")
    desk.sql("update tenant.message set text_sealed = '\\x00' where id = :id", id=damaged)
    queue(desk, damaged, good, UUID(int=7))
    indexing_of.step()
    assert found(desk, "hola") == [good]
    assert count(desk, "search_pending") == 0


def test_client_whose_keys_are_not_there_waits_for_them_and_the_others_go_on(
    installation: Installation, make: Factory, desk: Desk, thread: UUID
) -> None:
    other = Desk.of(installation, make)
    theirs = said(other, other.conversation(other.connector()), "hola")
    ours = said(desk, thread, "hola")
    queue(desk, ours)
    queue(other, theirs)
    before_search = Desk.of(installation, make)
    old = said(before_search, before_search.conversation(before_search.connector()), "hola")
    catch_up(before_search)
    folder = installation.settings.data_dir / "keystore"
    keys = [path for path in folder.glob("client-*") if str(other.client_id) not in path.name]
    away = [path.rename(path.with_name(f"away-{path.name}")) for path in keys]
    assert len(away) == 4, "two Clients, two keys each"
    installation.keys.forget()
    indexing_of = Indexing(installation.works)
    steps = [indexing_of.step() for _ in range(4)]
    assert steps[-1] is False, "it does not turn round and round over what it cannot do"
    assert found(other, "hola") == [theirs]
    assert (count(desk, "search_pending"), count(desk, "message_search")) == (2, 1)
    for path in away:
        path.rename(path.with_name(path.name.removeprefix("away-")))
    desk.wait(minutes=6)
    while indexing_of.step():
        pass
    assert (found(desk, "hola"), found(before_search, "hola")) == ([ours], [old])
    assert count(desk, "search_pending") == 0


def test_newest_goes_first_and_a_transaction_stays_short(
    desk: Desk, thread: UUID, indexing_of: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_MESSAGES", 2)
    old, new = [said(desk, thread, "hola") for _ in range(2)], [said(desk, thread, "hola") for _ in range(2)]
    queue(desk, *old)
    desk.wait(seconds=1)
    queue(desk, *new)
    assert indexing_of.step()
    assert sorted(found(desk, "hola")) == sorted(new)
    indexing_of.step()
    assert len(found(desk, "hola")) == 4


def test_second_indexer_leaves_a_client_to_the_first(desk: Desk, thread: UUID, indexing_of: Indexing) -> None:
    queue(desk, said(desk, thread, "hola"))
    with desk.installation.database.session(Role.WORKER) as first:
        assert locks.try_search_index(first, desk.client_id)
        assert not indexing_of.step()
    with desk.installation.database.session(Role.WORKER) as first:
        assert len(search_index.claim(first, 10)) == 1
        assert not indexing_of.step()
    assert count(desk, "search_pending") == 1
    indexing_of.step()
    assert len(found(desk, "hola")) == 1


def test_withdrawal_waits_for_who_is_indexing_that_message(desk: Desk, thread: UUID) -> None:
    """Read before it was withdrawn, written after: its words would stay for ever."""
    gone, database = said(desk, thread, "me arrepiento"), desk.installation.database
    keys = desk.installation.keys.of(desk.client_id)

    def withdraw() -> None:
        with database.session(Role.WORKER) as session:
            session.execute(
                text("update tenant.message set deleted_at = occurred_at, text_sealed = null where id = :id"),
                {"id": gone},
            )
            search.forget(session, desk.client_id, [gone])

    with ThreadPoolExecutor(1) as threads:
        with database.session(Role.WORKER) as session:
            locks.search_index(session, desk.client_id)
            (shown,) = search_index.shown(session, keys, [gone])
            assert shown.text == "me arrepiento"
            withdrawn = threads.submit(withdraw)
            assert wait([withdrawn], timeout=0.3).not_done
            search_index.write_messages(session, desk.client_id, [Indexed(shown, [1])])
        withdrawn.result(timeout=20)
    assert count(desk, "message_search") == 0


def test_client_that_was_here_before_search_is_caught_up_behind_what_is_new(
    desk: Desk, thread: UUID, indexing_of: Indexing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_MESSAGES", 3)
    keys, contact = desk.installation.keys.of(desk.client_id), desk.sql("select id from tenant.contact")
    assert isinstance(contact, UUID)
    name = keys.seal_text("Mariana", "contact", "name_sealed", contact)
    desk.sql("update tenant.contact set name_sealed = :name", name=name)
    for number in range(7):
        desk.wait(seconds=1)
        said(desk, thread, f"viejo {number}")
    at = datetime(2025, 3, 8, tzinfo=UTC)
    desk.sql("update tenant.message set occurred_at = cast(:at as timestamptz)", at=at)
    catch_up(desk)
    desk.wait(seconds=1)
    new = said(desk, thread, "nuevo")
    queue(desk, new)
    assert indexing_of.step()
    assert (found(desk, "nuevo"), found(desk, "viejo")) == ([new], [])
    assert indexing_of.step()
    assert len(found(desk, "viejo")) == 2  # and the new one once more
    while indexing_of.step():
        pass
    assert len(found(desk, "viejo")) == 7
    month = "select count(*) from tenant.message_search where tableoid = 'tenant.message_search_p20250301'::regclass"
    assert desk.sql(month) == 7
    with desk.installation.database.session(Role.APP, desk.client_id) as session:
        assert [person.name for person in search.people(session, keys, "mari")] == ["Mariana"]
    assert count(desk, "search_pending") == 0


def test_message_that_a_process_of_the_release_before_stored_is_found_a_day_later(
    desk: Desk, thread: UUID, indexing_of: Indexing
) -> None:
    catch_up(desk)
    catch_up(desk, days=1)
    while indexing_of.step():
        pass
    assert count(desk, "search_pending") == 1
    old = said(desk, thread, "de antes")  # it queues nothing
    assert not indexing_of.step()
    desk.wait(days=1)
    while indexing_of.step():
        pass
    assert found(desk, "antes") == [old]
    assert count(desk, "search_pending") == 0


def test_messages_of_two_conversations_that_became_one_are_found_in_the_one_that_goes_on(
    desk: Desk, indexing_of: Indexing
) -> None:
    """The index kept naming the one that had ended, in which nothing is found."""
    connector = desk.connector(Channel.TELEGRAM)
    going_on, ended = (desk.conversation(connector, Channel.TELEGRAM, person=person) for person in ("-5", "-1005"))
    message = said(desk, ended, "hola a todos")
    queue(desk, message)
    indexing_of.step()
    keys = desk.installation.keys.of(desk.client_id)
    with desk.installation.database.session(Role.WORKER) as session:
        move = Migration(client_id=desk.client_id, connector_id=connector, old="-5", new="-1005")
        merged = groups.rename(session, keys, move)
        assert merged is not None
        search.queue(session, desk.client_id, list(merged.messages), desk.installation.clock.now())
    indexing_of.step()
    assert found(desk, "hola") == [message]
    assert desk.sql("select conversation_id from tenant.message_search") == going_on


def test_months_are_made_ahead_once_and_far_ones_are_left_to_the_default(desk: Desk) -> None:
    months = "select count(*) from pg_inherits where inhparent = 'tenant.message_search'::regclass"
    with desk.installation.database.session(Role.WORKER) as session:
        before = session.execute(text(months)).scalar_one()
        for _ in range(2):
            search.keep_partitions(session, date(2027, 6, 15), date(2027, 8, 1))
        search.keep_partitions(session, date(1970, 1, 1), date(1970, 6, 1))
        assert session.execute(text(months)).scalar_one() == before + 3
