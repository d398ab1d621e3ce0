"""P35: the programs of the release before go on working while the schema of this one comes, goes and comes again.

Its tree is taken out of the history: its doors, worker, sender, web and scheduler run as they were, under traffic.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import make_url

import konectus
from konectus.store import migrations
from konectus.store.cluster import Endpoint
from tests.promises.figures import tell
from tests.promises.intake import PAGE, drained, stored
from tests.promises.test_p35_migrations_beside_traffic import BEFORE, Channel, aside, down
from tests.support.processes import MASTER_HEX, Site, until

PROJECT = Path(konectus.__file__).parent.parent
# The first file of this release's schema: what came before it is the release before.
FIRST = "alembic/versions/20261122_lifecycle.py"

# What the release before does for its Clients besides passing messages on, by its own services and words.
DAY = """
import itertools, os, sys
from konectus.domain.suspension import Cause
from konectus.services import credentials, suspensions
from konectus.services.installation import open_installation
from konectus.settings import Settings
from konectus.store.queries import clients
from tests.support import factories
from tests.support.factories import STAFF, Factory
factories._numbers = itertools.count(int(sys.argv[2]))
installation = open_installation(Settings.load(os.environ))
make = Factory(installation)
client = make.client(name=sys.argv[1])
make.connector(client.id, account_id=sys.argv[2])
user = make.user(client.id)
print(client.id, make.user_session(client.id, user))
if sys.argv[3:]:
    with installation.works.system() as work:
        credentials.add_api_token(work, client.id, "Exportación nocturna")
    with installation.works.staff(STAFF) as work:
        opened = suspensions.suspend_by_hand(work, client.id, Cause.AUP, "Envío masivo a listas compradas")
    with installation.works.staff(STAFF) as work:
        found = clients.open_suspensions(work.session, client.id)
        suspensions.lift_by_hand(work, found[0].id, "Caso aclarado con la dueña")
installation.close()
"""


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, check=False)
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def release_before() -> str:
    """The commit before the first that has this release's schema; empty where the history does not reach it."""
    added = git("log", "--diff-filter=A", "--format=%H", "--", FIRST).split()
    return git("rev-parse", "--verify", "--quiet", f"{added[-1]}^") if added else ""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    commit = release_before()
    if not commit:
        pytest.skip("the history does not reach the release before: a shallow clone, or none")
    target = tmp_path / "before"
    target.mkdir()
    packed = subprocess.run(["git", "archive", commit], cwd=PROJECT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(target)], input=packed.stdout, check=True)
    return target


@dataclass
class Before(Site):
    """`konectus up` of the release before."""

    tree: Path = field(default=Path())

    @property
    def environ(self) -> dict[str, str]:
        return super().environ | {"PYTHONPATH": str(self.tree)}

    def spawn(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as output:
            started = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environ,
                cwd=self.tree,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(started)
        return started

    def refused(self) -> str:
        """What its processes were refused by the database, once each."""
        said = (self.folder / "up.log").read_text(errors="replace").splitlines()
        return "\n".join(sorted({line[-700:] for line in said if "Error" in line and "error" in line})[:5])

    def day(self, name: str, account: str, *more: str) -> tuple[UUID, str]:
        """Its own services do what they do in a day; the Client and a session of its person."""
        done = subprocess.run(
            [sys.executable, "-c", DAY, name, account, *more], env=self.given(), cwd=self.tree, capture_output=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        client_id, token = done.stdout.decode().split()
        return UUID(client_id), token

    def given(self) -> dict[str, str]:
        endpoint = Endpoint.discover(self.data_dir)
        assert endpoint is not None
        return self.environ | {"KONECTUS_DATABASE_URL": endpoint.url("konectus")}


@pytest.fixture
def before(tmp_path: Path, tree: Path) -> Iterator[Before]:
    made = Before(tmp_path, tree=tree)
    try:
        yield made
    finally:
        made.stop()


def pages(site: Before, token: str) -> dict[str, int]:
    """What its people see of it now."""
    headers = {"Cookie": f"__Host-konectus-agent={token}"}
    return {
        path: httpx.get(f"{site.url}{path}", headers=headers, timeout=20).status_code
        for path in ("/healthz", "/inbox", "/account", "/account/connectors")
    }


@pytest.mark.load
@pytest.mark.processes
@pytest.mark.timeout(240)
def test_release_before_goes_on_while_the_schema_comes_goes_and_comes_again(before: Before) -> None:
    before.start()
    client_id, token = before.day("Taller de antes", PAGE)
    endpoint = Endpoint.discover(before.data_dir)
    assert endpoint is not None
    owner = make_url(endpoint.url("konectus"))
    channel = Channel(before)
    thread = threading.Thread(target=channel.run)
    thread.start()
    steps: tuple[Callable[[], None], ...] = (
        lambda: None,
        lambda: migrations.migrate(owner, bytes.fromhex(MASTER_HEX)),
        lambda: down(owner, BEFORE),
        lambda: migrations.migrate(owner, bytes.fromhex(MASTER_HEX)),
    )
    try:
        for number, step in enumerate(steps):
            step()
            seen = len(channel.acknowledged)
            until(lambda least=seen: len(channel.acknowledged) > least + 30, seconds=30, what="traffic flows on")  # type: ignore[misc]  # mypy infers no lambda with a default
            # On both schemas it registers, connects, suspends and lifts, and its pages open.
            before.day(f"Taller {number}", str(7_700_000 + number), "suspend")
            assert set(pages(before, token).values()) == {200}, pages(before, token)
    finally:
        channel.stop()
        thread.join()
    with before.installation() as installation:
        until(lambda: drained(installation), seconds=60, what=lambda: before.log("up.log"))
        kept = stored(installation, client_id)
        lost = [mid for mid in channel.acknowledged if mid not in set(kept)]
        assert lost == [], f"{aside(installation)}\n{before.refused()}"
        assert len(kept) == len(channel.acknowledged), "none is held twice"
    tell("P35 release before", f"{len(kept)} told = held, {channel.again} told again")
