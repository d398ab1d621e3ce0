"""`konectus release`: hands over to `python -m reports.release`, which owns the figures."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from konectus.cli import settings as cli_settings
from konectus.cli.database import opened

REPORT = ("-m", "reports.release")


def release(
    context: typer.Context,
    verb: Annotated[
        str, typer.Argument(help="build, list or verify; build takes --period 2026-10 (or 2026-Q3, 2026-W41)")
    ],
) -> None:
    """Anonymous figures: build those that wait, list them, verify their chain."""
    with opened():
        done = subprocess.run(
            [sys.executable, *REPORT, verb, *context.args], env=cli_settings.environment(os.environ), check=False
        )
    raise typer.Exit(done.returncode)
