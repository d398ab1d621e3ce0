"""A migrated installation for each test: both databases copied from templates, keys, a manual clock."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.orm import Session

from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings
from konectus.store.cluster import Endpoint
from konectus.store.migrations import migrate, released_url
from konectus.store.roles import Role, password
from konectus.store.session import Database
from tests.support.clock import ManualClock

MASTER_HEX = "6b" * 32
MASTER = bytes.fromhex(MASTER_HEX)


class QuickDatabase(Database):
    """Installations of one process differ in their address alone: a statement compiled for one serves them all."""

    _known: ClassVar[dict[Role, Engine]] = {}

    def engine(self, role: Role) -> Engine:
        if role in self._engines:
            return self._engines[role]
        made = super().engine(role)
        first = self._known.get(role)
        if first is None:
            with made.connect():  # now its dialect knows the server
                self._known[role] = made
        else:
            made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
        return made


@dataclass(frozen=True)
class Templates:
    """Two migrated databases nobody connects to, and the superuser's connection that copies them."""

    superuser: Endpoint
    main: str
    released: str
    admin: psycopg.Connection[tuple[object, ...]]

    def copy(self, name: str) -> None:
        """Both databases of an installation."""
        self.copy_main(name)
        self.copy_released(name)

    def copy_main(self, name: str) -> None:
        self._copy(self.main, name, _LOGINS)
        self._run(f'grant temporary on database "{name}" to konectus_releaser')

    def copy_released(self, name: str) -> None:
        self._copy(self.released, f"{name}_released", "konectus_releaser, konectus_analyst")

    def drop(self, name: str) -> None:
        for database in (name, f"{name}_released"):
            self._run(f'drop database if exists "{database}" with (force)')

    def _copy(self, template: str, name: str, logins: str) -> None:
        self._run(f'create database "{name}" template "{template}" strategy file_copy owner konectus_owner')
        self._run(f'revoke all on database "{name}" from public')
        self._run(f'grant connect on database "{name}" to {logins}')

    def _run(self, command: str) -> None:
        self.admin.execute(command.encode())


_LOGINS = "konectus_app, konectus_staff, konectus_worker, konectus_releaser, konectus_operator"


def _libpq(url: str) -> str:
    return url.replace("+psycopg", "")


@pytest.fixture(scope="session")
def templates(endpoint: Endpoint, superuser: Endpoint) -> Iterator[Templates]:
    """Migrated once per worker process; roles are the cluster's, so the first worker makes them for all."""
    name = f"template_{os.getpid()}"
    with psycopg.connect(_libpq(superuser.url("postgres")), autocommit=True) as conn:
        # Roles belong to the whole cluster: workers that make them at once would collide.
        conn.execute("select pg_advisory_lock(7)")
        conn.execute(f'create database "{name}" owner konectus_owner'.encode())
        migrate(make_url(endpoint.url(name)), MASTER)
    with psycopg.connect(_libpq(superuser.url("postgres")), autocommit=True) as admin:
        yield Templates(superuser, name, released_url(make_url(endpoint.url(name))).database or "", admin)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def installation(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path: Path
) -> Iterator[Installation]:
    """An empty, migrated installation of this test alone."""
    with installed(templates, endpoint, clock, tmp_path) as made:
        yield made


@contextmanager
def installed(templates: Templates, endpoint: Endpoint, clock: ManualClock, path: Path) -> Iterator[Installation]:
    """An installation of whoever asks, in the folder given; the folder's name becomes the database's."""
    name = f"test_{os.getpid()}_{path.name}".lower()[:50]
    templates.copy_main(name)

    copy_released = cache(partial(templates.copy_released, name))
    one_at_a_time = threading.Lock()

    def released(role: Role) -> URL:
        """Few tests look at what is released: it is copied for the first who asks for its address."""
        with one_at_a_time:
            copy_released()
        return released_url(make_url(endpoint.url(name))).set(username=role, password=password(MASTER, role))

    settings = Settings(
        environment="development",
        data_dir=path / "data",
        database_url=endpoint.url(name),
        analyst_database_url=endpoint.url(f"{name}_released", Role.ANALYST, password(MASTER, Role.ANALYST)),
        master_key=MASTER_HEX,
        secret_key="a secret of the tests",
    )
    opened = open_installation(settings)
    quick = QuickDatabase(opened.database._url_of)
    made = Installation(settings, quick, Database(released), opened.keys, clock)
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
