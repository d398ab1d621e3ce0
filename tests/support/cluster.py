"""One embedded PostgreSQL per test run, shared by all workers of it, and servers of a test's own."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

import konectus
from konectus.store.cluster import Cluster, Endpoint

# Nothing in the suite's own databases outlives the run, so they need not survive a power cut, nor a guesser.
HASTE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "scram_iterations": "1"}
PROJECT = Path(konectus.__file__).parent.parent
SITE = Path(psycopg.__file__).parent.parent
ORDINARY = "nobody"

# Starts a server, says its pid, and lives until its standard input closes.
SUPERVISOR = """
import sys
from pathlib import Path
from konectus.errors import KonectusError
from konectus.store.cluster import Cluster
cluster = Cluster(Path(sys.argv[1]))
try:
    cluster.start()
except KonectusError as error:
    print(error)
    sys.exit(1)
print(cluster.pid, flush=True)
sys.stdin.read()
cluster.stop()
"""

# Copying the template databases is most of what the suite asks of a disk: memory is used where there is enough of it.
MEMORY = Path("/dev/shm")  # noqa: S108 a folder of our own is made in it
ROOM = 4 * 1024**3


def in_memory() -> Path | None:
    """A folder in memory, or None where the system has none with room."""
    return MEMORY if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM else None


@dataclass
class SharedCluster:
    """The run's server: its own process when there are no workers, else the controller's."""

    owner: Endpoint | None = None
    superuser: Endpoint | None = None
    cluster: Cluster | None = None
    folder: Path | None = None

    def start(self) -> None:
        if self.owner is None:
            self.folder = Path(tempfile.mkdtemp(prefix="konectus-tests-", dir=in_memory()))
            self.cluster = Cluster(self.folder, HASTE)
            self.owner = self.cluster.start()
            self.superuser = self.cluster.superuser()

    def stop(self) -> None:
        if self.cluster is not None:
            self.cluster.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder)


SHARED = pytest.StashKey[SharedCluster]()


def pytest_configure(config: pytest.Config) -> None:
    shared = SharedCluster()
    given = getattr(config, "workerinput", {})
    if "owner" in given:
        shared.owner, shared.superuser = _unpacked(given["owner"]), _unpacked(given["superuser"])
    config.stash[SHARED] = shared


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The controller of pytest-xdist starts the server and tells each worker where it is."""
    shared = node.config.stash[SHARED]
    shared.start()
    node.workerinput["owner"], node.workerinput["superuser"] = _packed(shared.owner), _packed(shared.superuser)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SHARED].stop()


@pytest.fixture(scope="session")
def endpoint(pytestconfig: pytest.Config) -> Endpoint:
    """The owner's login on the run's server."""
    shared = pytestconfig.stash[SHARED]
    shared.start()
    assert shared.owner is not None
    return shared.owner


@pytest.fixture(scope="session")
def superuser(pytestconfig: pytest.Config, endpoint: Endpoint) -> Endpoint:
    """The superuser's login on the run's server: to make and drop databases, never to prove a right."""
    found = pytestconfig.stash[SHARED].superuser
    assert found is not None
    return found


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A server of the test's own, not started yet, in a folder that other users cannot reach."""
    own = Cluster(tmp_path / "data")
    yield own
    own.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach and that the ordinary user owns."""
    folder = Path(tempfile.mkdtemp(prefix="konectus-open-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam(ORDINARY).pw_uid, -1)
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


Supervise = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    """Start a process that supervises a server; its first line is the server's pid or the refusal."""
    started: list[subprocess.Popen[str]] = []

    def start(data_dir: Path, *, uid: int | None = None, without: str = "") -> subprocess.Popen[str]:
        python = sys.executable if uid is None else _python_for(uid)
        process = subprocess.Popen(
            [*_without(without), python, "-c", SUPERVISOR, str(data_dir)],
            **_as_user(uid),
            env=_paths(),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.communicate(timeout=30)


def connect(login: Endpoint, database: str = "konectus") -> psycopg.Connection[tuple[object, ...]]:
    """A plain session, each command committed by itself."""
    return psycopg.connect(login.url(database).replace("+psycopg", ""), autocommit=True)


def ask(login: Endpoint, query: str, database: str = "konectus") -> tuple[object, ...]:
    """The first row."""
    with connect(login, database) as conn:
        row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row


def ended(pid: int, within: float = 10) -> bool:
    """Whether the process is gone after at most so many seconds."""
    for _ in range(int(within * 50)):
        if not answers(pid):
            return True
        time.sleep(0.02)
    return False


def answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _as_user(uid: int | None) -> dict[str, Any]:
    return {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}


def _without(capabilities: str) -> list[str]:
    """A root that lacks these capabilities, as in a container."""
    if not capabilities:
        return []
    setpriv = shutil.which("setpriv") or pytest.skip("setpriv is not installed")
    return [setpriv, "--bounding-set", ",".join(f"-{name}" for name in capabilities.split(","))]


def _python_for(uid: int) -> str:
    """An interpreter of our version that this user can run; ours may lie under root's closed home."""
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        try:
            check = [python, "-c", "import konectus, psycopg"]
            subprocess.run(check, **_as_user(uid), cwd=PROJECT, env=_paths(), check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(f"uid {uid} cannot run this Python or read {PROJECT}")


def _paths() -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join([str(PROJECT), str(SITE)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _packed(login: Endpoint) -> list[str | int]:
    return [str(login.socket_dir), login.port, login.user, login.password]


def _unpacked(fields: list[Any]) -> Endpoint:
    return Endpoint(Path(fields[0]), *fields[1:])
