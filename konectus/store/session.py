"""Sessions by database role, and the only commit. One request or job is one transaction, committed at its edge."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from konectus.errors import Unavailable
from konectus.store.roles import Role

TENANT = "client_id"
BEFORE_COMMIT = "before_commit"
# Seconds: whoever waits for a page hears a clear no before they give up.
POOL_PATIENCE = 10
CONNECT_PATIENCE = 5


class DatabaseDown(Unavailable):
    code = "database_down"


class Database:
    """One pool per role. Asks `url_of` for the address the first time a role is used."""

    def __init__(self, url_of: Callable[[Role], URL], *, pool_size: int = 5) -> None:
        self._url_of = url_of
        self._pool_size = pool_size
        self._engines: dict[Role, Engine] = {}

    def engine(self, role: Role) -> Engine:
        found = self._engines.get(role)
        if found is None:
            # Pre-ping: a pool must not hand out the dead connections of a restarted server (P33).
            made = create_engine(
                self._url_of(role),
                pool_size=self._pool_size,
                max_overflow=self._pool_size,
                pool_timeout=POOL_PATIENCE,
                pool_pre_ping=True,
                use_native_hstore=False,  # no table has one; else each engine asks the server about it first
                connect_args={"connect_timeout": CONNECT_PATIENCE},
            )
            found = self._engines.setdefault(role, made)  # threads may ask at once; the first one's pool serves all
        return found

    def conninfo(self, role: Role) -> str:
        """The libpq address of a role, for connections that listen or stream."""
        return self._url_of(role).set(drivername="postgresql").render_as_string(hide_password=False)

    @contextmanager
    def session(self, role: Role, client_id: UUID | None = None) -> Iterator[Session]:
        """One transaction, committed when the block ends well. For `app`, `client_id` is the tenant it can see.

        Raises DatabaseDown where the server cannot be reached.
        """
        with TenantSession(bind=self.engine(role), expire_on_commit=False, info={TENANT: client_id}) as session:
            try:
                yield session
                check = session.info.get(BEFORE_COMMIT)
                if check is not None:
                    session.flush()  # late: what is audited is known only once it is written
                    check()
                session.commit()
            except PoolTimeout as error:
                raise DatabaseDown("every connection to the database is taken") from error
            except (OperationalError, InterfaceError) as error:
                if error.connection_invalidated or _is_lost(error):
                    raise DatabaseDown("the database does not answer") from error
                raise

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


TenantSession = sessionmaker(class_=Session)
_SET_TENANT = text("select set_config('konectus.client_id', :id, true)")


@event.listens_for(Session, "after_begin")
def _set_tenant(session: Session, transaction: SessionTransaction, conn: Connection) -> None:
    """Local to the transaction, so that a pooled connection never carries one Client's context to the next."""
    del transaction
    client_id = session.info.get(TENANT)
    if client_id is not None:
        conn.execute(_SET_TENANT, {"id": str(client_id)})


def enter(session: Session, client_id: UUID) -> None:
    """From here on this transaction sees one Client's rows; for visitors whose Client turned out on the way."""
    session.info[TENANT] = client_id
    session.execute(_SET_TENANT, {"id": str(client_id)})


def _is_lost(error: DBAPIError) -> bool:
    """Whether the server is out of reach or out of room, as against a statement that was wrong."""
    original: Any = error.orig
    sqlstate = getattr(original, "sqlstate", None)
    # No state: the connection failed before the server spoke. 08: it broke; 53: no room; 57P: down, or starting.
    return sqlstate is None or str(sqlstate).startswith(("08", "53", "57P"))
