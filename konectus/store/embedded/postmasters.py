"""A running server as its pid file tells: found, recognised as ours, ended. Also one that another process started."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from konectus.clock import monotonic

POLL = 0.01
# SIGINT ends sessions and stops cleanly, SIGQUIT stops without a checkpoint, SIGKILL is the last word.
_ESCALATION = ((signal.SIGINT, 6.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 2.0))
_LINES = 8


@dataclass(frozen=True)
class Postmaster:
    pid: int
    port: int
    socket_dir: Path
    is_ready: bool


def read(data: Path) -> Postmaster | None:
    """The living server of this data directory, or None; a half-written or stale pid file is none."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    lines += [""] * (_LINES - len(lines))
    if not lines[0].isdigit() or not is_ours(int(lines[0]), data):
        return None
    port = int(lines[3]) if lines[3].isdigit() else 0
    return Postmaster(int(lines[0]), port, (data / lines[4]).resolve(), lines[7].strip() == "ready")


def is_ours(pid: int, data: Path) -> bool:
    """Whether this pid is a PostgreSQL server in this data directory, not somebody who got the number later."""
    if sys.platform != "linux":
        return _is_named_so(pid, data)
    try:
        program = Path(f"/proc/{pid}/comm").read_text().strip()
        return program == "postgres" and data.samefile(f"/proc/{pid}/cwd")
    except OSError:
        return False


def forget(data: Path) -> None:
    """Remove the pid file of a server that is gone: PostgreSQL would believe whoever has its number now."""
    if read(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def end(pid: int, data: Path) -> None:
    """Stop a server, first kindly; returns when it is gone."""
    for number, patience in _ESCALATION:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        if _gone(pid, data, patience):
            return


def _gone(pid: int, data: Path, patience: float) -> bool:
    deadline = monotonic() + patience
    while is_ours(pid, data):
        if monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def _is_named_so(pid: int, data: Path) -> bool:
    listed = subprocess.run(  # noqa: S603 - the system's ps and a number
        ["/bin/ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    ).stdout
    return "postgres" in listed and str(data) in listed
