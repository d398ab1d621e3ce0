"""An installation of its own for a measurement: database, one Client with a Page, processes; gone afterwards."""

import hashlib
import hmac
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import URL, make_url

from konectus.cli import supervisor
from konectus.cli.database import addressed, closing, prepare
from konectus.clock import monotonic
from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState
from konectus.domain.roles import UserRole
from konectus.errors import Unavailable
from konectus.ids import uuid7
from konectus.services import connectors, documents, identity, registration
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.settings import PREFIX, Settings
from konectus.store.cluster import Cluster
from konectus.store.queries.people import UserLogin

APP = "bench"
PAGE = "100000000000001"
DOOR = f"/webhooks/meta/{APP}"
_BENCH = Actor("system", "bench", "konectus bench")
_PATIENCE = 60.0


class BenchStalled(Unavailable):
    code = "bench_stalled"


@dataclass(frozen=True)
class Ground:
    """What measurements stand on. `owner` makes tables beside the product's."""

    installation: Installation
    environ: dict[str, str]
    owner: URL
    cluster: Cluster
    client_id: UUID
    session_token: str
    secret: bytes

    @property
    def port(self) -> int:
        return self.installation.settings.port

    def webhook(self, person: int, words: str) -> tuple[bytes, dict[str, str]]:
        """A signed body with one message that nobody sent before, and its headers."""
        now = self.installation.clock.now()
        at = int(now.timestamp() * 1000)
        message = {"mid": f"m_{uuid7(now).hex}", "text": words}
        people = {"sender": {"id": str(7_000_000_000 + person)}, "recipient": {"id": PAGE}}
        entry = {"id": PAGE, "time": at, "messaging": [people | {"timestamp": at, "message": message}]}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        signature = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        return body, {"X_Hub_Signature_256": f"sha256={signature}"}

    @contextmanager
    def process(self, *arguments: str, ready: Callable[[], bool] = lambda: True) -> Iterator["subprocess.Popen[bytes]"]:
        """One of our programs while the block lasts, its output in a file of the folder."""
        log = self.installation.settings.data_dir / "bench.log"
        with log.open("ab") as output:
            running = supervisor.spawn(arguments, self.environ, output)
        try:
            wait_until(lambda: ready() or running.poll() is not None, f"{' '.join(arguments)} to start")
            if running.poll() is not None:
                last = log.read_text(errors="replace").strip().splitlines()[-1:]
                raise BenchStalled(f"{' '.join(arguments)} ended: {''.join(last)}")
            yield running
        finally:
            supervisor.end([running], 5.0)


@contextmanager
def prepared() -> Iterator[Ground]:
    """A fresh installation in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="konectus-bench-"))
    cluster = Cluster(folder)
    try:
        owner = make_url(cluster.start().url("konectus"))
        secret = secrets.token_hex(16)
        environ = _environ(folder, secret)
        settings = Settings.load({name: value for name, value in environ.items() if name.startswith(PREFIX)})
        with addressed(folder, owner):
            prepare(settings, owner)
            with closing(settings) as installation:
                client_id, token = _populate(installation)
                yield Ground(installation, environ, owner, cluster, client_id, token, secret.encode())
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(holds: Callable[[], bool], what: str, patience: float = _PATIENCE, poll: float = 0.02) -> None:
    """Raises BenchStalled."""
    deadline = monotonic() + patience
    while not holds():
        if monotonic() > deadline:
            raise BenchStalled(f"waited {patience:g} s in vain for {what}")
        time.sleep(poll)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _environ(folder: Path, secret: str) -> dict[str, str]:
    port = free_port()
    app = {"name": APP, "id": "1", "secrets": [secret], "verify_token": secrets.token_hex(8), "flavour": "page"}
    ours = {
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "PUBLIC_URL": f"http://localhost:{port}",
        "SECRET_KEY": secrets.token_hex(32),
        "META_APPS": json.dumps([app]),
        # Nobody is called while measuring; a slip must not leave this machine.
        "META_GRAPH_URL": "http://127.0.0.1:9",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | {f"{PREFIX}{name}": value for name, value in ours.items()}


def _populate(installation: Installation) -> tuple[UUID, str]:
    new = registration.NewClient(legal_name="Medición, S.A.", trade_name="Medición", registered_email="m@bench.example")
    page = connectors.NewConnector(channel=Channel.MESSENGER, account_id=PAGE, secret="t", app=APP, name="Página")  # noqa: S106 - nobody is called
    with installation.works.system(_BENCH) as work:
        client_id = registration.add_client(work, new).id
        work.session.flush()  # people and connector point at it
        documents.accept_on_paper(work, client_id)
        user = registration.add_user(work, client_id, "agente@bench.example", "Agente", UserRole.AGENT)
        connector_id = connectors.connect(work, client_id, page)
        work.session.flush()  # settle reads it back
        connectors.settle(work, client_id, connector_id, ConnectorState.CONNECTED)
        login = UserLogin(client_id, user.id, user.name, UserRole.AGENT, None)
    return client_id, identity.open_user_session(installation.works, login, ip="127.0.0.1")
