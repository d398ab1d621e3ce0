"""Reads of notices: what waits to be sent, what is proven, what is due to be told, and lists for pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, TextClause, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from konectus.domain.notices import (
    MAIL_EVENTS,
    STARTS_CLOCK,
    WITHDRAWN,
    NoticeChannel,
    NoticeEventKind,
    NoticeKind,
    NoticeState,
    state_of,
)
from konectus.domain.tasks import TaskKind
from konectus.store.models.notices import Notice, NoticeEvent, NoticeInvoice, StaffTask


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivered notice of Terms 15.1(a) that lists an invoice. Whether a bounce voids it: `domain.notices.stands`."""

    notice_id: UUID
    invoice_id: UUID
    delivered_at: datetime
    bounced_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice in a list."""

    id: UUID
    client_id: UUID
    kind: NoticeKind
    channel: NoticeChannel
    subject_ref: str
    seq: int
    recipient: str
    subject: str
    facts: dict[str, Any]
    queued_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    bounced_at: datetime | None
    undeliverable_at: datetime | None
    shown_at: datetime | None
    acknowledged_at: datetime | None
    attempts: int
    last_error: str | None

    @property
    def state(self) -> NoticeState:
        return state_of(self)


@dataclass(frozen=True, slots=True)
class EventRow:
    """What was said about a notice."""

    kind: NoticeEventKind
    provider_event_id: str
    occurred_at: datetime
    received_at: datetime
    raw: dict[str, Any]

    @property
    def is_of_mail(self) -> bool:
        return self.kind in MAIL_EVENTS


_COLUMNS = tuple(getattr(Notice, name) for name in NoticeRow.__dataclass_fields__)
_CLOCK = ", ".join(f"'{kind}'" for kind in STARTS_CLOCK)
# From when on an invoice is owed: the last allocation that took back what had paid it whole, else its due date.
OWED_SINCE = """coalesce((
  select max(a.at) from (
    select l.at, l.amount_cents,
      coalesce(sum(l.amount_cents) over (order by l.id rows between unbounded preceding and 1 preceding), 0) as before
    from ledger.allocation l where l.client_id = b.client_id and l.invoice_id = b.id) a
  where a.amount_cents < 0 and a.before >= b.total_cents), b.due_at)"""
# A notice that somebody looks after: on its way, arrived, or failed at the address that is still the registered one.
_LIVE = f"""select 1 from ledger.notice n
  where n.client_id = b.client_id and n.channel = 'email' and n.kind in ({_CLOCK}) and n.queued_at >= {OWED_SINCE}
    and n.last_error is distinct from '{WITHDRAWN}'
    and n.facts -> 'invoices' @> jsonb_build_array(jsonb_build_object('id', b.id::text))
    and ((n.bounced_at is null and n.undeliverable_at is null) or n.recipient = c.registered_email)"""  # noqa: S608 -- made of constants
_UNTOLD = f"""from ledger.invoice_balance b join ledger.client c on c.id = b.client_id
where b.status = 'open' and b.balance_cents > 0 and b.due_at <= :now
  and not exists (select 1 from ledger.deferral d where d.client_id = b.client_id and d.revoked_at is null
    and d.granted_at <= :now and d.until > :now and (d.invoice_id is null or d.invoice_id = b.id))
  and not exists ({_LIVE})"""  # noqa: S608 -- made of constants
_UNTOLD_CLIENTS: TextClause = text(
    f"select b.client_id {_UNTOLD} group by b.client_id order by min(b.due_at), b.client_id limit :most"
)
_UNTOLD_INVOICES: TextClause = text(f"select b.id {_UNTOLD} and b.client_id = :client_id order by b.due_at, b.id")
_DELIVERED: TextClause = text(f"""select n.id as notice_id, i.invoice_id, n.delivered_at, n.bounced_at
from ledger.notice n
join ledger.notice_invoice i on i.client_id = n.client_id and i.notice_id = n.id
join ledger.invoice_balance b on b.client_id = i.client_id and b.id = i.invoice_id
where n.client_id = :client_id and n.kind in ({_CLOCK}) and n.channel = 'email' and n.delivered_at is not null
  and n.queued_at >= {OWED_SINCE}
