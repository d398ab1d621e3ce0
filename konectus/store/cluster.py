"""The embedded PostgreSQL of one installation: started, found, stopped. Its parts are in `konectus.store.embedded`.

A database that somebody else runs (KONECTUS_DATABASE_URL) has nothing to do with this module.
"""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL

from konectus.errors import Unavailable
from konectus.store.embedded import accounts, binaries, logins, postmasters
from konectus.store.embedded.folders import Folders
from konectus.store.embedded.logins import OWNER, SUPERUSER
from konectus.store.embedded.postmasters import Postmaster
from konectus.store.embedded.servers import Server


class DataFolderUnusable(Unavailable):
    """The system refuses what the server needs to do in DATA_DIR."""

    code = "embedded_data_dir"


@dataclass(frozen=True)
class Endpoint:
    """Where the server listens, and one login: by default the owner's, which serves migrations alone."""

    socket_dir: Path
    port: int
    user: str
    password: str = field(repr=False)

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """A SQLAlchemy address for psycopg, with the password in it; another login brings its own."""
        return URL.create(
            "postgresql+psycopg",
            username=user or self.user,
            password=self.password if user in {None, self.user} else password,
            database=database,
            query={"host": str(self.socket_dir), "port": str(self.port)},
        ).render_as_string(hide_password=False)

    @classmethod
    def discover(cls, data_dir: Path) -> "Endpoint | None":
        """The endpoint of the server that another process of this installation runs; None when none is ready."""
        places = Folders(data_dir.resolve())
        with _one_line(places.root):
            found = postmasters.read(places.data)
            return _endpoint(found, places, OWNER) if found and found.is_ready else None


class Cluster:
    """Supervises one server. It ends with the thread that started it, also when that is killed (Linux)."""

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are server settings on top of ours; tests trade durability for speed with them."""
        self._places = Folders(data_dir.resolve())
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    def start(self) -> Endpoint:
        """Make the data directory if there is none, start, and see that the owner's login and database exist.

        Returns at once when this object's server runs. Raises Unavailable or Conflict with one line and the mend.
        """
        with _one_line(self._places.root):
            if not self.is_running():
                self._start()
            return self._login(OWNER)

    def superuser(self) -> Endpoint:
        """The login that backups and tests need; the product itself never uses it."""
        return self._login(SUPERUSER)

    def stop(self) -> None:
        """Stop cleanly and give the data folder free; nothing happens where this object runs no server."""
        if self._lock is None:
            return
        if self._process is not None:
            if self.is_running():
                postmasters.end(self._process.pid, self._places.data)
            self._process.wait()
            self._process = None
        self._places.drop_socket_dir()
        os.close(self._lock)
        self._lock = None

    def crash(self) -> None:
        """Kill the server as a power cut would (tests). The data folder stays ours: `start` recovers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self.is_running() else None

    def _start(self) -> None:
        account = accounts.serving(self._places.data)
        self._places.make(account)
        if self._lock is None:
            self._lock = self._places.lock()
        try:
            self._end_predecessor()
            server = Server(binaries.usable_by(account), account, self._places, self._settings)
            if not self._places.data.exists():
                server.create(logins.invent(self._places.keys, SUPERUSER))
            self._process = server.start(self._places.socket_dir(account))
            logins.settle_owner(_conninfo(self._login(SUPERUSER)), self._places.keys)
        except BaseException:
            self.stop()
            raise

    def _end_predecessor(self) -> None:
        """A server whose supervisor was killed is on its way out, or on systems without the tie still serving."""
        left = postmasters.read(self._places.data)
        if left:
            postmasters.end(left.pid, self._places.data)
        postmasters.forget(self._places.data)

    def _login(self, user: str) -> Endpoint:
        found = postmasters.read(self._places.data)
        if found is None:
            raise Unavailable(f"no PostgreSQL is running in {self._places.data}")
        return _endpoint(found, self._places, user)


@contextmanager
def running(data_dir: Path) -> Iterator[Endpoint]:
    """A server for as long as the block lasts."""
    cluster = Cluster(data_dir)
    try:
        yield cluster.start()
    finally:
        cluster.stop()


def _endpoint(found: Postmaster, places: Folders, user: str) -> Endpoint:
    return Endpoint(found.socket_dir, found.port, user, logins.password(places.keys, user))


def _conninfo(login: Endpoint) -> str:
    return login.url(SUPERUSER).replace("+psycopg", "", 1)


@contextmanager
def _one_line(root: Path) -> Iterator[None]:
    """What the system refuses becomes one line with the mend."""
    try:
        yield
    except OSError as error:
        place = f" at {error.filename}" if error.filename and str(error.filename) != str(root) else ""
        raise DataFolderUnusable(
            f"cannot use the data folder {root}: {error.strerror}{place}; "
            "give it to the user who starts konectus, or set KONECTUS_DATA_DIR to another"
        ) from error
