"""`python -m ingestion.worker`: one worker until SIGTERM."""

from konectus import loading  # before all others

# isort: split
import gc
import os
import signal
import sys
from types import FrameType

from ingestion.worker.process import Worker
from konectus import log
from konectus.errors import KonectusError
from konectus.services.installation import open_installation
from konectus.settings import Settings

# A batch makes tens of thousands of objects that reference counts free; looking for circles among them was a third of
# the worker's time.
_YOUNG = 50_000


def rarely_collected() -> None:
    """What is loaded by now stays, and is not looked through again."""
    loading.over()
    gc.set_threshold(_YOUNG, 20, 20)


def main() -> int:
    """0 after SIGTERM or Ctrl-C; 1 with one line when it cannot start."""
    log.configure("worker", "info")
    try:
        installation = open_installation(Settings.load(os.environ))
        installation.require_ready()
    except KonectusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    rarely_collected()
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