order by n.delivered_at, n.id, i.invoice_id""")  # noqa: S608 -- made of constants
# Once per row: what has a successor is looked after by it until its own time is over.
_UNPROVEN: TextClause = text("""select n.id from ledger.notice n
where n.channel = 'email' and n.delivered_at is null and n.bounced_at is null and n.undeliverable_at is null
  and (n.sent_at is not null or n.attempts > 0)
  and (coalesce(n.sent_at, n.queued_at) <= :given_up
    or (n.sent_at <= :resend and n.facts ->> 'resent' is null
      and not exists (select 1 from ledger.notice m where m.client_id = n.client_id and m.kind = n.kind
        and m.subject_ref = n.subject_ref and m.channel = n.channel and m.seq > n.seq)))
  and (cast(:id as uuid) is null or n.id = :id)
order by n.queued_at, n.id limit :most""")


def to_send(session: Session, now: datetime, most: int) -> list[UUID]:
    """E-mails whose time has come, the longest waiting first."""
    return list(session.scalars(_waiting(now).order_by(Notice.not_before, Notice.id).limit(most)))


def lock_to_send(session: Session, notice_id: UUID, now: datetime) -> Notice | None:
    """Its row for this transaction alone; None where somebody else has it or it need not be sent any more."""
    which = _waiting(now).where(Notice.id == notice_id)
    locked = session.scalar(which.with_for_update(skip_locked=True))
    return session.get(Notice, notice_id) if locked is not None else None


def _waiting(now: datetime) -> Select[UUID]:
    return select(Notice.id).where(
        Notice.channel == NoticeChannel.EMAIL,
        Notice.sent_at.is_(None),
        Notice.undeliverable_at.is_(None),
        Notice.bounced_at.is_(None),
        Notice.not_before <= now,
    )


def unproven(
    session: Session, resend: datetime, given_up: datetime, most: int, *, notice_id: UUID | None = None
) -> list[UUID]:
    """E-mails without proof: sent before `resend` and not sent again, or tried since before `given_up`."""
    values = {"resend": resend, "given_up": given_up, "most": most, "id": notice_id}
    return list(session.scalars(_UNPROVEN, values))


def untold_clients(session: Session, now: datetime, most: int) -> list[UUID]:
    """Clients with a due balance that no live notice lists (lifecycle.md 5, notify_due)."""
    return list(session.scalars(_UNTOLD_CLIENTS, {"now": now, "most": most}))


def untold_invoices(session: Session, client_id: UUID, now: datetime) -> list[UUID]:
    """Those invoices of one Client, the oldest due first."""
    return list(session.scalars(_UNTOLD_INVOICES, {"now": now, "client_id": client_id}))


def delivered_for(session: Session, client_id: UUID) -> list[Delivered]:
    """Deliveries that may start a clock, the first one first; none from before an invoice was reopened (2, #7)."""
    rows = session.execute(_DELIVERED, {"client_id": client_id})
    return [Delivered(row.notice_id, row.invoice_id, row.delivered_at, row.bounced_at) for row in rows]


def last_seq(session: Session, client_id: UUID, kind: NoticeKind, subject_ref: str) -> int:
    """How often this was told, in any channel; 0 for never."""
    found = session.scalar(select(func.max(Notice.seq)).where(*_chain(client_id, kind, subject_ref)))
    return found or 0


def chain(session: Session, client_id: UUID, kind: NoticeKind, subject_ref: str) -> list[NoticeRow]:
    """Every e-mail of one fact, the last one first."""
    which = (*_chain(client_id, kind, subject_ref), Notice.channel == NoticeChannel.EMAIL)
    return [_row(row) for row in session.execute(select(*_COLUMNS).where(*which).order_by(Notice.seq.desc()))]


def by_id(session: Session, notice_id: UUID) -> NoticeRow | None:
    row = session.execute(select(*_COLUMNS).where(Notice.id == notice_id)).one_or_none()
    return _row(row) if row else None


def id_of_message(session: Session, message_id: str) -> tuple[UUID, UUID] | None:
    """Client and notice of a Message-ID of ours."""
    row = session.execute(select(Notice.client_id, Notice.id).where(Notice.provider_message_id == message_id)).first()
    return (row.client_id, row.id) if row else None


def is_unwanted(session: Session, client_id: UUID) -> bool:
    """Whether somebody of a Client called our mail unwanted, and no person has closed that task yet."""
    open_one = select(StaffTask.id).where(
        StaffTask.kind == TaskKind.MAIL_COMPLAINT,
        StaffTask.subject_ref == f"client:{client_id}",
        StaffTask.closed_at.is_(None),
    )
    return session.scalar(open_one) is not None


def banners(session: Session, client_id: UUID, most: int = 20) -> list[NoticeRow]:
    """What pages show until somebody acknowledges it: the last of each fact, the newest first."""
    newest = (
        select(Notice.id)
        .where(Notice.client_id == client_id, Notice.channel == NoticeChannel.IN_APP)
        .ext(distinct_on(Notice.kind, Notice.subject_ref))
        .order_by(Notice.kind, Notice.subject_ref, Notice.seq.desc())
    )
    rows = session.execute(
        select(*_COLUMNS)
        .where(Notice.id.in_(newest), Notice.acknowledged_at.is_(None))
        .order_by(Notice.queued_at.desc(), Notice.id.desc())
        .limit(most)
    )
    return [_row(row) for row in rows]


def of_client(session: Session, client_id: UUID, most: int = 200) -> list[NoticeRow]:
    """E-mails to one Client, the newest first."""
    rows = session.execute(
        select(*_COLUMNS)
        .where(Notice.client_id == client_id, Notice.channel == NoticeChannel.EMAIL)
        .order_by(Notice.queued_at.desc(), Notice.seq.desc(), Notice.id.desc())
        .limit(most)
    )
    return [_row(row) for row in rows]


def events(session: Session, notice_id: UUID) -> list[EventRow]:
    """What was said about it, in the order we heard it."""
    rows = session.scalars(select(NoticeEvent).where(NoticeEvent.notice_id == notice_id).order_by(NoticeEvent.id))
    return [
        EventRow(NoticeEventKind(one.kind), one.provider_event_id, one.occurred_at, one.received_at, one.raw)
        for one in rows
    ]


def listed(session: Session, notice_id: UUID) -> list[tuple[UUID, int]]:
    """The invoices that a notice lists, with what was owed when it left."""
    rows = session.execute(
        select(NoticeInvoice.invoice_id, NoticeInvoice.balance_cents).where(NoticeInvoice.notice_id == notice_id)
    )
    return [(row.invoice_id, row.balance_cents) for row in rows]


def message(session: Session, notice_id: UUID) -> tuple[bytes | None, bytes] | None:
    """The bytes as they went out, and the hash that was kept of them."""
    row = session.execute(select(Notice.message, Notice.body_sha256).where(Notice.id == notice_id)).one_or_none()
    return (row.message, row.body_sha256) if row else None


def _chain(client_id: UUID, kind: NoticeKind, subject_ref: str) -> tuple[Any, ...]:
    return Notice.client_id == client_id, Notice.kind == kind, Notice.subject_ref == subject_ref


def _row(row: Row[Any]) -> NoticeRow:
    values = row._asdict()
    return NoticeRow(**values | {"kind": NoticeKind(row.kind), "channel": NoticeChannel(row.channel)})
