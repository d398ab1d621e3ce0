"""The audit trail: newest first, narrowed by Client, action or person, each entry with its differences. Read only."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from backoffice.admin import reason_words, words
from backoffice.admin.pieces import Asked, Cell, Fact, Table
from backoffice.admin.roles import AUDIT, CLIENT
from backoffice.admin.shell import list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services.work import PROOF, Work
from konectus.store.models.audit import AuditEntry
from konectus.store.queries import admin, admin_audit, clients
from konectus.store.queries.admin_audit import Entry

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of the trail with what it is narrowed to."""

    identity: str
    actions: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...]
    action: str
    actor: str
    client_id: str
    client_name: str
    all_href: str
    table: Table
    next_href: str
    first_href: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact before and after; empty where it was not there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    identity: str
    title: str
    number: int
    reason: str
    facts: tuple[Fact, ...]
    differences: tuple[Difference, ...]


class AuditAdmin(StaffView, model=AuditEntry):
    name: ClassVar[str] = "audit entry"
    list_template: ClassVar[str] = "admin/audit.html"
    details_template: ClassVar[str] = "admin/entry.html"

    def read_list(self, work: Work, asked: Asked) -> Any:
        client_id, action, actor = asked.id("client"), asked.text("action"), asked.text("actor")
        before = _number(asked.query.get("before", ""))
        wanted = admin_audit.Asked(client_id, action, actor, before)
        rows = admin_audit.entries(work.session, wanted, PAGE_SIZE + 1)
        shown = rows[:PAGE_SIZE]
        kept = {"client": str(client_id or ""), "action": action, "actor": actor}
        here = list_of(AUDIT)
        return Trail(
            identity=AUDIT,
            actions=tuple(sorted(((name, words.action(name)) for name in words.ACTIONS), key=lambda pair: pair[1])),
            people=tuple(admin.staff(work.session)),
            action=action,
            actor=actor,
            client_id=str(client_id or ""),
            client_name=_client_name(work, client_id),
            all_href=f"{here}{_query({**kept, 'client': ''})}",
            table=Table(
                (gettext("What"), gettext("Client"), gettext("Who"), gettext("When")),
                tuple(_cells(row) for row in shown),
                gettext("No entry like this."),
            ),
            next_href=f"{here}{_query({**kept, 'before': str(shown[-1].id)})}" if len(rows) > PAGE_SIZE else "",
            first_href=f"{here}{_query(kept)}" if before else "",
        )

    def read_details(self, work: Work, asked: Asked) -> Any:
        number = _number(asked.pk)
        entry = admin_audit.entry(work.session, number) if number else None
        if entry is None:
            raise NotFound
        return EntryPage(
            AUDIT,
            words.action(entry.action),
            entry.id,
            reason_words.told(entry.reason),
            _facts(entry),
            _differences(entry),
        )


def _number(text: str) -> int | None:
    """A number of an entry, None where it is none or larger than any can be."""
    return int(text) if text.isascii() and text.isdigit() and int(text[:20]) <= _LARGEST else None


def _query(kept: dict[str, str]) -> str:
    found = urlencode({name: value for name, value in kept.items() if value})
    return f"?{found}" if found else ""


def _client_name(work: Work, client_id: UUID | None) -> str:
    return clients.trade_name(work.session, client_id) or "" if client_id else ""


def _cells(row: Entry) -> tuple[Cell, ...]:
    return (
        Cell(words.action(row.action), small=reason_words.told(row.reason), href=page_of(AUDIT, row.id)),
        Cell(row.client_name or "", href=page_of(CLIENT, row.client_id) if row.client_id else ""),
        Cell(row.actor_name, small=words.actor(row.actor_kind)),
        Cell(at=row.at),
    )


def _facts(entry: Entry) -> tuple[Fact, ...]:
    here = list_of(AUDIT)
    by = Cell(entry.actor_name, small=words.actor(entry.actor_kind), href=f"{here}{_query({'actor': entry.actor_id})}")
    href = page_of(CLIENT, entry.client_id) if entry.client_id else ""
    return (
        Fact(gettext("When"), Cell(at=entry.at)),
        Fact(gettext("Who"), by),
        Fact(gettext("Client"), Cell(entry.client_name or "", href=href)),
        Fact(gettext("Subject"), Cell(entry.subject_kind, small=entry.subject_id)),
        Fact(gettext("Action"), Cell(entry.action)),
        Fact(gettext("Proved anew"), Cell(gettext("With a code of the second factor") if PROOF in entry.after else "")),
        Fact(gettext("IP address"), Cell(entry.ip or "")),
        Fact(gettext("Request"), Cell(entry.request_id or "")),
    )


def _differences(entry: Entry) -> tuple[Difference, ...]:
    names = [*entry.before, *(name for name in entry.after if name not in (*entry.before, PROOF))]
    return tuple(Difference(name, _said(entry.before, name), _said(entry.after, name)) for name in names)


def _said(facts: dict[str, Any], name: str) -> str:
    if name not in facts or facts[name] is None:
        return ""
    value = facts[name]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
