"""Requests nobody pressed a button for: what the scheduler has the sender look after. When is the caller's."""

import zlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from konectus.domain.connectors import LIVE, RequestKind
from konectus.services import connectors
from konectus.services.installation import Installation
from konectus.services.work import Actor
from konectus.store.models.connectors import ConnectorRequest
from konectus.store.queries import connectors as rows
from konectus.store.queries import upkeep as read
from konectus.store.queries.upkeep import Apps, Due
from konectus.store.roles import Role

Find = Callable[[Session, datetime], list[Due]]
SILENCE = Actor("system", "silence", "Konectus")
_BATCH = 200


def unchecked(before: datetime) -> Find:
    return lambda session, now: read.unchecked(session, now, before)


def tokens_due(apps: Apps, *, soon: datetime, old: datetime) -> Find:
    return lambda session, now: read.tokens_due(session, now, apps, (soon, old))


def ask(installation: Installation, kind: RequestKind, spread: timedelta, find: Find) -> int:
    """Ask the sender for this of every Connector found, spread over so long, each at its own minute; how many."""
    with installation.database.session(Role.WORKER) as session:
        due = find(session, installation.clock.now())
    for start in range(0, len(due), _BATCH):
        with installation.works.system() as work:
            for one in due[start : start + _BATCH]:
                later = partial(_put_off, work.now + spread * _share(one.id))
                connectors.request(work, one.client_id, one.id, kind, later)
    return len(due)


def silent(installation: Installation, now: datetime, quiet: timedelta, rhythm: timedelta) -> list[Due]:
    """Live Connectors that heard nothing for `quiet`, and something within `rhythm` before that."""
    with installation.database.session(Role.WORKER) as session:
        return read.silent(session, now, now - quiet - rhythm, now - quiet)


def days_heard(installation: Installation, due: Due, days: int) -> int:
    with installation.database.session(Role.WORKER) as session:
        return read.days_heard(session, due, days)


def ask_now(installation: Installation, due: Due, kinds: Iterable[RequestKind]) -> None:
    """Ask for these at once, in the name of the watch over silence."""
    with installation.works.system(SILENCE) as work:
        row = rows.lock(work.session, due.client_id, due.id)
        if row is not None and row.state in LIVE:
            for kind in kinds:
                connectors.ask(work, due.client_id, due.id, kind)


def _put_off(not_before: datetime, row: ConnectorRequest) -> None:
    row.not_before = not_before


def _share(connector_id: UUID) -> float:
    """The same for a Connector every time, from 0 to 1."""
    return zlib.crc32(connector_id.bytes) / (1 << 32)
