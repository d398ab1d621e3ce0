"""What commands print: plain lines, progress on a terminal, errors in one line. No command lives here."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]


def say(line: str = "") -> None:
    """One line of result on standard output."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell(line: str) -> None:
    """One line about what happens, on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as their widest value; tabs where the output is not a terminal, for other programs."""
    cells = [[str(value) if value is not None else "-" for value in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            say("\t".join(row))
        return
    widths = [max(len(line[i]) for line in [list(head), *cells]) for i in range(len(head))]
    for line in [list(head), *cells]:
        say("  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip())


@contextmanager
def progress(words: str, total: int | None = None) -> Iterator[Advance]:
    """A bar on a terminal; elsewhere one line when it begins and one when it is done."""
    if not sys.stderr.isatty():
        tell(f"{words} …")
        yield lambda _steps: None
        tell(f"{words}: done")
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(words, total=total)
        yield lambda steps: bars.update(task, advance=steps)
        bars.update(task, total=total or 1, completed=total or 1)
