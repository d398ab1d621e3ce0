"""`konectus release`: hands over to `python -m reports.release`, which owns the figures."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from konectus.cli import settings as cli_settings
from konectus.cli.database import opened

REPORT = ("-m", "reports.release")
DRY_RUN, REHEARSAL = "dry-run", ("-m", "reports.rehearsal")


def release(
    context: typer.Context,
    verb: Annotated[
        str,
        typer.Argument(
            help="build, list, verify or dry-run; build takes --period 2026-10 (or 2026-Q3, 2026-W41), "
            "dry-run --clients 200"
        ),
    ],
) -> None:
    """Anonymous figures: build those that wait, list them, verify their chain, try what so many Clients would give."""
    if verb == DRY_RUN:  # it opens no database, so none is asked for
        raise typer.Exit(_run(*REHEARSAL, *context.args))
    with opened():
        code = _run(*REPORT, verb, *context.args)
    raise typer.Exit(code)


def _run(*program: str) -> int:
    environment = cli_settings.environment(os.environ)
    return subprocess.run([sys.executable, *program], env=environment, check=False).returncode
