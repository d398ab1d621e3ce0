"""The catalogue of the database: planes, policies, what each login sees; asked as that login, not as owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool, QueuePool

from konectus.domain.suspension import Cause
from konectus.services import suspensions
from konectus.services.installation import Installation
from konectus.store.bounds import BOUNDS
from konectus.store.columns import is_sealed
from konectus.store.planes import Plane
from konectus.store.policies import SCHEMAS, VIEWS
from konectus.store.registry import BY_TABLE, ENTRIES
from konectus.store.roles import OWNER, Role, password
from tests.support.database import MASTER, Templates
from tests.support.factories import STAFF, Factory
from tests.support.rows import fill_every_table

PLANES = (Plane.LEDGER, Plane.TENANT)
SCOPED = [e for e in ENTRIES if e.plane in PLANES and (e.exemption is None or e.client_column == "id")]
READ_BY_APP = [e for e in SCOPED if "S" in e.grants.get(Role.APP, "")]
SEALED = [(e, c.name) for e in ENTRIES for c in e.table.columns if is_sealed(c)]


@dataclass(frozen=True)
class TwoClients:
    """Two Clients with at least one row in every table that has a Client."""

    first: UUID
    second: UUID


@pytest.fixture
def two(installation: Installation, make: Factory) -> TwoClients:
    found = TwoClients(make.client(name="Taller Ñandú").id, make.client(name="Florería Lirio").id)
    for client_id in (found.first, found.second):
        fill_every_table(installation, make, client_id)
        with installation.works.staff(STAFF) as work:
            suspensions.suspend_by_hand(work, client_id, Cause.AUP, "Filas para la prueba del catálogo")
    return found


@contextmanager
def connected(installation: Installation, role: Role, *, database: str | None = None) -> Iterator[Connection]:
    address = make_url(
        installation.settings.database_url.get_secret_value() if installation.settings.database_url else ""
    )
    url: URL = address.set(
        drivername="postgresql+psycopg",
        username=role,
        password=password(MASTER, role),
        database=database or address.database,
    )
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as conn:
        yield conn
    engine.dispose()


def test_every_table_of_the_planes_is_in_the_registry(installation: Installation) -> None:
    with connected(installation, Role.WORKER) as conn:
        found = conn.execute(
            text(
                "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
                " where n.nspname = any(:schemas) and c.relkind in ('r', 'p') and not c.relispartition"
                " and c.relname <> 'alembic_version'"
            ),
            {"schemas": list(SCHEMAS)},
        )
        assert set(found.scalars()) == set(BY_TABLE)


def test_every_table_names_its_client_or_its_exemption_and_forces_its_policies(installation: Installation) -> None:
    with connected(installation, Role.WORKER) as conn:
        found = conn.execute(
            text(
                "select n.nspname || '.' || c.relname, relrowsecurity and relforcerowsecurity"
                " from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p')"
            )
        )
        forced = {name: bool(both) for name, both in found}
    for entry in (e for e in ENTRIES if e.plane in PLANES):
        assert forced[entry.name], entry.name
        assert entry.exemption or "client_id" in entry.table.columns, entry.name
        if entry.plane is Plane.TENANT:
            assert entry.exemption is None, entry.name
            assert next(iter(entry.table.primary_key.columns)).name == "client_id", entry.name


@pytest.mark.parametrize("used", [False, True], ids=["fresh connection", "used connection"])
def test_session_sees_its_own_rows_and_none_of_the_others(
    installation: Installation, two: TwoClients, *, used: bool
) -> None:
    address = make_url(installation.database.conninfo(Role.APP)).set(drivername="postgresql+psycopg")
    engine = create_engine(address, poolclass=QueuePool, pool_size=1, max_overflow=0)
    try:
        if used:
            with engine.begin() as conn:
                set_tenant(conn, two.second)
                conn.execute(text("select count(*) from tenant.message"))
        for own, other in ((two.first, two.second), (two.second, two.first)):
            with engine.begin() as conn:
                set_tenant(conn, own)
                for entry in READ_BY_APP:
                    seen = set(conn.execute(text(f"select {entry.client_column} from {entry.name}")).scalars())
                    assert seen == {own}, entry.name
                    assert other not in seen
    finally:
        engine.dispose()


@pytest.mark.parametrize("used", [False, True], ids=["fresh connection", "used connection"])
def test_session_without_a_client_sees_no_row_at_all(
    installation: Installation, two: TwoClients, *, used: bool
) -> None:
    with connected(installation, Role.APP) as conn:
        if used:  # after SET LOCAL the setting reads '' and not NULL
            set_tenant(conn, two.first)
            conn.commit()
        for entry in READ_BY_APP:
            assert conn.execute(text(f"select count(*) from {entry.name}")).scalar() == 0, entry.name


def test_session_cannot_write_a_row_of_another_client(installation: Installation, two: TwoClients) -> None:
    writable = [e for e in SCOPED if "I" in e.grants.get(Role.APP, "")]
    assert len(writable) >= 10
    for entry in writable:
        columns = [column.name for column in entry.table.columns if column.identity is None]
        with connected(installation, Role.WORKER) as conn:
            statement = text(f"select {', '.join(columns)} from {entry.name} where client_id = :id limit 1")
            values = dict(conn.execute(statement, {"id": two.second}).mappings().one())
        values |= {name: "{}" for name, value in values.items() if isinstance(value, dict)}
        listed, named = ", ".join(values), ", ".join(f":{name}" for name in values)
        with connected(installation, Role.APP) as conn:
            set_tenant(conn, two.first)
            with pytest.raises(ProgrammingError, match="row-level security"):
                conn.execute(text(f"insert into {entry.name} ({listed}) values ({named})"), values)


def test_a_clients_people_change_nothing_of_its_contract_but_what_is_theirs(installation: Installation) -> None:
    """Told by PostgreSQL, column by column: an address of Notices or a state of a termination is not among them."""
    narrowed = [entry for entry in ENTRIES if entry.name in BOUNDS and BOUNDS[entry.name].changes]
    assert {"ledger.client", "ledger.notice", "ledger.termination"} <= {entry.name for entry in narrowed}
    assert set(BOUNDS) <= set(BY_TABLE)
    with connected(installation, Role.APP) as conn:
        for entry in narrowed:
            may = {
                column.name
                for column in entry.table.columns
                if conn.execute(
                    text("select has_column_privilege(:t, :c, 'update')"), {"t": entry.name, "c": column.name}
                ).scalar_one()
            }
            assert may == set(BOUNDS[entry.name].changes), entry.name


def test_roles_without_keys_cannot_read_a_sealed_column(installation: Installation) -> None:
    assert len(SEALED) >= 12
    for role in (Role.STAFF, Role.RELEASER, Role.OPERATOR):
        with connected(installation, role) as conn:
            for entry, column in SEALED:
                with pytest.raises(ProgrammingError, match="permission denied"):
                    conn.execute(text(f"select {column} from {entry.name} limit 1"))
                conn.rollback()


def test_analyst_can_connect_to_the_released_database_alone(installation: Installation) -> None:
    main = installation.database.conninfo(Role.ANALYST)
    for database in (make_url(main).database, "postgres", "template1"):
        with (
            pytest.raises(OperationalError, match="permission denied"),
            connected(installation, Role.ANALYST, database=database),
        ):
            pass
    released = installation.released.conninfo(Role.ANALYST)
    with psycopg.connect(released) as conn:
        tables = conn.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert {name.split(".")[0] for (name,) in tables} == {"released"}
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            conn.execute("insert into released.annotation values (default)")


def test_runtime_logins_are_neither_superuser_nor_above_policies(installation: Installation) -> None:
    with connected(installation, Role.WORKER) as conn:
        rows = [_powers(conn, role) for role in Role]
    assert set(rows) == {(False, False, False, False, False)}


def test_logins_can_change_no_schema(installation: Installation) -> None:
    for role in (role for role in Role if role is not Role.ANALYST):
        with connected(installation, role) as conn:
            for schema in (*SCHEMAS, "public"):
                may = conn.execute(text("select has_schema_privilege(:s, 'create')"), {"s": schema}).scalar()
                assert not may, (role, schema)


def test_migration_itself_shuts_the_main_database_to_the_analyst(templates: Templates) -> None:
    """The copies of this suite set their own rights; the migrated template shows what an installation has."""
    with psycopg.connect(templates.superuser.url("postgres").replace("+psycopg", "")) as conn:
        found = conn.execute(
            "select has_database_privilege(%s, %s, 'connect'), has_database_privilege(%s, %s, 'connect')",
            [Role.ANALYST, templates.main, Role.ANALYST, templates.released],
        ).fetchone()
    assert found == (False, True)


def _powers(conn: Connection, role: Role) -> tuple[object, ...]:
    row = conn.execute(
        text(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,"
            " pg_has_role(:role, :owner, 'member') from pg_roles where rolname = :role"
        ),
        {"role": role, "owner": OWNER},
    ).one()
    return tuple(row)


def set_tenant(conn: Connection, client_id: UUID) -> None:
    conn.execute(text("select set_config('konectus.client_id', :id, true)"), {"id": str(client_id)})


@pytest.mark.parametrize("view", VIEWS)
def test_every_reader_of_a_view_may_read_what_stands_behind_it(installation: Installation, view: str) -> None:
    """Views run with the reader's rights: one that came to read another table failed for the operator alone."""
    for role in VIEWS[view]:
        with connected(installation, role) as conn:
            conn.execute(text(f"select count(*) from {view}")).scalar_one()
