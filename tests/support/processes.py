"""An installation of real processes: `konectus up` on its own data folder and port, beside the channel simulator."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from konectus.cli.instances import CHILDREN_FILE
from konectus.clock import SystemClock, monotonic
from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings

MASTER_HEX = "5e" * 32
T = TypeVar("T")
META_SECRET = "a meta secret of the tests"
# A rotation is under way: webhooks may be signed with either.
NEXT_SECRET = "the meta secret after it"
APP = {"name": "demo", "id": "1001", "secrets": [META_SECRET, NEXT_SECRET], "verify_token": "verify me"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until(look: Callable[[], T], *, seconds: float, what: str | Callable[[], str]) -> T:
    """The first true answer of `look`. Fails with what was waited for."""
    deadline = monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s in vain: {what if isinstance(what, str) else what()}")
        time.sleep(0.1)


@dataclass
class Site:
    """Everything runs as its own process, as in an installation; `installation` is a door beside them for the test."""

    folder: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    simulator_port: int = field(default_factory=free_port)
    workers: int = 1
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulator(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def environ(self) -> dict[str, str]:
        ours = {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://localhost:{self.port}",
            "ENVIRONMENT": "demo",
            "MASTER_KEY": MASTER_HEX,
            "SECRET_KEY": "a secret of the tests",
            "META_APPS": json.dumps([APP]),
            "SIMULATOR_URL": self.simulator,
            "META_GRAPH_URL": f"{self.simulator}/graph",
            "META_LOGIN_URL": f"{self.simulator}/login",
            "INSTAGRAM_GRAPH_URL": f"{self.simulator}/instagram-graph",
            "INSTAGRAM_API_URL": f"{self.simulator}/instagram-api",
            "INSTAGRAM_LOGIN_URL": f"{self.simulator}/instagram-login",
            "TELEGRAM_API_URL": f"{self.simulator}/telegram",
        } | dict(self.extra)
        return os.environ | {f"KONECTUS_{name}": value for name, value in ours.items()}

    def settings(self) -> Settings:
        return Settings.load({k: v for k, v in self.environ.items() if k.startswith("KONECTUS_")})

    def start(self) -> None:
        """Start `konectus up` and wait until it says ready."""
        self.spawn("-m", "konectus.cli", "up", "--workers", str(self.workers), log="up.log")
        until(self.is_ready, seconds=90, what=lambda: f"konectus up is ready\n{self.log('up.log')}")

    def start_simulator(self) -> None:
        arguments = ("--port", str(self.simulator_port), "--webhooks", self.url, "--seed", "7")
        self.spawn("-m", "ingestion.simulator", *arguments, log="simulator.log")
        until(lambda: answers(f"{self.simulator}/sim/healthz"), seconds=30, what="the simulator answers")

    def spawn(self, *arguments: str, log: str) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("ab") as output:
            started = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(started)
        return started

    def is_ready(self) -> bool:
        ended = [p for p in self._started if p.poll() is not None]
        if ended:
            pytest.fail(f"a process ended with {ended[0].returncode}:\n{self.log('up.log')}")
        return answers(f"{self.url}/readyz") and "ready on" in (self.folder / "up.log").read_text(errors="replace")

    @property
    def parent(self) -> subprocess.Popen[bytes]:
        """What was started last: `konectus up`, where no simulator came after it."""
        return self._started[-1]

    def forget_ended(self) -> None:
        """What the test stopped itself may be started again; its readiness of before counts no more."""
        self._started = [process for process in self._started if process.poll() is None]
        (self.folder / "up.log").unlink(missing_ok=True)

    def log(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace")[-6000:] if path.exists() else ""

    def pid(self, name: str) -> int:
        """The process number of a child by its name, or of PostgreSQL."""
        if name == "postgresql":
            path = self.data_dir / "postgresql" / "data" / "postmaster.pid"
            return int(path.read_text().split("\n", 1)[0])
        children: dict[str, int] = json.loads((self.data_dir / CHILDREN_FILE).read_text())
        return children[name]

    def names(self, kind: str) -> list[str]:
        """The children of that kind; of workers there may be several."""
        children: dict[str, int] = json.loads((self.data_dir / CHILDREN_FILE).read_text())
        return sorted(name for name in children if name.split()[0].startswith(kind))

    def kill(self, name: str) -> None:
        """kill -9, as a machine that runs out of memory does it."""
        os.kill(self.pid(name), signal.SIGKILL)

    def stop(self) -> None:
        for process in reversed(self._started):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._started.clear()

    @contextmanager
    def installation(self) -> Iterator[Installation]:
        opened = open_installation(self.settings())
        beside = Installation(opened.settings, opened.database, opened.released, opened.keys, SystemClock())
        try:
            yield beside
        finally:
            beside.close()

    def register_app(self) -> None:
        """Tell the simulator of our Meta app, so that its deliveries are signed as we expect."""
        known = {"name": APP["name"], "id": APP["id"], "secret": META_SECRET, "verify_token": APP["verify_token"]}
        self.sim("meta/apps", known)

    def sim(self, path: str, body: Mapping[str, Any] | None = None, **query: str | float) -> dict[str, Any]:
        """One call of the simulator's control API: a POST where there is a body."""
        url = f"{self.simulator}/sim/{path}"
        timeout = 90.0
        found = (
            httpx.post(url, json=body, timeout=timeout)
            if body is not None
            else httpx.get(url, params=query, timeout=timeout)
        )
        assert found.is_success, found.text
        answer: dict[str, Any] = found.json()
        return answer


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Nothing runs yet; whatever the test starts is stopped after it."""
    made = Site(tmp_path)
    try:
        yield made
    finally:
        made.stop()
