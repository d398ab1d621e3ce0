"""Runs the sender: `python -m ingestion.sender`. Exit 0 after SIGTERM, 1 with one line that names the mend."""

from konectus import loading  # before all others

# isort: split
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping

from ingestion.sender.process import PROCESS, Sender
from konectus import log as logs
from konectus.errors import KonectusError
from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings

log = logging.getLogger(__name__)


def main(environ: Mapping[str, str]) -> int:
    """The exit code."""
    try:
        installation = open_installation(Settings.load(environ))
        installation.require_ready()
    except KonectusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    logs.configure(PROCESS, "INFO")
    loading.over()
    return _run(installation)


def _run(installation: Installation) -> int:
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: told.set())
    sender = Sender(installation)
    sender.start()
    log.info("sender ready")
    told.wait()
    if not sender.stop():
        log.warning("left calls on the wire, they become unknown")
        logging.shutdown()
        # A thread that hangs in a call would hold up the interpreter's end for as long.
        os._exit(0)
    installation.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
