"""Migrations on a server of their own: up, down, twice, at once, and what a process says of an old schema."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, NullPool, create_engine, make_url, text

from konectus.domain.suspension import POLICIES
from konectus.services.installation import Installation
from konectus.store import migrations, policies
from konectus.store.cluster import Cluster, Endpoint
from konectus.store.migrations import MAIN, RELEASED, SchemaBehind, SchemaBusy, migrate, released_url, require_head
from konectus.store.registry import BY_TABLE
from tests.support.database import MASTER, Templates

# What is in the database and what each login may do with it, as text: two of these are compared.
_SHAPE = """
select 'table ' || n.nspname || '.' || c.relname || ' ' || coalesce(c.relacl::text, '') || c.relrowsecurity
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any(:schemas) and c.relkind <> 'i'
union all select 'column ' || table_schema || '.' || table_name || '.' || column_name || ' ' || data_type || is_nullable
  from information_schema.columns where table_schema = any(:schemas)
union all select 'policy ' || schemaname || '.' || tablename || ' ' || policyname || ' ' || coalesce(qual, '')
  from pg_policies where schemaname = any(:schemas)
union all select 'index ' || indexdef from pg_indexes where schemaname = any(:schemas)
union all select 'check ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint
  where connamespace::regnamespace::text = any(:schemas)
union all select 'function ' || p.oid::regprocedure || ' ' || coalesce(p.proacl::text, '') || p.proowner::regrole
  from pg_proc p where p.pronamespace::regnamespace::text = any(:schemas)
union all select 'trigger ' || tgrelid::regclass || ' ' || tgname from pg_trigger where not tgisinternal
"""


@pytest.fixture
def owner(cluster: Cluster) -> URL:
    """The owner's address of an empty database on a server of the test's own: roles are the cluster's."""
    return make_url(cluster.start().url("konectus"))


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as conn:
        yield conn
    engine.dispose()


def shape(url: URL) -> set[str]:
    with connected(url) as conn:
        return set(conn.execute(text(_SHAPE), {"schemas": [*policies.SCHEMAS, "released"]}).scalars())


def down(url: URL, tree: str, to: str) -> None:
    with connected(url) as conn:
        command.downgrade(migrations.config(tree, conn), to)


def revisions(url: URL, tree: str) -> list[str]:
    """From the newest to the oldest."""
    with connected(url) as conn:
        scripts = ScriptDirectory.from_config(migrations.config(tree, conn))
        return [script.revision for script in scripts.walk_revisions()]


def test_empty_server_gets_both_schemas_and_a_second_run_changes_nothing(owner: URL) -> None:
    with connected(owner) as conn, pytest.raises(SchemaBehind, match="konectus migrate"):
        require_head(conn)
    migrate(owner, MASTER)
    first = shape(owner), shape(released_url(owner))
    assert {line.split()[1] for line in first[0] if line.startswith("table ")} >= set(BY_TABLE)
    assert any(line.startswith("table released.cell ") for line in first[1])
    migrate(owner, MASTER)
    assert (shape(owner), shape(released_url(owner))) == first
    with connected(owner) as conn:
        require_head(conn)
        matrix = conn.execute(text("select count(*) from ledger.cause_policy")).scalar()
    assert matrix == len(POLICIES)


def test_every_step_down_and_up_again_leads_to_the_same_schema(owner: URL) -> None:
    migrate(owner, MASTER)
    for tree, url in ((MAIN, owner), (RELEASED, released_url(owner))):
        whole = shape(url)
        for revision in (*revisions(url, tree)[1:], "base"):
            down(url, tree, revision)
            if tree == MAIN:
                with connected(url) as conn, pytest.raises(SchemaBehind):
                    require_head(conn)
            migrate(owner, MASTER)
            assert shape(url) == whole, (tree, revision)
        down(url, tree, "base")
        left = {line for line in shape(url) if not line.startswith(("index ", "check ", "column "))}
        assert {line.split()[1] for line in left if line.startswith(("table ", "function "))} <= {
            "platform.alembic_version"
        }


_CLIENT = (
    "insert into ledger.client (id, legal_name, legal_name_lower, trade_name, kind, country, registered_email,"
    " language, zone, industry, region, is_agency, authority, created_at, row_version)"
    " values (gen_random_uuid(), 'A', 'a', 'A',"
    " 'entity', 'MX', 'a@a.test', 'es', 'America/Mexico_City', 'x', 'MX-CMX', false, 'verified', now(), 1)"
)
WRITTEN_BY_THIS_RELEASE = (
    (
        "insert into tenant.tombstone (client_id, connector_id, external_key, at)"
        " select client_id, id, 'k', now() from tenant.connector"
    ),
    (
        "insert into platform.connector_request"
        " (id, client_id, connector_id, kind, state, requested_at, requested_by, not_before, attempts)"
        " select gen_random_uuid(), client_id, id, 'reconcile', 'queued', now(), 'test', now(), 0 from tenant.connector"
    ),
)


