"""Search as a Client's people run it: what is found, what is not, whose words, and by which plan."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from ingestion.sender.indexing import Indexing
from konectus.domain.channels import Channel
from konectus.ids import uuid7
from konectus.services.installation import Installation
from konectus.store.queries import search
from konectus.store.queries.search import HitRow
from konectus.store.roles import Role
from tests.support.desk import Desk
from tests.support.factories import Factory


@dataclass(frozen=True)
class Indexed:
    """A Client whose messages are indexed as they are said."""

    desk: Desk

    @property
    def installation(self) -> Installation:
        return self.desk.installation

    def say(self, thread: UUID, words: str) -> UUID:
        self.desk.wait(seconds=1)
        message = self.desk.outside(thread, f"m_{uuid7(self.installation.clock.now()).hex}", words)
        self.queue(message)
        return message

    def queue(self, *messages: UUID) -> None:
        with self.installation.database.session(Role.WORKER) as session:
            search.queue(session, self.desk.client_id, messages, self.installation.clock.now())
        self.index()

    def index(self) -> None:
        step = Indexing(self.installation.works).step
        while step():
            pass

    def name(self, thread: UUID, name: str, handle: str = "") -> None:
        keys = self.installation.keys.of(self.desk.client_id)
        with self.installation.database.session(Role.WORKER) as session:
            contact = session.execute(
                text("select contact_id from tenant.conversation where id = :id"), {"id": thread}
            ).scalar_one()
            sealed = {
                column: keys.seal_text(value, "contact", column, contact)
                for column, value in (("name_sealed", name), ("handle_sealed", handle))
            }
            session.execute(
                text(
                    "update tenant.contact set name_sealed = :name_sealed, handle_sealed = :handle_sealed"
                    " where id = :id"
                ),
                sealed | {"id": contact},
            )
            search.queue(session, self.desk.client_id, [], self.installation.clock.now(), contact_ids=[contact])
        self.index()

    def find(self, words: str, before: tuple[datetime, UUID] | None = None, limit: int = 50) -> list[HitRow]:
        keys = self.installation.keys.of(self.desk.client_id)
        with self.installation.database.session(Role.APP, self.desk.client_id) as session:
            return search.messages(session, keys, words, before=before, limit=limit)

    def found(self, words: str) -> list[UUID]:
        return [hit.message_id for hit in self.find(words)]

    def people(self, typed: str) -> list[str]:
        keys = self.installation.keys.of(self.desk.client_id)
        with self.installation.database.session(Role.APP, self.desk.client_id) as session:
            return [person.name for person in search.people(session, keys, typed)]


@pytest.fixture
def here(installation: Installation, make: Factory) -> Indexed:
    return Indexed(Desk.of(installation, make))


def test_messages_with_all_the_words_are_found_newest_first(here: Indexed) -> None:
    thread = here.desk.conversation(here.desk.connector())
    here.name(thread, "Mariana Ortúzar")
    first = here.say(thread, "¿Dónde está mi PEDIDO 4411?")
    here.say(thread, "Buenas tardes")
    last = here.say(thread, "El pedido ya salió, llega el sábado")
    assert here.found("pedido") == [last, first]
    assert here.found("sabado Pedido") == [last]
    assert here.found("4411") == [first]
    assert here.found("pedido inexistente") == []
    assert here.found("¿?") == []
    (hit,) = here.find("sábado")
    assert (hit.contact_name, hit.conversation_id, hit.text) == (
        "Mariana Ortúzar",
        thread,
        "El pedido ya salió, llega el sábado",
    )
    assert [hit.text[start:end] for start, end in hit.marks] == ["sábado"]


def test_pages_of_found_messages_have_no_gap_and_no_repeat_over_the_months(here: Indexed) -> None:
    thread = here.desk.conversation(here.desk.connector())
    with here.installation.database.session(Role.WORKER) as session:
        search.keep_partitions(session, date(2026, 11, 1), date(2027, 6, 1))
    said: list[UUID] = []
    for _ in range(5):
        said += [here.say(thread, f"hola {number}") for number in range(3)]
        here.desk.wait(days=40)
    # One from before every month that there is, one from after the last.
    for at in ("1999-01-01", "2099-01-01"):
        odd = here.say(thread, "hola de otro tiempo")
        with here.installation.database.session(Role.WORKER) as session:
            session.execute(text("delete from tenant.message_search where message_id = :id"), {"id": odd})
            session.execute(
                text("update tenant.message set occurred_at = cast(:at as timestamptz) where id = :id"),
                {"at": at, "id": odd},
            )
        here.queue(odd)
        said.insert(0 if at < "2000" else len(said), odd)
    found: list[HitRow] = []
    while part := here.find("hola", (found[-1].occurred_at, found[-1].message_id) if found else None, limit=4):
        found += part
    assert [hit.message_id for hit in found] == said[::-1]


def test_another_clients_words_are_never_found(here: Indexed, make: Factory) -> None:
    there = Indexed(Desk.of(here.installation, make))
    for one in (here, there):
        thread = one.desk.conversation(one.desk.connector())
        one.name(thread, "Mariana Ortúzar")
        one.say(thread, "el secreto es azul")
    (mine,), (theirs,) = here.found("secreto"), there.found("secreto")
    assert mine != theirs
    assert len(here.people("mari")) == len(there.people("mari")) == 1
    # Not even by the other one's own hashes: the same word has two.
    keys = there.installation.keys.of(there.desk.client_id)
    stolen = search.hashes(keys, ["secreto"], search.WORD)
    assert stolen != search.hashes(here.installation.keys.of(here.desk.client_id), ["secreto"], search.WORD)
    call = text("select count(*) from app.search_messages(cast(:words as bigint[]), null, null, 50)")
    for client, count in ((here.desk.client_id, 0), (there.desk.client_id, 1), (None, 0)):
        with here.installation.database.session(Role.APP, client) as session:
            assert session.execute(call, {"words": stolen}).scalar() == count


def test_index_is_read_through_its_functions_alone(here: Indexed) -> None:
    for table in ("message_search", "contact_search", "search_pending"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            here.installation.database.session(Role.APP, here.desk.client_id) as session,
        ):
            session.execute(text(f"select 1 from tenant.{table}"))
    for role in (Role.STAFF, Role.WORKER, Role.RELEASER, Role.OPERATOR):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            here.installation.database.session(role) as session,
        ):
            session.execute(text("select * from app.search_messages('{1}', null, null, 1)"))


def test_every_word_found_at_once_or_never_takes_no_words(here: Indexed) -> None:
    thread = here.desk.conversation(here.desk.connector())
    here.say(thread, "hola")
    with here.installation.database.session(Role.APP, here.desk.client_id) as session:
        for words in ("'{}'", "null"):
            found = session.execute(text(f"select count(*) from app.search_messages({words}, null, null, 50)"))
            assert found.scalar() == 0


def test_withdrawn_message_leaves_the_index_in_its_own_transaction(here: Indexed) -> None:
    thread = here.desk.conversation(here.desk.connector())
    gone, kept = here.say(thread, "me arrepiento"), here.say(thread, "me quedo")
    with here.installation.database.session(Role.WORKER) as session:
        session.execute(
            text("update tenant.message set deleted_at = occurred_at, text_sealed = null where id = :id"), {"id": gone}
        )
        search.forget(session, here.desk.client_id, [gone])
        left = session.execute(text("select message_id from tenant.message_search")).scalars().all()
    assert left == [kept]
    assert here.found("arrepiento") == []
    here.queue(gone)
    assert here.found("arrepiento") == []
    assert here.found("me") == [kept]


def test_edited_message_is_found_by_its_new_words_only_and_shown_so(here: Indexed) -> None:
    thread = here.desk.conversation(here.desk.connector())
    message = here.say(thread, "a las cinco")
    edit(here, message, "a las seis")
    here.queue(message)
    assert here.found("cinco") == []
    (hit,) = here.find("seis")
    assert (hit.message_id, hit.text) == (message, "a las seis")


def edit(here: Indexed, message: UUID, words: str) -> None:
    keys, now = here.installation.keys.of(here.desk.client_id), here.installation.clock.now() + timedelta(minutes=1)
    version = uuid7(now)
    with here.installation.database.session(Role.WORKER) as session:
        session.execute(
            text(
                "insert into tenant.message_version (client_id, id, connector_id, external_key, at, text_sealed,"
                " received_at) select client_id, :id, connector_id, external_key, :at, :words, :at"
                " from tenant.message where id = :message"
            ),
            {
                "id": version,
                "at": now,
                "words": keys.seal_text(words, "message_version", "text_sealed", version),
                "message": message,
            },
        )
        session.execute(text("update tenant.message set edited_at = :at where id = :id"), {"at": now, "id": message})


def test_typing_a_name_finds_people_and_a_new_name_replaces_the_old(here: Indexed) -> None:
    page, bot = here.desk.connector(), here.desk.connector(Channel.TELEGRAM)
    mariana, ivan = here.desk.conversation(page), here.desk.conversation(bot, Channel.TELEGRAM)
    here.name(mariana, "Mariana Ortúzar")
    here.name(ivan, "Iván Marín", "ivan_m")
    assert set(here.people("mar")) == {"Mariana Ortúzar", "Iván Marín"}
    assert here.people("marian") == ["Mariana Ortúzar"]
    assert here.people("mar iva") == ["Iván Marín"]
    assert here.people("IVÁN_") == ["Iván Marín"]
    assert here.people("ma") == []
    here.name(mariana, "Lucía Prado")
    assert here.people("marian") == []
    assert here.people("luc") == ["Lucía Prado"]


# A month of one Client, with a word that every message has and one that a hundred of them have.
_MANY = text(
    "insert into tenant.message_search (client_id, at, message_id, conversation_id, words)"
    " select :client, cast(:at as timestamptz) + n * interval '1 second', gen_random_uuid(), :client,"
    " array[-1, n] || case when n % 100 = 0 then array[-2] else '{}' end from generate_series(1, 20000) n"
)


def test_rare_words_are_read_by_the_index_of_words_and_frequent_ones_by_time(here: Indexed) -> None:
    """Under a policy of the reader's own, or planned without the words, both would read the whole month."""
    with here.installation.database.session(Role.WORKER) as session:
        session.execute(_MANY, {"client": here.desk.client_id, "at": here.installation.clock.now()})
    analyzed(here.installation)
    for _ in range(8):  # a prepared statement turns to a general plan after five
        rare, frequent = reads(here, -2), reads(here, -1)
    assert rare == {"words": 200}
    assert frequent == {"time": 50}
    # Both words at once, and one that nobody ever wrote.
    assert reads(here, -1, -2) == {"words": 200}
    assert sum(reads(here, -3).values()) == 0


def analyzed(installation: Installation) -> None:
    owner = installation.settings.database_url
    assert owner is not None
    engine = create_engine(owner.get_secret_value(), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as conn:
        conn.execute(text("analyze tenant.message_search"))


_READ = text(
    "select case when indexrelname like '%words_idx' then 'words' else 'time' end as name, sum(idx_tup_read) as read"
    " from pg_stat_user_indexes where relname like 'message\\_search\\_p%' group by 1"
)


def reads(here: Indexed, *words: int) -> dict[str, int]:
    """How many entries of which index one search reads, as the server counts them."""

    def counted(session: Session) -> dict[str, int]:
        session.execute(text("select pg_stat_force_next_flush()"))
        session.commit()
        session.execute(text("select pg_stat_clear_snapshot()"))
        return {row.name: int(row.read) for row in session.execute(_READ)}

    with here.installation.database.session(Role.APP, here.desk.client_id) as session:
        before = counted(session)
        call = text("select count(*) from app.search_messages(cast(:words as bigint[]), null, null, 50)")
        session.execute(call, {"words": list(words)})
        after = counted(session)
    return {name: read - before[name] for name, read in after.items() if read != before[name]}
