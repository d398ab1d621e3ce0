"""A long history of one Client, made inside the database: people, conversations, messages, the index of their words.

Sealed values are random but for the rows that will be opened, which are sealed as the product does it and lie where
they would lie. What is looked at, and the measuring, is reads.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import psycopg

from konectus.cli.bench.ground import Ground
from konectus.ids import uuid7
from konectus.sealing import ClientKeys
from konectus.store.queries import search
from konectus.store.roles import Role

SPAN = timedelta(days=330)
VOCABULARY = 50_000
WORDS_EACH = 12
THREADS = 200
_PER_CONVERSATION = 50
_CHUNK = 250_000
_SYLLABLES = [a + b for a in "bcdfglmnprstvz" for b in "aeiou"]
Conn = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class History:
    """How many messages there are, the conversations whose threads open, and places in the list."""

    messages: int
    threads: Sequence[UUID]
    places: Sequence[tuple[datetime, UUID]]


def word(rank: int) -> str:
    """The word that is the `rank`th most frequent, from 1 on. Ranks are drawn so that rank n comes up 1/n as often."""
    letters, rest = "x", rank
    while rest:
        rest, place = divmod(rest, len(_SYLLABLES))
        letters += _SYLLABLES[place]
    return letters


def words(random: Random, number: int) -> list[str]:
    return [word(int(VOCABULARY ** random.random())) for _ in range(number)]


def make(ground: Ground, messages: int, queries: Sequence[str]) -> History:
    """`messages` of the ground's Client over the last eleven months; what `queries` find can be opened."""
    with _connected(ground.owner.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        owner.execute(_OBJECTS)
        with _connected(ground.installation.database.conninfo(Role.WORKER)) as conn:
            making = _Making(ground, owner, conn, messages, ground.installation.clock.now() - SPAN)
            making.people()
            making.words()
            making.talks()
            threads = making.threads()
            making.seal(threads, queries)
            making.texts()
        owner.execute("vacuum analyze tenant.message, tenant.conversation, tenant.contact")
        places = owner.execute("select last_at, id from bench.talk order by random() limit 1000").fetchall()
        owner.execute("drop schema bench cascade")
    return History(messages, threads, places)  # type: ignore[arg-type]  # rows of the two columns


@contextmanager
def _connected(conninfo: str) -> Iterator[Conn]:
    with psycopg.connect(conninfo, autocommit=True) as conn:
        yield conn


@dataclass(frozen=True)
class _Making:
    """Beside the product's tables stand those of the schema bench, which the owner fills and the worker reads."""

    ground: Ground
    owner: Conn
    conn: Conn
    messages: int
    began: datetime

    @property
    def values(self) -> dict[str, object]:
        span = {"began": self.began, "span": SPAN, "total": self.messages}
        return span | {"client": self.ground.client_id, "connector": self._connector()}

    def people(self) -> None:
        """Contacts whose names open, one conversation each."""
        keys, random = self._keys, Random(2)  # noqa: S311 - names of nobody
        with self.owner.cursor() as cursor, cursor.copy("copy bench.person from stdin") as copy:
            for number in range(max(self.messages // _PER_CONVERSATION, THREADS)):
                contact, talk = uuid7(self.began), uuid7(self.began)
                name = " ".join(words(random, 2)).title()
                copy.write_row((number, contact, talk, keys.seal_text(name, "contact", "name_sealed", contact)))
        ranks = range(1, VOCABULARY + 1)
        hashes = search.hashes(keys, [word(rank) for rank in ranks], search.WORD)
        with self.owner.cursor() as cursor, cursor.copy("copy bench.vocabulary from stdin") as copy:
            for row in zip(ranks, hashes, strict=True):
                copy.write_row(row)
        self.conn.execute(_CONTACTS, self.values)

    def words(self) -> None:
        """The index, its tree of words built at the end: it is the same tree, sooner."""
        today = self.began + SPAN
        self.conn.execute("select tenant.keep_search_partitions(%s, %s)", [self.began.date(), today.date()])
        self.owner.execute("drop index tenant.ix_message_search_words")
        for start in range(0, self.messages, _CHUNK):
            part = {"from": start, "to": min(start + _CHUNK, self.messages)}
            self.conn.execute(_SAID, self.values | part)
        self.owner.execute("set maintenance_work_mem = '512MB'")
        self.owner.execute(
            "create index ix_message_search_words on tenant.message_search using gin (words) with (fastupdate = off)"
        )
        self.owner.execute("vacuum analyze tenant.message_search")

    def talks(self) -> None:
        self.conn.execute("insert into bench.talk " + _TALKS, self.values)
        self.conn.execute(_CONVERSATIONS, self.values)
        self.owner.execute("analyze tenant.conversation")

    def threads(self) -> list[UUID]:
        """Conversations picked by chance: long and short ones as they come."""
        rows = self.owner.execute("select id from bench.talk order by random() limit %s", [THREADS]).fetchall()
        return [row[0] for row in rows]  # type: ignore[misc]  # uuid

    def seal(self, threads: Sequence[UUID], queries: Sequence[str]) -> None:
        """Texts of the newest message of each conversation, of the threads' newest pages, of all that is found."""
        keys, random = self._keys, Random(3)  # noqa: S311 - texts of nobody
        opened = {row[0] for row in self.owner.execute("select newest from bench.talk")}
        opened |= {row[0] for row in self.conn.execute(_PAGES, {"threads": list(threads), "client": keys.client_id})}
        with self.ground.installation.database.session(Role.APP, keys.client_id) as session:
            for query in queries:
                opened |= set(search.message_ids(session, keys, query))
        with self.owner.cursor() as cursor, cursor.copy("copy bench.sealed from stdin") as copy:
            for message in opened:
                text = " ".join(words(random, WORDS_EACH))
                copy.write_row((message, keys.seal_text(text, "message", "text_sealed", message)))  # type: ignore[arg-type]  # uuid
        self.owner.execute("analyze bench.sealed")

    def texts(self) -> None:
        """The messages themselves, in the order of time, as intake writes them."""
        steps = max(self.messages // _CHUNK, 1)
        for step in range(steps):
            part = {"from": self.began + SPAN * step / steps, "to": self.began + SPAN * (step + 1) / steps}
            self.conn.execute(_MESSAGES, self.values | part)

    def _connector(self) -> object:
        row = self.conn.execute(
            "select id from tenant.connector where client_id = %s", [self.ground.client_id]
        ).fetchone()
        return row and row[0]

    @property
    def _keys(self) -> ClientKeys:
        return self.ground.installation.keys.of(self.ground.client_id)


_OBJECTS = """
create schema bench;
create table bench.person (n int primary key, contact uuid, talk uuid, name bytea);
create table bench.vocabulary (rank int primary key, hash bigint);
create table bench.talk (id uuid primary key, last_at timestamptz, newest uuid);
create table bench.sealed (message uuid primary key, text bytea);
create function bench.noise(p_bytes int) returns bytea language sql volatile
  return uuid_send(gen_random_uuid()) || decode(repeat('5a', p_bytes - 16), 'hex');
create function bench.said(p_from int, p_to int, p_total int, p_began timestamptz, p_span interval)
returns table (at timestamptz, message uuid, talk uuid, words bigint[]) language plpgsql as $$
declare
  vocabulary bigint[] := (select array_agg(hash order by rank) from bench.vocabulary);
  talks uuid[] := (select array_agg(p.talk order by n) from bench.person p);
  drawn text;
begin
  for i in p_from .. p_to - 1 loop
    at := p_began + p_span * (i::float8 / p_total);
    drawn := replace(gen_random_uuid()::text, '-', '');
    message := (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || substr(drawn, 1, 3)
      || '8' || substr(drawn, 17, 15))::uuid;
    talk := talks[1 + floor(cardinality(talks) * power(random(), 1.5))::int];
    words := array[DRAWN];
    return next;
  end loop;
end $$;
grant usage on schema bench to konectus_worker;
grant select, insert on all tables in schema bench to konectus_worker;
""".replace("DRAWN", ", ".join([f"vocabulary[floor(power({VOCABULARY}, random()))::int]"] * WORDS_EACH))
_CONTACTS = """
insert into tenant.contact (client_id, id, connector_id, external_key, external_id_sealed, name_sealed, first_seen_at,
  profile_asked_at)
select %(client)s, contact, %(connector)s, uuid_send(gen_random_uuid()), bench.noise(45), name, %(began)s, %(began)s
from bench.person
"""
_SAID = """
insert into tenant.message_search (client_id, at, message_id, conversation_id, words)
select %(client)s, at, message, talk, words from bench.said(%(from)s, %(to)s, %(total)s, %(began)s, %(span)s)
"""
_TALKS = """
select conversation_id, max(at), max(message_id::text)::uuid from tenant.message_search where client_id = %(client)s
group by conversation_id
"""
_CONVERSATIONS = """
insert into tenant.conversation (client_id, id, connector_id, contact_id, channel, status, opened_at, last_at,
  window_opened_at, window_opened_by, unread)
select %(client)s, p.talk, %(connector)s, p.contact, 'messenger', 'open', %(began)s, coalesce(t.last_at, %(began)s),
  t.last_at, 'message', 1
from bench.person p left join bench.talk t on t.id = p.talk
"""
_PAGES = """
select message_id from (
  select message_id, row_number() over (partition by conversation_id order by at desc) as place
  from tenant.message_search where client_id = %(client)s and conversation_id = any(%(threads)s)) n
where place <= 50
"""
_MESSAGES = """
insert into tenant.message (client_id, id, connector_id, conversation_id, direction, author, kind, external_key,
  external_id_sealed, text_sealed, occurred_at, received_at, status)
select %(client)s, s.message_id, %(connector)s, s.conversation_id, 'in', 'contact', 'message',
  uuid_send(gen_random_uuid()), null, coalesce(b.text, bench.noise(120)), s.at, s.at, 'received'
from tenant.message_search s left join bench.sealed b on b.message = s.message_id
where s.client_id = %(client)s and s.at >= %(from)s and s.at < %(to)s order by s.at
"""
