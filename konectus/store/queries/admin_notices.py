"""Notices and tasks as the staff see them: pages, one with its events, what waits. Never the text of a mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from konectus.domain.notices import WITHDRAWN, NoticeChannel, NoticeKind, NoticeState, state_of
from konectus.store.models.billing import Invoice, Reading
from konectus.store.models.clients import Client
from konectus.store.models.notices import Notice, NoticeEvent, NoticeInvoice, StaffTask

STATES = tuple(str(state) for state in NoticeState)


@dataclass(frozen=True, slots=True)
class Told:
    """One e-mail of a notice. `state` is derived from its instants."""

    id: UUID
    client_id: UUID
    trade_name: str
    kind: str
    subject: str
    recipient: str
    registered_email: str
    seq: int
    language: str
    attempts: int
    last_error: str | None
    queued_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    bounced_at: datetime | None
    undeliverable_at: datetime | None
    body_sha256: bytes

    @property
    def state(self) -> NoticeState:
        return state_of(self)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about a notice, as it came."""

    kind: str
    occurred_at: datetime
    received_at: datetime
    provider_event_id: str
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    id: UUID
    client_id: UUID | None
    trade_name: str | None
    kind: str
    subject_ref: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    name: str
    value: Any
    clause: str
    changed_at: datetime | None
    changed_by: str | None


def notices(
    session: Session, *, state: str = "", client_id: UUID | None = None, after: UUID | None = None, most: int
) -> list[Told]:
    """E-mails of notices, newest first."""
    statement = _told().order_by(Notice.id.desc()).limit(most)
    if state in STATES:
        statement = statement.where(*_in_state(state))
    if client_id is not None:
        statement = statement.where(Notice.client_id == client_id)
    if after is not None:
        statement = statement.where(Notice.id < after)
    return [Told(*row) for row in session.execute(statement)]


def notice(session: Session, notice_id: UUID) -> Told | None:
    row = session.execute(_told().where(Notice.id == notice_id)).one_or_none()
    return Told(*row) if row else None


def latest(session: Session, client_id: UUID, kind: NoticeKind) -> UUID | None:
    """The newest e-mail of a kind."""
    statement = select(Notice.id).where(Notice.client_id == client_id, Notice.kind == kind)
    return session.scalar(statement.where(Notice.channel == NoticeChannel.EMAIL).order_by(Notice.id.desc()).limit(1))


def of_ids(session: Session, notice_ids: list[UUID]) -> dict[UUID, Told]:
    """Several by their ids."""
    return {row[0]: Told(*row) for row in session.execute(_told().where(Notice.id.in_(notice_ids)))}


def said(session: Session, client_id: UUID, notice_id: UUID) -> list[Said]:
    """In the order things happened."""
    rows = session.execute(
        select(
            NoticeEvent.kind,
            NoticeEvent.occurred_at,
            NoticeEvent.received_at,
            NoticeEvent.provider_event_id,
            NoticeEvent.raw,
        )
        .where(NoticeEvent.client_id == client_id, NoticeEvent.notice_id == notice_id)
        .order_by(NoticeEvent.occurred_at, NoticeEvent.id)
        .limit(200)
    )
    return [Said(*row) for row in rows]


def listed(session: Session, notice_id: UUID) -> list[tuple[UUID, str, int]]:
    """Invoices that a notice lists: id, number, and what was owed when it was sent."""
    rows = session.execute(
        select(NoticeInvoice.invoice_id, Invoice.number, NoticeInvoice.balance_cents)
        .join(Invoice, Invoice.id == NoticeInvoice.invoice_id)
        .where(NoticeInvoice.notice_id == notice_id)
        .order_by(Invoice.number)
    )
    return [(row[0], row[1] or "", row[2]) for row in rows]


def bounced(session: Session, most: int) -> list[Told]:
    """Those that came back or could not be delivered, and were not sent again since, newest first."""
    again = aliased(Notice)
    same = (again.client_id == Notice.client_id, again.kind == Notice.kind, again.subject_ref == Notice.subject_ref)
    later = select(again.id).where(*same, again.channel == Notice.channel, again.seq > Notice.seq).exists()
    failed = or_(and_(*_in_state(NoticeState.BOUNCED)), and_(*_in_state(NoticeState.UNDELIVERABLE)))
    statement = _told().where(failed, ~later)
    return [Told(*row) for row in session.execute(statement.order_by(Notice.id.desc()).limit(most))]


def tasks(session: Session, *, closed: bool = False, after: UUID | None = None, most: int) -> list[Task]:
    """Newest first."""
    ended = StaffTask.closed_at.is_not(None) if closed else StaffTask.closed_at.is_(None)
    statement = _task().where(ended).order_by(StaffTask.id.desc()).limit(most)
    if after is not None:
        statement = statement.where(StaffTask.id < after)
    return [Task(*row) for row in session.execute(statement)]


def task(session: Session, task_id: UUID) -> Task | None:
    row = session.execute(_task().where(StaffTask.id == task_id)).one_or_none()
    return Task(*row) if row else None


def open_tasks(session: Session) -> int:
    counted = select(func.count()).select_from(StaffTask).where(StaffTask.closed_at.is_(None))
    return session.scalar(counted) or 0


def readings(session: Session) -> list[ReadingRow]:
    columns = (Reading.name, Reading.value, Reading.clause, Reading.changed_at, Reading.changed_by)
    return [ReadingRow(*row) for row in session.execute(select(*columns).order_by(Reading.name))]


def _told() -> Select[*tuple[Any, ...]]:
    who = (Notice.id, Notice.client_id, Client.trade_name, Notice.kind, Notice.subject, Notice.recipient)
    how = (Client.registered_email, Notice.seq, Notice.language, Notice.attempts, Notice.last_error)
    when = (Notice.queued_at, Notice.sent_at, Notice.delivered_at, Notice.bounced_at, Notice.undeliverable_at)
    found = select(*who, *how, *when, Notice.body_sha256).join(Client, Client.id == Notice.client_id)
    return found.where(Notice.channel == NoticeChannel.EMAIL)


def _in_state(state: str) -> tuple[ColumnElement[bool], ...]:
    """The same as `state_of`, for the database."""
    gone, back, came = Notice.undeliverable_at, Notice.bounced_at, Notice.delivered_at
    if state == NoticeState.BOUNCED:
        return (back.is_not(None),)
    if state == NoticeState.DELIVERED:
        return (back.is_(None), came.is_not(None))
    if state in (NoticeState.UNDELIVERABLE, NoticeState.WITHDRAWN):
        withdrawn = Notice.last_error.is_not_distinct_from(WITHDRAWN)
        meant = withdrawn if state == NoticeState.WITHDRAWN else ~withdrawn
        return (back.is_(None), came.is_(None), gone.is_not(None), meant)
    left = Notice.sent_at.is_not(None) if state == NoticeState.SENT else Notice.sent_at.is_(None)
    return (back.is_(None), came.is_(None), gone.is_(None), left)


def _task() -> Select[*tuple[Any, ...]]:
    named = (StaffTask.id, StaffTask.client_id, Client.trade_name, StaffTask.kind, StaffTask.subject_ref)
    when = (StaffTask.opened_at, StaffTask.due_at, StaffTask.closed_at, StaffTask.closed_by)
    return select(*named, *when).outerjoin(Client, Client.id == StaffTask.client_id)
