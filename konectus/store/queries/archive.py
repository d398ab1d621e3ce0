"""Rows of a Client's archive, table by table as the registry names them, opened with the Client's keys; keyset pages.

Every column of an exported table is given or named in LEFT_OUT with its reason: a test holds it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, String, and_, cast, func, or_, select, tuple_
from sqlalchemy.orm import Session

from konectus.sealing import ClientKeys, Unreadable
from konectus.store.columns import SEALED, is_sealed
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Suspension
from konectus.store.planes import Entry
from konectus.store.queries import archive_links as links
from konectus.store.registry import ENTRIES

_SIGNS_IN = "a secret: whoever has it can act in your name"
_KEYED = "a keyed hash of a value that is given"
_OURS = "how Konectus does its work, and nothing of yours"
_STAFF = "a note of Konectus's staff, which may name other people or an authority"
# Table and column -> why the archive has it not. "Secrets" are what a person or program could sign in with.
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "ledger.client": {"legal_name_lower": _OURS, "row_version": _OURS},
    "ledger.suspension": dict.fromkeys(("reason", "lift_reason", "scope", "is_silent"), _STAFF),
    "ledger.audit_entry": {"ip": _OURS, "request_id": _OURS},
    "ledger.authorized_user": {"password_hash": _SIGNS_IN},
    "ledger.authority_document": {"content_sealed": "the paper itself lies beside it as a file"},
    "ledger.email_change": {"token_hash": _SIGNS_IN},
    "ledger.deferral": {"reason": _STAFF},
    "ledger.notice": {"message": "the letter itself lies beside it as a file", "last_error": _OURS}
    | dict.fromkeys(("attempts", "not_before"), _OURS),
    "ledger.notice_event": {"raw": "as the mail system wrote it: it names its machines"},
    "ledger.termination": {"reason": _STAFF, "approved_by": _STAFF, "second_by": _STAFF},
    "ledger.export_window": {"extended_reason": _STAFF},
    "ledger.export_job": dict.fromkeys(("step", "attempts", "worker", "leased_until"), _OURS),
    "tenant.connector": {"secret_sealed": _SIGNS_IN, "webhook_secret_sealed": _SIGNS_IN},
    "tenant.contact": {"external_key": _KEYED, "profile_asked_at": _OURS},
    "tenant.message": {"external_key": _KEYED, "reply_to_key": _KEYED, "stored_in": _OURS},
    "tenant.attachment": dict.fromkeys(("attempts", "not_before", "preview_at"), _OURS),
    "tenant.message_version": {"external_key": _KEYED},
    "tenant.reaction": {"external_key": _KEYED},
    "tenant.conversation_event": {"contact_key": _KEYED},
}
_TABLES: Mapping[str, Entry] = {entry.export: entry for entry in ENTRIES if entry.export}
# Text that holds JSON, as an adapter read it.
_JSON = ("facts", "source", "attachments")
# Sealed under another id than its own.
_ROW_ID = {"tenant.draft": "conversation_id"}
# "staff:<id>" names a person of Konectus: that it was one is enough.
_PERSONS = ("_by", "by_whom")


@dataclass(frozen=True, slots=True)
class Found:
    """One row by the names of the archive; `place` is where the next page goes on, `unread` what does not open."""

    values: dict[str, object]
    place: tuple[object, ...]
    unread: tuple[str, ...] = ()


def names() -> tuple[str, ...]:
    """Every part of the archive, in the registry's order."""
    return tuple(_TABLES)


def columns(name: str) -> tuple[str, ...]:
    """Under which names a part's values are given."""
    entry = _TABLES[name]
    return (*(_told(c.name) for c in _given(entry)), *links.COLUMNS.get(name, ()))


def count(session: Session, client_id: UUID, name: str) -> int:
    entry = _TABLES[name]
    statement = select(func.count()).select_from(entry.table).where(_mine(entry, client_id))
    return session.scalar(statement) or 0


def page(session: Session, keys: ClientKeys, name: str, after: Sequence[object] | None, limit: int) -> list[Found]:
    """Rows of a part behind a place, in the order of their keys."""
    entry = _TABLES[name]
    key = _key(entry)
    statement = select(*_given(entry), *links.of(name, entry.table)).where(_mine(entry, keys.client_id))
    if after is not None:
        statement = statement.where(tuple_(*key) > tuple_(*_typed(key, after)))
    client = [entry.table.c.client_id] if entry.plane == "tenant" else []
    rows = session.execute(statement.order_by(*client, *key).limit(limit)).all()
    return [_found(keys, entry, name, row) for row in rows]


def _given(entry: Entry) -> list[Any]:
    left = LEFT_OUT.get(entry.name, {})
    return [c for c in entry.table.columns if c.name not in left]


def _key(entry: Entry) -> list[Any]:
    own = [c for c in entry.table.primary_key.columns if c.name != "client_id"]
    return own or [entry.table.c.client_id]


def _typed(key: Sequence[Any], after: Sequence[object]) -> list[object]:
    """A place as it comes back out of JSON."""
    return [UUID(str(part)) if c.type.python_type is UUID else part for c, part in zip(key, after, strict=True)]


def _mine(entry: Entry, client_id: UUID) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = entry.table.c[entry.client_column] == client_id
    if entry.model is Suspension:
        # Under an order that forbids to speak of it (Terms 15.1 c).
        return and_(mine, Suspension.is_silent.is_(False))
    if entry.model is not AuditEntry:
        return mine
    # What concerns tables that are no part of the archive is Konectus's own: holds, approvals, sessions.
    tables = [e.table.name for e in ENTRIES if e.export]
    told = or_(AuditEntry.actor_kind == "agent", AuditEntry.subject_kind.in_(tables))
    silent = select(cast(Suspension.id, String)).where(Suspension.client_id == client_id, Suspension.is_silent)
    return and_(mine, told, AuditEntry.subject_id.not_in(silent))


def _told(column: str) -> str:
    return column.removesuffix(f"_{SEALED}")


def _found(keys: ClientKeys, entry: Entry, name: str, row: Row[Any]) -> Found:
    values: dict[str, object] = {}
    raw, unread = row._mapping, []  # noqa: SLF001 SQLAlchemy's public name for a row by its columns
    for column in _given(entry):
        value = raw[column.name]
        if is_sealed(column) and value is not None:
            row_id = raw[_ROW_ID.get(entry.name, "id")]
            try:
                value = keys.open_text(value, entry.table.name, column.name, row_id)
            except Unreadable:
                value = None
                unread.append(f"{name}.{_told(column.name)} {row_id}")
        values[_told(column.name)] = _shown(_told(column.name), value)
    values |= links.told(name, keys, raw)
    if entry.model is AuditEntry:
        values = _without_staff(values)
    return Found(values, tuple(raw[c.name] for c in _key(entry)), tuple(unread))


def _shown(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if name in _JSON:
        return _parsed(value)
    if name.endswith(_PERSONS) and value.startswith("staff:"):
        return "staff"
    return value


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _without_staff(values: dict[str, object]) -> dict[str, object]:
    """That Konectus's staff did it, when and to what; who and why stays with Konectus."""
    if values["actor_kind"] != "staff":
        return values
    return values | {"actor_id": None, "actor_name": "Konectus", "reason": None, "before": {}, "after": {}}
