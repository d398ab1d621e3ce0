"""`konectus up` and `konectus demo` as real processes: started, stopped, killed, started again."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from konectus.clock import monotonic
from tests.support.processes import free_port

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]
ENDED_WITHIN = 10
STARTED_WITHIN = 120  # generous: the machine may be busy with other things


@dataclass
class Terminal:
    """A shell in which one command runs, in a process group of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[str] | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        ours = {"DATA_DIR": str(self.folder), "PORT": str(self.port), "PUBLIC_URL": f"http://localhost:{self.port}"}
        return os.environ | {f"KONECTUS_{name}": value for name, value in ours.items()}

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None
        return self._process

    def type(self, *arguments: str) -> None:
        self.lines.clear()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "konectus.cli", *arguments],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def read_until(self, begin: str) -> str:
        """The first line that begins so; everything before is kept in `lines`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith(begin):
                return line.rstrip()
        return pytest.fail(f"it ended before saying {begin!r}: {self.lines}")

    def refusal(self, *arguments: str) -> str:
        """What a command that must not start says; one line, exit code 1."""
        self.type(*arguments)
        said, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 1, said
        assert len(said.strip().splitlines()) == 1, said
        return said.strip()

    def interrupt(self) -> float:
        """Ctrl-C: the terminal signals the whole group. Seconds until nobody of it is left."""
        began = monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.communicate(timeout=60)
        while self.group():
            time.sleep(0.05)
        return monotonic() - began

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)

    def group(self) -> list[str]:
        """Living processes of the group."""
        listed = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
        rows = [line.split(None, 2) for line in listed.splitlines()]
        return [row[2] for row in rows if row[0] == str(self.process.pid) and not row[1].startswith("Z")]

    @property
    def postmaster(self) -> Path:
        return self.folder / "postgresql" / "data" / "postmaster.pid"

    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate(timeout=60)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path / "data")
    yield opened
    opened.close()


def test_interrupt_leaves_nothing_running_and_nothing_behind(terminal: Terminal) -> None:
    terminal.type("up", "--workers", "2")
    assert terminal.read_until("ready on") == f"ready on http://localhost:{terminal.port} (port {terminal.port})"
    assert len([args for args in terminal.group() if "ingestion.worker" in args]) == 2
    assert terminal.interrupt() < ENDED_WITHIN
    assert terminal.process.returncode == 0
    assert not terminal.is_listening()
    assert not terminal.postmaster.exists()
    assert not (terminal.folder / "database.url").exists()


def test_next_start_works_after_the_parent_was_killed(terminal: Terminal) -> None:
    terminal.type("up")
    terminal.read_until("ready on")
    terminal.kill()
    terminal.type("up")
    terminal.read_until("ready on")
    assert httpx.get(f"http://127.0.0.1:{terminal.port}/healthz", trust_env=False).status_code == 200
    assert terminal.interrupt() < ENDED_WITHIN


def test_killed_web_and_killed_database_come_back(terminal: Terminal) -> None:
    terminal.type("up")
    terminal.read_until("ready on")
    os.kill(int(terminal.postmaster.read_text().splitlines()[0]), signal.SIGKILL)
    terminal.read_until("PostgreSQL ended")
    _await_ready(terminal)
    web = next(int(pid) for pid, args in _children(terminal) if "backoffice.asgi" in args)
    os.kill(web, signal.SIGKILL)
    assert terminal.read_until("web ") == "web was killed by signal 9; it starts again in 0.5 s"
    _await_ready(terminal)


def test_what_cannot_start_says_so_in_one_line_and_starts_nothing(terminal: Terminal, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", terminal.port)):
        assert "choose another with KONECTUS_PORT" in terminal.refusal("up")
        assert "choose another with KONECTUS_PORT" in terminal.refusal("demo", "--port", str(terminal.port))
    assert not terminal.postmaster.exists()
    (tmp_path / "file").touch()
    terminal.folder = tmp_path / "file" / "under"
    assert "set KONECTUS_DATA_DIR to another" in terminal.refusal("up")
    assert "choose another with --data-dir" in terminal.refusal("demo")


def test_demo_is_ready_with_one_sign_in_per_role_and_keeps_what_it_made(terminal: Terminal) -> None:
    demo = ("demo", "--port", str(terminal.port), "--clients", "24")
    terminal.type(*demo)
    terminal.read_until("ready in")
    terminal.read_until("  Ctrl-C")
    told = "\n".join(terminal.lines)
    for role in ("owner", "supervisor", "agent", "admin", "trust", "support", "billing", "legal", "privacy", "analyst"):
        assert re.search(rf"^      {role} +\S", told, re.MULTILINE), f"no sign-in for {role} in {told}"
    before = _sql(terminal, "select count(*) from ops.conversation")
    assert int(before) >= 12
    causes = _sql(terminal, "select string_agg(distinct c, ',') from ops.client_access, unnest(causes) as c")
    assert {"aup", "nonpayment"} <= set(causes.split(","))
    assert _sql(terminal, "select count(distinct channel) from ops.connector where state = 'connected'") == "3"
    assert terminal.interrupt() < ENDED_WITHIN
    terminal.type(*demo)
    terminal.read_until("ready in")
    assert not [line for line in terminal.lines if "registering" in line]
    assert _sql(terminal, "select count(*) >= " + before + " from ops.conversation") == "True"
    assert terminal.interrupt() < ENDED_WITHIN


def _sql(terminal: Terminal, query: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "konectus.cli", "sql", query],
        env=terminal.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _children(terminal: Terminal) -> list[tuple[str, str]]:
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [(row[0], row[2]) for row in rows if row[1] == str(terminal.process.pid)]


def _await_ready(terminal: Terminal) -> None:
    deadline = monotonic() + STARTED_WITHIN
    while monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{terminal.port}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    pytest.fail(f"not ready again: {terminal.lines}")
