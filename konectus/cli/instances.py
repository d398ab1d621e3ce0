"""One supervisor to a data folder: its lock, and the children a killed one may have left behind."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from konectus.clock import monotonic
from konectus.errors import Conflict, Unavailable
from konectus.settings import PREFIX

LOCK_FILE = "up.lock"
CHILDREN_FILE = "up.json"
# The kernel needs a moment to end the children of a killed supervisor and free their port.
_PORT_PATIENCE = 1.5


class AlreadyUp(Conflict):
    code = "already_up"


class DataFolderClosed(Unavailable):
    code = "data_dir"


class PortTaken(Conflict):
    code = "port_taken"


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold the data folder for the length of the block. Raises AlreadyUp or DataFolderClosed with the mend."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataFolderClosed(
            f"cannot use the data folder {data_dir}: {error.strerror}; "
            f"give it to the user who starts konectus, or set {PREFIX}DATA_DIR to another"
        ) from None
    try:
        _hold(descriptor, data_dir)
        _end_leftovers(data_dir / CHILDREN_FILE)
        yield
        (data_dir / CHILDREN_FILE).unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def remember(data_dir: Path, children: Mapping[str, int]) -> None:
    """Write down the children, for the next start in case this one is killed; whoever reads finds a whole list."""
    draft = data_dir / f".{CHILDREN_FILE}"
    draft.write_text(json.dumps(dict(children)), encoding="utf-8")
    draft.replace(data_dir / CHILDREN_FILE)


def require_port(port: int, setting: str, host: str = "127.0.0.1") -> None:
    """Raises PortTaken where nothing can listen on it."""
    deadline = monotonic() + _PORT_PATIENCE
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if monotonic() < deadline and not isinstance(error, PermissionError):
                    time.sleep(0.05)
                    continue
                reason = (error.strerror or str(error)).lower()
                raise PortTaken(f"port {port}: {reason}; stop what uses it or choose another with {setting}") from None
            return


def _hold(descriptor: int, data_dir: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode().strip() or "unknown"
        raise AlreadyUp(
            f"{data_dir} is in use by another konectus (process {holder}): "
            f"stop that one, or set {PREFIX}DATA_DIR to another folder"
        ) from None
    os.truncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())


def _end_leftovers(path: Path) -> None:
    """Where the kernel does not tie children to us (not Linux), they outlive a killed supervisor until here."""
    try:
        left: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    for pid in left.values():
        if _is_ours(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    path.unlink(missing_ok=True)


def _is_ours(pid: int) -> bool:
    """Whether the number still names a Python of ours, not somebody who got it later."""
    found = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    modules = ("backoffice.asgi", "ingestion.", "-m scheduler", "konectus.cli")
    return Path(sys.executable).name in found.stdout and any(module in found.stdout for module in modules)
