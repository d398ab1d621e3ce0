"""Sessions: committed at the end or not at all, and what is told when the server is gone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from konectus.clock import monotonic
from konectus.services.installation import Installation
from konectus.store import session as sessions_module
from konectus.store.cluster import Cluster
from konectus.store.roles import Role
from konectus.store.session import Database, DatabaseDown
from tests.support.database import Sessions
from tests.support.factories import Factory

READ_PLANS = text("select count(*) from ledger.plan")
ADD_PLAN = text("insert into ledger.plan (code, name, active) values ('x', 'X', true)")


def plans(database: Database) -> object:
    with database.session(Role.WORKER) as session:
        return session.execute(READ_PLANS).scalar()


def test_block_that_fails_commits_nothing_and_one_that_ends_commits_all(installation: Installation) -> None:
    with pytest.raises(RuntimeError), installation.database.session(Role.WORKER) as session:
        session.execute(ADD_PLAN)
        raise RuntimeError("algo falla después")
    assert plans(installation.database) == 0
    with installation.database.session(Role.WORKER) as session:
        session.execute(ADD_PLAN)
        assert plans(installation.database) == 0
    assert plans(installation.database) == 1


def test_pooled_connection_carries_no_client_to_its_next_user(
    installation: Installation, make: Factory, sessions: Sessions
) -> None:
    client_id = make.client().id
    database = Database(
        lambda role: make_url(installation.database.conninfo(role)).set(drivername="postgresql+psycopg"), pool_size=1
    )
    with database.session(Role.APP, client_id) as session:
        first = session.execute(text("select pg_backend_pid()")).scalar()
        assert session.execute(text("select count(*) from ledger.client")).scalar() == 1
    with database.session(Role.APP) as session:
        assert session.execute(text("select pg_backend_pid()")).scalar() == first
        assert session.execute(text("select count(*) from ledger.client")).scalar() == 0
        sessions_module.enter(session, client_id)
        assert session.execute(text("select count(*) from ledger.client")).scalar() == 1
    with database.session(Role.APP, UUID(int=7)) as session:
        assert session.execute(text("select count(*) from ledger.client")).scalar() == 0
    database.dispose()


def test_mistake_in_a_statement_is_not_told_as_a_database_that_is_down(installation: Installation) -> None:
    with pytest.raises(ProgrammingError), installation.database.session(Role.WORKER) as session:
        session.execute(text("select * from ledger.nothing"))
    with pytest.raises(IntegrityError), installation.database.session(Role.WORKER) as session:
        session.execute(ADD_PLAN)
        session.execute(ADD_PLAN)
    with (
        pytest.raises(OperationalError, match="statement timeout"),
        installation.database.session(Role.WORKER) as session,
    ):
        session.execute(text("set local statement_timeout = '50ms'"))
        session.execute(text("select pg_sleep(5)"))


@pytest.mark.parametrize("sqlstate", ["08006", "53100", "53300", "57P01"])
def test_server_that_breaks_off_or_has_no_room_is_told_as_down(installation: Installation, sqlstate: str) -> None:
    with pytest.raises(DatabaseDown), installation.database.session(Role.WORKER) as session:
        session.execute(text(f"do $$ begin raise exception 'x' using errcode = '{sqlstate}'; end $$"))


def test_exhausted_pool_is_told_as_down(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions_module, "POOL_PATIENCE", 0.2)  # ten seconds of waiting prove nothing more
    url = make_url(installation.database.conninfo(Role.WORKER)).set(drivername="postgresql+psycopg")
    database = Database(lambda _: url, pool_size=1)
    with database.session(Role.WORKER) as first, database.session(Role.WORKER) as second:
        for session in (first, second):
            session.execute(READ_PLANS)
        with pytest.raises(DatabaseDown, match="taken"), database.session(Role.WORKER) as third:
            third.execute(READ_PLANS)
    database.dispose()


def test_threads_that_ask_at_once_share_one_pool_per_role(installation: Installation) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: installation.database.engine(Role.APP), range(32)))
    assert len({id(engine) for engine in found}) == 1


@pytest.fixture
def own(cluster: Cluster) -> Iterator[Database]:
    """A database on a server of the test's own, as its owner (no role of ours is needed to see it go)."""
    url = make_url(cluster.start().url("konectus"))
    database = Database(lambda _: url)
    yield database
    database.dispose()


def test_server_that_crashes_is_told_in_time_and_found_again_without_a_restart(cluster: Cluster, own: Database) -> None:
    def ask() -> object:
        with own.session(Role.WORKER) as session:
            return session.execute(text("select 1")).scalar()

    assert ask() == 1
    with pytest.raises(DatabaseDown), own.session(Role.WORKER) as session:
        session.execute(text("select 1"))
        cluster.crash()
        session.execute(text("select 1"))
    began = monotonic()
    with pytest.raises(DatabaseDown, match="does not answer"):
        ask()
    assert monotonic() - began < 1.0 + sessions_module.CONNECT_PATIENCE
    cluster.start()
    assert ask() == 1


def test_connection_that_was_ended_while_idle_is_replaced_unseen(
    installation: Installation, sessions: Sessions
) -> None:
    with sessions.staff() as busy:
        busy.execute(text("select 1"))
        with sessions.staff() as idle:
            pid = idle.execute(text("select pg_backend_pid()")).scalar_one()
        busy.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
    with sessions.staff() as first, sessions.staff() as second:
        assert [session.execute(text("select 1")).scalar() for session in (first, second)] == [1, 1]


def test_nothing_listens_where_the_address_is_wrong(tmp_path: Path) -> None:
    database = Database(lambda _: make_url(f"postgresql+psycopg://x@/x?host={tmp_path}"))
    with pytest.raises(DatabaseDown), database.session(Role.WORKER) as session:
        session.execute(text("select 1"))
