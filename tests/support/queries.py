"""Counts the statements a block sends, so that a page that asks once per row is seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement of every engine, in order; the one that names the tenant is left out."""
    seen: list[str] = []

    def note(*executed: Any) -> None:
        if "set_config" not in executed[2]:
            seen.append(executed[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
