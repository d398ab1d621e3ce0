"""The edge of `python -m reports.…`: settings in, lines out, exit code 0, 1 (one clear line) or 2 (wrong usage)."""

import os
import sys
from collections.abc import Callable, Iterator

from konectus.errors import KonectusError
from konectus.services.installation import Installation, open_installation
from konectus.settings import Settings


def run(command: Callable[[Installation], Iterator[str]]) -> int:
    """Open the installation of this environment, print what the command says line by line; the exit code."""
    try:
        installation = open_installation(Settings.load(os.environ))
        try:
            for line in command(installation):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
        finally:
            installation.close()
    except KonectusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