def test_a_step_down_takes_along_what_the_release_before_does_not_know(owner: URL) -> None:
    """It failed on a constraint as soon as an edit waited for its message or a comparison for its turn."""
    migrate(owner, MASTER)
    with connected(owner) as conn:
        conn.execute(text("alter table tenant.connector no force row level security"))
        conn.execute(text("alter table tenant.tombstone no force row level security"))
        conn.execute(text("alter table platform.connector_request no force row level security"))
        conn.execute(
            text(
                "insert into tenant.connector (client_id, id, channel, account_id, name, state, since, generation,"
                " created_at) values (gen_random_uuid(), gen_random_uuid(), 'telegram', '1', 'b', 'pending_auth',"
                " now(), 1, now())"
            )
        )
        for statement in WRITTEN_BY_THIS_RELEASE:
            conn.execute(text(statement))
        conn.commit()
    down(owner, MAIN, "20261122_objects")
    migrate(owner, MASTER)
    with connected(owner) as conn:
        conn.execute(text("alter table tenant.tombstone no force row level security"))
        assert conn.execute(text("select count(*) from tenant.tombstone")).scalar() == 0


def test_clients_that_were_here_before_search_are_indexed_at_once_and_a_day_later_again(owner: URL) -> None:
    """What the release before stores while its processes are replaced waits for nobody else."""
    migrate(owner, MASTER)
    down(owner, MAIN, "20261122_every_event")
    with connected(owner) as conn:
        conn.execute(text("alter table ledger.client no force row level security"))
        conn.execute(text(_CLIENT))
        conn.commit()
    migrate(owner, MASTER)
    with connected(owner) as conn:
        conn.execute(text("alter table tenant.search_pending no force row level security"))
        waits = conn.execute(text("select older_than, queued_at - min(queued_at) over () from tenant.search_pending"))
        found = sorted((str(older), wait.days) for older, wait in waits)
    assert found == [("ffffffff-ffff-ffff-ffff-ffffffffffff", days) for days in (0, 1)]


@pytest.mark.parametrize("tree", [MAIN, RELEASED])
def test_models_and_migrations_say_the_same(templates: Templates, endpoint: Endpoint, tree: str) -> None:
    name = templates.main if tree == MAIN else templates.released
    with connected(make_url(endpoint.url(name))) as conn:
        command.check(migrations.config(tree, conn))


def test_newest_revision_is_the_one_that_alembic_takes_for_it(templates: Templates, endpoint: Endpoint) -> None:
    assert migrations.head() == revisions(make_url(endpoint.url(templates.main)), MAIN)[0]


def test_two_who_migrate_at_once_wait_for_each_other(owner: URL) -> None:
    """The second used to give up after two seconds: the limit for a table's lock holds for this one too."""
    with connected(owner) as conn, ThreadPoolExecutor(2) as threads:
        conn.execute(text("select pg_advisory_lock(:lock)"), {"lock": migrations.LOCK})
        both = [threads.submit(migrate, owner, MASTER) for _ in range(2)]
        for waiting in both:
            with pytest.raises(TimeoutError):
                waiting.result(timeout=1.5)
        conn.execute(text("select pg_advisory_unlock(:lock)"), {"lock": migrations.LOCK})
        conn.commit()
        for done in both:
            done.result(timeout=60)
    with connected(owner) as conn:
        require_head(conn)


def test_table_in_use_is_not_queued_behind_but_tried_again_and_then_told(
    owner: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_PAUSES", (0.1,))  # seconds of waiting prove nothing more
    migrate(owner, MASTER)
    down(owner, MAIN, "20261122_lifecycle")
    with connected(owner) as conn:
        conn.execute(text("select * from ledger.suspension"))
        with pytest.raises(SchemaBusy, match="pg_stat_activity") as refused:
            migrate(owner, MASTER)
    assert "\n" not in str(refused.value)
    migrate(owner, MASTER)


def test_migrations_give_up_waiting_for_a_lock(owner: URL) -> None:
    with migrations._engine(owner) as engine, engine.connect() as conn:
        assert conn.execute(text("show lock_timeout")).scalar() == "2s"
        assert conn.execute(text("show statement_timeout")).scalar() == "15min"


def test_every_table_with_a_client_forces_a_policy_for_each_login_that_has_rights(
    templates: Templates, endpoint: Endpoint
) -> None:
    with connected(make_url(endpoint.url(templates.main))) as conn:
        tables = conn.execute(
            text(
                "select distinct c.table_schema || '.' || c.table_name, p.relrowsecurity and p.relforcerowsecurity"
                " from information_schema.columns c"
                " join pg_class p on p.oid = format('%I.%I', c.table_schema, c.table_name)::regclass"
                " where c.column_name = 'client_id' and p.relkind in ('r', 'p') and not p.relispartition"
            )
        ).all()
        found = conn.execute(
            text("select schemaname || '.' || tablename, array_agg(policyname::text) from pg_policies group by 1")
        )
        by_table = {name: set(names) for name, names in found}
        rules = conn.execute(
            text(
                "select schemaname || '.' || tablename, qual, with_check from pg_policies"
                " where policyname = 'konectus_app'"
            )
        )
        seen_by_app = {name: {using, check} for name, using, check in rules}
    assert len(tables) >= 20
    for name, forced in tables:
        entry = BY_TABLE[name]
        assert forced, name
        assert by_table[name] >= set(entry.grants), name
        if "konectus_app" in entry.grants and entry.exemption is None:
            (rule,) = seen_by_app[name]
            assert "konectus.client_id" in rule, name
            assert rule.startswith(f"({entry.client_column} = "), name


def test_process_asks_for_the_newest_schema_with_its_own_login(installation: Installation) -> None:
    installation.require_ready()
    owner = make_url(
        installation.settings.database_url.get_secret_value() if installation.settings.database_url else ""
    )
    with connected(owner) as conn:
        conn.execute(text("update platform.alembic_version set version_num = 'an older one'"))
        conn.commit()
    with pytest.raises(SchemaBehind, match="konectus migrate"):
        installation.require_ready()
