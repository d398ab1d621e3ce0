"""`python -m ingestion.worker`: one worker until SIGTERM."""

import os
import signal
import sys
from types import FrameType

from ingestion.worker.process import Worker
from konectus import log
from konectus.errors import KonectusError
from konectus.services.installation import open_installation
from konectus.settings import Settings


def main() -> int:
    """0 after SIGTERM or Ctrl-C; 1 with one line when it cannot start."""
    log.configure("worker", "info")
    try:
        installation = open_installation(Settings.load(os.environ))
        installation.require_ready()
    except KonectusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    worker = Worker(installation)

    def end(_number: int, _frame: FrameType | None) -> None:
        worker.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    worker.run()
    installation.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
