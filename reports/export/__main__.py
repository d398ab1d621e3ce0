"""Builds the archive of one request: `python -m reports.export JOB`. The sender starts it, one Client each.

Exit 0 where it is ready or was handed back, 1 with one line where it broke off; it is tried again later.
"""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from uuid import UUID

from konectus import log as logs
from konectus.services.installation import Installation
from reports import console
from reports.export import builder

log = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m reports.export", description="Build a Client's archive.")
    parser.add_argument("job", type=UUID, help="the request's id")
    job_id: UUID = parser.parse_args(arguments).job
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    logs.configure("export", "INFO")

    def run(installation: Installation) -> Iterator[str]:
        yield builder.build(installation, job_id, stopping.is_set)

    try:
        return console.run(run)
    except Exception:
        # Told by its kind and place alone; the row says that it broke off.
        log.exception("archive broke off", extra={"job": str(job_id)})
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
