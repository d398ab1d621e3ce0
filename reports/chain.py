"""The hash chain of releases: each hash covers the release, its metrics, its cells and the hash before it."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from konectus.store.models.released import Cell, LedgerEntry, Metric, Release, ReleasedBase


def digest(release: Release, metrics: Iterable[Metric], cells: Iterable[Cell]) -> str:
    """SHA-256 over everything but the hash itself, in one canonical spelling."""
    parts = {
        "release": {name: value for name, value in _fields(release).items() if name != "sha256"},
        "metrics": sorted((_fields(metric) for metric in metrics), key=_spell),
        "cells": sorted((_fields(cell) for cell in cells), key=_spell),
    }
    return hashlib.sha256(_spell(parts).encode()).hexdigest()


def broken(released: Session) -> list[str]:
    """What is wrong with the chain, one line each; empty when every release is what it was."""
    found = []
    before: str | None = None
    for position, release in enumerate(released.scalars(select(Release).order_by(Release.number)), start=1):
        name = f"{release.grain} {release.period:%Y-%m}"
        if release.number != position:
            found.append(f"{name}: number {release.number} where {position} was expected")
        if release.prev_sha256 != before:
            found.append(f"{name}: does not follow the release before it")
        metrics = released.scalars(select(Metric).where(Metric.release_id == release.id)).all()
        cells = released.scalars(select(Cell).where(Cell.release_id == release.id)).all()
        if len(cells) != release.cells or digest(release, metrics, cells) != release.sha256:
            found.append(f"{name}: its content does not match its hash")
        entry = released.get(LedgerEntry, release.id)
        if entry is None or entry.rho != release.rho:
            found.append(f"{name}: the ledger does not hold what it spent")
        before = release.sha256
    return found


# Later than the first releases: where they are null they are left out, so that those keep their hashes.
_ADDED = frozenset({"low", "high", "definition_es", "definition_en"})


def _fields(row: ReleasedBase) -> dict[str, Any]:
    found = {column.key: getattr(row, column.key) for column in inspect(row).mapper.column_attrs}
    return {name: value for name, value in found.items() if value is not None or name not in _ADDED}


def _spell(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case Decimal():
            return format(value.normalize(), "f")
        case UUID():
            return str(value)
        case _:
            return value.isoformat()  # type: ignore[attr-defined, no-any-return]  # a date is all that is left
