"""Takes all Clients out of an installation of the tests at once, which the product cannot: its rows are history."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
from sqlalchemy import text

from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from tests.support.cluster import connect

_HOLDING = """
select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'client_id'
where c.relkind in ('r', 'p') and not c.relispartition
  and c.relnamespace::regnamespace::text in ('ledger', 'tenant', 'platform')
"""


@dataclass(frozen=True)
class Emptying:
    """A superuser's session beside the product's own; plans and staff stay."""

    superuser: psycopg.Connection[Any]

    @cached_property
    def _statements(self) -> str:
        names = [row[0] for row in self.superuser.execute(_HOLDING)]
        deletes = [f"delete from {name} where client_id is not null" for name in names]
        return "; ".join([*deletes, "delete from ledger.client"])

    def empty(self) -> None:
        self.superuser.execute("set session_replication_role = replica")
        self.superuser.execute(self._statements.encode())
        self.superuser.execute("set session_replication_role = origin")


@contextmanager
def emptying(superuser: Endpoint, installation: Installation) -> Iterator[Emptying]:
    with installation.database.session(Role.WORKER) as session:
        name = str(session.scalar(text("select current_database()")))
    with connect(superuser, name) as own:
        yield Emptying(own)
