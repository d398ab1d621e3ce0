"""What every process of an installation opens from its settings: databases by role, keys, clock."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from konectus.clock import Clock, OffsetClock, SystemClock
from konectus.domain.retention import ErasedClientsReturned
from konectus.errors import Unavailable
from konectus.services.work import Works
from konectus.settings import Settings
from konectus.store.keystore import DirectoryKeystore, Keys, master_key
from konectus.store.migrations import released_url, require_head
from konectus.store.queries import erasure
from konectus.store.roles import Role, password
from konectus.store.session import Database

# Written by `konectus up` beside the embedded server: where it listens, without a password.
ADDRESS_FILE = "database.url"


@dataclass(frozen=True)
class Installation:
    """One Konectus: its settings, main and released database, keys and clock."""

    settings: Settings
    database: Database
    released: Database
    keys: Keys
    clock: Clock

    @property
    def works(self) -> Works:
        return Works(self.database, self.keys, self.clock)

    def require_ready(self) -> None:
        """Raises SchemaBehind, DatabaseDown or ErasedClientsReturned.

        No process serves a schema it does not know, nor Clients that were erased and came back with an old backup.
        """
        erased = self.keys.store.destroyed()
        with self.database.session(Role.WORKER) as session:
            require_head(session.connection())
            if erased and erasure.remaining(session, erased):
                raise ErasedClientsReturned("a backup brought erased Clients back; run: konectus migrate")

    def close(self) -> None:
        self.database.dispose()
        self.released.dispose()


def open_installation(settings: Settings) -> Installation:
    """Open what the settings describe. Raises Unavailable with the mend; nothing is connected yet."""
    address = database_address(settings)
    master = open_master_key(settings)

    def main_url(role: Role) -> URL:
        return address.set(username=role, password=password(master, role))

    def released(role: Role) -> URL:
        return released_url(address).set(username=role, password=password(master, role))

    return Installation(
        settings=settings,
        database=Database(main_url),
        released=Database(released),
        keys=Keys(DirectoryKeystore(_keystore_folder(settings)), master),
        clock=open_clock(settings),
    )


def open_master_key(settings: Settings) -> bytes:
    given = settings.master_key.get_secret_value() if settings.master_key else None
    return master_key(given, settings.data_dir, production=settings.environment == "production")


def open_clock(settings: Settings) -> Clock:
    """The machine's clock; in the demo it can be moved forward (decisions.md, "Demo clock")."""
    return OffsetClock(settings.data_dir / "clock") if settings.environment == "demo" else SystemClock()


def database_address(settings: Settings) -> URL:
    """Where the main database is, whoever signs in. Raises Unavailable with the mend."""
    if settings.database_url is not None:
        return _parsed(settings.database_url.get_secret_value(), "KONECTUS_DATABASE_URL")
    path = settings.data_dir / ADDRESS_FILE
    try:
        return _parsed(path.read_text().strip(), str(path))
    except OSError:
        mend = "start it with: konectus up, or set KONECTUS_DATABASE_URL"
        raise Unavailable(f"no database is running for {settings.data_dir}; {mend}") from None


def _parsed(text: str, source: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise Unavailable(
            f"{source}: not a database address; it looks like postgresql://user:password@host/konectus"
        ) from None
    if url.get_backend_name() != "postgresql":
        raise Unavailable(
            f"{source}: only PostgreSQL 16 or newer is supported; give postgresql://user:password@host/name"
        )
    return url.set(drivername="postgresql+psycopg", database=url.database or "konectus")


def _keystore_folder(settings: Settings) -> Path:
    if not settings.keystore_url:
        return settings.data_dir / "keystore"
    scheme, found, path = settings.keystore_url.partition("://")
    if scheme != "file" or not found or not path.startswith("/"):
        raise Unavailable(f"KONECTUS_KEYSTORE_URL: {settings.keystore_url} is not supported; give file:///a/folder")
    return Path(path)
