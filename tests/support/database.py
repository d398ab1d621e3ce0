"""A migrated installation for each test: both databases copied from templates, keys, a manual clock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings
from konectus.store.cluster import Endpoint
from konectus.store.migrations import migrate, released_url
from konectus.store.roles import Role, password
from tests.support.clock import ManualClock

MASTER_HEX = "6b" * 32
MASTER = bytes.fromhex(MASTER_HEX)


@dataclass(frozen=True)
class Templates:
    """Two migrated databases nobody connects to, and a counter for the copies of this process."""

    superuser: Endpoint
    main: str
    released: str

    def copy(self, name: str) -> None:
        with self._admin() as conn:
            for template, copied in ((self.main, name), (self.released, f"{name}_released")):
                conn.execute(
                    f'create database "{copied}" template "{template}" strategy file_copy owner konectus_owner'.encode()
                )
                conn.execute(f'revoke all on database "{copied}" from public'.encode())
            conn.execute(f'grant connect on database "{name}" to {_LOGINS}'.encode())
            readers = "konectus_releaser, konectus_analyst"
            conn.execute(f'grant connect on database "{name}_released" to {readers}'.encode())

    def drop(self, name: str) -> None:
        with self._admin() as conn:
            for database in (name, f"{name}_released"):
                conn.execute(f'drop database if exists "{database}" with (force)'.encode())

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with psycopg.connect(_libpq(self.superuser.url("postgres")), autocommit=True) as conn:
            yield conn


_LOGINS = "konectus_app, konectus_staff, konectus_worker, konectus_releaser, konectus_operator"


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "")


@pytest.fixture(scope="session")
def templates(endpoint: Endpoint, superuser: Endpoint) -> Templates:
    """Migrated once per worker process; roles are the cluster's, so the first worker makes them for all."""
    name = f"template_{os.getpid()}"
    with psycopg.connect(_libpq(superuser.url("postgres")), autocommit=True) as conn:
        # Roles belong to the whole cluster: workers that make them at once would collide.
        conn.execute("select pg_advisory_lock(7)")
        conn.execute(f'create database "{name}" owner konectus_owner'.encode())
        migrate(make_url(endpoint.url(name)), MASTER)
    return Templates(superuser, name, released_url(make_url(endpoint.url(name))).database or "")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path: Path
) -> Iterator[Installation]:
    """An empty, migrated installation of this test alone."""
    name = f"test_{os.getpid()}_{tmp_path.name}".lower()[:50]
    templates.copy(name)
    settings = Settings(
        environment="development",
        data_dir=tmp_path / "data",
        database_url=endpoint.url(name),
        analyst_database_url=endpoint.url(f"{name}_released", Role.ANALYST, password(MASTER, Role.ANALYST)),
        master_key=MASTER_HEX,
        secret_key="a secret of the tests",
    )
    opened = open_installation(settings)
    made = Installation(settings, opened.database, opened.released, opened.keys, clock)
    try:
        yield made
    finally:
        made.close()
        templates.drop(name)


@dataclass(frozen=True)
class Sessions:
    """Sessions by role, as the parts of the product open them."""

    installation: Installation

    @contextmanager
    def worker(self) -> Iterator[Session]:
        with self.installation.database.session(Role.WORKER) as session:
            yield session

    @contextmanager
    def staff(self) -> Iterator[Session]:
        with self.installation.database.session(Role.STAFF) as session:
            yield session

    @contextmanager
    def tenant(self, client_id: UUID) -> Iterator[Session]:
        with self.installation.database.session(Role.APP, client_id) as session:
            yield session


@pytest.fixture
def sessions(installation: Installation) -> Sessions:
    return Sessions(installation)
