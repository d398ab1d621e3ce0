"""Figures that the promises showed in this run: printed, and kept in a file where one is named."""

import os
import sys
from pathlib import Path

# `PROMISES_FIGURES=path` collects what docs/promises.md is written from.
_FILE = "PROMISES_FIGURES"


def tell(name: str, figure: str) -> None:
    """One line, such as "P9 visible: p95 0.3 s"."""
    line = f"{name}: {figure}\n"
    sys.stderr.write(line)
    if os.environ.get(_FILE):
        with Path(os.environ[_FILE]).open("a", encoding="utf-8") as out:
            out.write(line)
