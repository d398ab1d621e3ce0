"""The only driver of Alembic: brings the main and the released database to the newest schema, roles and policies."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import URL, Connection, Engine, MetaData, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from konectus.domain import readings
from konectus.domain.readings import Readings
from konectus.domain.suspension import POLICIES
from konectus.errors import Unavailable
from konectus.store import policies
from konectus.store.base import Base
from konectus.store.models import released
from konectus.store.registry import ENTRIES

if TYPE_CHECKING:
    from alembic.config import Config

MAIN = "main"
RELEASED = "released"
LOCK = 4_211_337  # one migrator at a time, whatever the number of machines
_SCHEMAS = {MAIN: {entry.table.schema for entry in ENTRIES}, RELEASED: {"released"}}
_PAUSES = (0.5, 1.0, 2.0, 4.0)
_ASK_AGAIN = 0.2
_REVISION = re.compile(r'^(revision|down_revision)\b[^=]*= "(\w+)"', re.MULTILINE)
# A migration that cannot get its lock gives up instead of queueing everybody behind it (P35).
_TIMEOUTS = "-c lock_timeout=2s -c statement_timeout=15min"


class SchemaBehind(Unavailable):
    """The database is not at the newest revision; `konectus migrate` brings it there."""

    code = "schema_behind"


class SchemaBusy(Unavailable):
    """A lock the migration needs was not free; nothing was changed."""

    code = "schema_busy"


def released_url(main: URL) -> URL:
    """The address of the second database, beside the main one in the same cluster."""
    return main.set(database="released" if main.database == "konectus" else f"{main.database}_released")


def migrate(owner: URL, master_key: bytes) -> None:
    """Create what is missing and upgrade both databases. `owner` must be allowed to create roles and databases.

    Waits for another migrator. Raises SchemaBusy where somebody held a table longer than all tries took.
    """
    with _engine(owner) as engine, _alone(engine):
        _patiently(lambda: _migrate_main(engine, master_key))
        _create_database(engine, released_url(owner))
        with _engine(released_url(owner)) as other:
            _patiently(lambda: _upgrade(RELEASED, other))


def _migrate_main(engine: Engine, master_key: bytes) -> None:
    with engine.begin() as conn:
        policies.create_roles(conn, master_key)
        _make_schemas(conn)
    _upgrade(MAIN, engine)
    with engine.begin() as conn:
        policies.apply(conn)
        _seed_cause_matrix(conn)
        _seed_readings(conn)


def _upgrade(tree: str, engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415  # late: every process asks for the head, one migrates

    with engine.connect() as conn:
        command.upgrade(config(tree, conn), "head")


def _patiently(step: Callable[[], None]) -> None:
    """Try again where a table's lock was not free in time: each step is a transaction that leaves nothing behind."""
    for pause in _PAUSES:
        if _done(step):
            return
        sleep(pause)
    if not _done(step):
        mend = "end long transactions (pg_stat_activity shows them) and run konectus migrate again"
        raise SchemaBusy(f"somebody holds a table that has to change; {mend}")


def _done(step: Callable[[], None]) -> bool:
    try:
        step()
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable | DeadlockDetected):
            raise
        return False
    return True


def require_head(conn: Connection) -> None:
    """Raises SchemaBehind unless the main database is at the newest revision."""
    if _current(conn) != head():
        raise SchemaBehind("the database schema is not the one this release needs; run: konectus migrate")


def _current(conn: Connection) -> str | None:
    known = conn.execute(text("select to_regclass('platform.alembic_version')")).scalar()
    return conn.execute(text("select version_num from platform.alembic_version")).scalar() if known else None


def head() -> str:
    """The newest revision of the main tree, as Alembic has it, read without loading Alembic."""
    named: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for path in (_scripts() / "versions").glob("*.py"):
        for what, name in _REVISION.findall(path.read_text()):
            named[what].add(name)
    (newest,) = named["revision"] - named["down_revision"]
    return newest


def config(tree: str, conn: Connection) -> "Config":
    """An Alembic configuration of one of the two trees over an open connection."""
    from alembic.config import Config  # noqa: PLC0415  # late: as above

    scripts = _scripts()
    made = Config()
    made.set_main_option("script_location", str(scripts))
    made.set_main_option("version_locations", str(scripts / ("versions" if tree == MAIN else "released")))
    made.set_main_option("path_separator", "os")
    metadata: MetaData = Base.metadata if tree == MAIN else released.ReleasedBase.metadata
    made.attributes.update(
        connection=conn,
        metadata=metadata,
        schemas=_SCHEMAS[tree],
        version_schema="platform" if tree == MAIN else "public",
    )
    return made


def _scripts() -> Path:
    """The revisions: beside the packages in a checkout, inside `konectus` in an installed wheel."""
    here = Path(__file__).resolve()
    beside = here.parents[2] / "alembic"
    return beside if (beside / "env.py").exists() else here.parents[1] / "_alembic"


@contextmanager
def _engine(url: URL) -> Iterator[Engine]:
    engine = create_engine(url, poolclass=NullPool, connect_args={"options": _TIMEOUTS})
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Hold a lock of the session, so that two migrators wait for each other; outside any transaction.

    Asked for again and again: a statement that waits holds a snapshot, and a concurrent index would wait for that.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        while not conn.execute(text("select pg_try_advisory_lock(:lock)"), {"lock": LOCK}).scalar():
            sleep(_ASK_AGAIN)
        yield


def _make_schemas(conn: Connection) -> None:
    for schema in policies.SCHEMAS:
        conn.execute(text(f"create schema if not exists {schema}"))


def _create_database(engine: Engine, url: URL) -> None:
    """CREATE DATABASE knows no IF NOT EXISTS and no transaction."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        known = conn.execute(text("select 1 from pg_database where datname = :name"), {"name": url.database}).scalar()
        if not known:
            conn.execute(text(f'create database "{url.database}"'))


def _seed_cause_matrix(conn: Connection) -> None:
    """The matrix lives in domain/suspension.py; SQL reads these rows of it."""
    statement = text(
        "insert into ledger.cause_policy"
        " values (:cause, :login, :inbox, :send, :ingest, :export, :renewal, :window, :lift)"
        " on conflict (cause) do update set block_login = excluded.block_login, block_inbox = excluded.block_inbox,"
        " block_send = excluded.block_send, block_ingest = excluded.block_ingest, block_export = excluded.block_export,"
        " block_renewal = excluded.block_renewal, starts_window = excluded.starts_window,"
        " lift_rule = excluded.lift_rule"
    )
    for cause, policy in POLICIES.items():
        values = {"cause": cause, "login": policy.login, "inbox": policy.inbox, "send": policy.send}
        values |= {"ingest": policy.ingest, "export": policy.export, "renewal": policy.renewal}
        conn.execute(statement, values | {"window": policy.starts_window, "lift": policy.lift})


def _seed_readings(conn: Connection) -> None:
    """What no row says yet gets its default; what the owner changed stays."""
    statement = text(
        "insert into ledger.reading (name, value, clause) values (:name, cast(:value as jsonb), :clause)"
        " on conflict (name) do update set clause = excluded.clause"
    )
    for one in fields(Readings):
        value = json.dumps(readings.as_json(one.default))
        conn.execute(statement, {"name": one.name, "value": value, "clause": readings.CLAUSES[one.name]})
