"""`konectus up`: the embedded database unless another is given; web, worker, sender and scheduler, kept running."""

import http.client
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from psycopg import OperationalError
from sqlalchemy import URL, make_url

from konectus.cli import instances, supervisor
from konectus.cli import settings as cli_settings
from konectus.cli.console import say, tell
from konectus.cli.database import addressed, prepare
from konectus.cli.programs import Program, parts
from konectus.cli.supervisor import Supervisor
from konectus.clock import monotonic
from konectus.errors import Unavailable
from konectus.services.installation import database_address, open_master_key
from konectus.settings import Settings

_READY_PATIENCE = 60.0
_LOOK = 0.2
_DATABASE_REST = 2.0

Wait = Callable[[float], bool]


class NotReady(Unavailable):
    """A process did not come up; its log says why."""

    code = "not_ready"


@dataclass(frozen=True)
class Site:
    """What is to run: settings, the environment of the children, how many workers, where their output goes, what is
    started before them, and what is looked at (and written down) before anything is started.
    """

    settings: Settings
    environ: Mapping[str, str]
    workers: int = 1
    logs: Path | None = None
    first: tuple[Program, ...] = ()
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Running:
    """A site whose processes run. `rest` lets time pass while they are looked after; True when we are asked to stop."""

    site: Site
    processes: Supervisor
    look: Callable[[], None]
    wait: Wait

    def rest(self, seconds: float) -> bool:
        if self.processes.watch():
            instances.remember(self.site.settings.data_dir, self.processes.pids())
        self.look()
        return self.wait(seconds)


def up(
    workers: Annotated[int, typer.Option(min=1, max=64, help="worker processes")] = 1,
) -> None:
    """Start everything, supervised; Ctrl-C or SIGTERM stops it in order."""
    settings = cli_settings.load_to_serve()

    def announce(_running: Running) -> None:
        say(f"ready on {settings.public_url} (port {settings.port})")

    run(Site(settings, os.environ, workers), announce)


def run(site: Site, when_ready: Callable[[Running], None]) -> None:
    """Check, start, wait until it answers, call back, and keep it running until a signal ends it."""
    settings = site.settings
    with supervisor.interruptible() as wait, instances.alone(settings.data_dir):
        instances.require_port(settings.port, "KONECTUS_PORT")
        open_master_key(settings)
        site.check()
        with _database(settings) as look:
            _supervise(site, look, wait, when_ready)


def _supervise(site: Site, look: Callable[[], None], wait: Wait, when_ready: Callable[[Running], None]) -> None:
    processes = Supervisor(site.environ, site.logs, tell)
    running = Running(site, processes, look, wait)
    try:
        processes.start([*site.first, *parts(site.workers)])
        if not _await_ready(running):
            when_ready(running)
        while not running.rest(_LOOK):
            pass
    finally:
        processes.stop()


def _await_ready(running: Running) -> bool:
    """Wait for the web process to say it is ready; True when we are asked to stop before. Raises NotReady."""
    deadline = monotonic() + _READY_PATIENCE
    while not serves(running.site.settings.port):
        if monotonic() > deadline:
            where = f"see {running.site.logs}" if running.site.logs else "its output is above"
            raise NotReady(f"the web process is not ready after {_READY_PATIENCE:g} s; {where}")
        if running.rest(0.05):
            return True
    return False


def serves(port: int) -> bool:
    """Whether the web process answers and has its database. A backlog to work off is no reason to wait."""
    try:
        return bool(json.loads(_call(port, "GET", "/readyz")[1])["checks"]["database"] == "ok")
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return False


def answers(port: int, method: str, path: str, given: object = None) -> bool:
    """Whether a process on this machine answers well."""
    try:
        return _call(port, method, path, given)[0] == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


def _call(port: int, method: str, path: str, given: object = None) -> tuple[int, bytes]:
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        body = None if given is None else json.dumps(given)
        conn.request(method, path, body, {"Content-Type": "application/json"})
        answer = conn.getresponse()
        return answer.status, answer.read()
    finally:
        conn.close()


@contextmanager
def _database(settings: Settings) -> Iterator[Callable[[], None]]:
    """A migrated database for the length of the block, and what looks after it."""
    if settings.database_url is not None:
        prepare(settings, database_address(settings))
        yield lambda: None
        return
    from konectus.store.cluster import Cluster  # noqa: PLC0415  # late: with a server of your own, no part of this

    cluster = Cluster(settings.data_dir)

    def start() -> URL:
        return make_url(cluster.start().url("konectus"))

    rested_until = 0.0

    def look() -> None:
        """Killed again while it recovers is no reason to give up: it is tried once more a little later."""
        nonlocal rested_until
        if cluster.is_running() or monotonic() < rested_until:
            return
        tell("PostgreSQL ended; it starts again")
        try:
            start()
        except (Unavailable, OperationalError) as error:
            rested_until = monotonic() + _DATABASE_REST
            tell(f"PostgreSQL did not come back: {error}; it is tried again in {_DATABASE_REST:g} s")

    try:
        owner = start()
        with addressed(settings.data_dir, owner):
            prepare(settings, owner)
            yield look
    finally:
        cluster.stop()
