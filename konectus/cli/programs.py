"""The processes of an installation by name, and the verbs that run one of them in place of the command."""

import os
import sys
from dataclasses import dataclass

from konectus.cli import settings as cli_settings


@dataclass(frozen=True)
class Program:
    """A child process: what it is called and its arguments behind `python`."""

    name: str
    arguments: tuple[str, ...]


WEB = Program("web", ("-m", "backoffice.asgi"))
WORKER = Program("worker", ("-m", "ingestion.worker"))
SENDER = Program("sender", ("-m", "ingestion.sender"))
SCHEDULER = Program("scheduler", ("-m", "scheduler"))


def parts(workers: int) -> list[Program]:
    """What `konectus up` runs, the web first."""
    numbered = [Program(f"worker-{n + 1}", WORKER.arguments) for n in range(workers)] if workers > 1 else [WORKER]
    return [WEB, *numbered, SENDER, SCHEDULER]


def web() -> None:
    """Serve the pages, the API and the webhook doors on KONECTUS_PORT."""
    _become(WEB)


def worker() -> None:
    """Bring webhook bodies from the log into the store; any number may run."""
    _become(WORKER)


def sender() -> None:
    """Send replies and talk to the channels; any number may run."""
    _become(SENDER)


def scheduler() -> None:
    """Run the table of jobs; any number may run, each slot is claimed once."""
    _become(SCHEDULER)


def _become(program: Program) -> None:
    """Run the program in this process's place, so that signals and exit code are its own."""
    cli_settings.load_to_serve()
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *program.arguments])  # noqa: S606 - a program of ours by name
