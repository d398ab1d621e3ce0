"""Runs the simulator as a process on this machine alone: `python -m ingestion.simulator --port 8010`."""

from konectus import loading  # before all others

# isort: split
import argparse
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvicorn

from ingestion.simulator.app import create_app
from ingestion.simulator.sending import LOOPBACK
from ingestion.simulator.tuning import Options
from konectus.clock import OffsetClock, SystemClock
from konectus.errors import KonectusError
from konectus.listening import listen

_PREFIX = "SIMULATOR_"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """0 after a clean stop, 1 with one line that names the mend."""
    given = _parser(environ).parse_args(arguments)
    if not _is_loopback(given.host):
        return _refuse(f"--host {given.host}: the simulator answers on this machine alone; use 127.0.0.1")
    if not _is_loopback(given.webhooks.partition("://")[2].split("/")[0].rsplit(":", 1)[0]):
        return _refuse(f"--webhooks {given.webhooks}: must be an address of this machine such as http://127.0.0.1:8000")
    try:
        listening = listen(given.host, given.port)
    except OSError as error:
        reason = error.strerror or str(error)
        return _refuse(f"port {given.port}: {reason}; stop what uses it or choose another with --port")
    with listening:
        return _serve(given, listening)


def _serve(given: argparse.Namespace, listening: socket.socket) -> int:
    options = Options(
        seed=given.seed,
        webhooks=given.webhooks.rstrip("/"),
        address=f"http://{given.host}:{listening.getsockname()[1]}",
        state_file=given.state_file,
        fetch_media=given.fetch_media,
    )
    try:
        app = create_app(options, OffsetClock(given.clock_file) if given.clock_file else SystemClock())
    except KonectusError as error:
        return _refuse(str(error))
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=3)
    for stop in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops cleanly first and then raises the signal again.
        signal.signal(stop, lambda *_: sys.exit(0))
    loading.over()
    sys.stderr.write(f"simulator ready on {options.address}\n")
    uvicorn.Server(config).run(sockets=[listening])
    return 0


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m ingestion.simulator", description="Plays the channels on loopback.")

    def option(name: str, default: str, about: str) -> None:
        kind = int if default.isdigit() else str
        value = environ.get(_PREFIX + name.upper(), default)
        parser.add_argument(f"--{name}", type=kind, default=value, help=f"{about} ({_PREFIX}{name.upper()}, {default})")

    option("host", "127.0.0.1", "loopback address to listen on")
    option("port", "8010", "port to listen on, 0 for any")
    option("webhooks", "http://127.0.0.1:8000", "where the product's webhooks are")
    option("seed", "1", "seed of every id, name and choice")
    parser.add_argument("--clock-file", type=Path, default=_path(environ, "CLOCK_FILE"), help="the demo clock's offset")
    parser.add_argument("--state-file", type=Path, default=_path(environ, "STATE_FILE"), help="remember the world here")
    parser.add_argument("--fetch-media", action="store_true", help="fetch files that are sent by address")
    return parser


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    found = environ.get(_PREFIX + name)
    return Path(found) if found else None


def _is_loopback(host: str) -> bool:
    plain = host.strip("[]")
    try:
        return plain in LOOPBACK or ipaddress.ip_address(plain).is_loopback
    except ValueError:
        return False


def _refuse(line: str) -> int:
    sys.stderr.write(f"{line}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
