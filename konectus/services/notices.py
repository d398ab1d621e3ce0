"""Telling a Client something formally: queue, send again, correct the address, shown, acknowledged.

Every notice is an e-mail and a line in the product. Sending is notice_sending's, proof is notice_proof's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from konectus.domain.deadlines import after_full_days
from konectus.domain.notice_words import require_facts
from konectus.domain.notices import (
    IN_APP_RECIPIENT,
    STARTS_CLOCK,
    NoticeChannel,
    NoticeEventKind,
    NoticeKind,
    NoticeState,
)
from konectus.errors import Conflict, NotFound
from konectus.mail import letters
from konectus.mail.letters import House, Told
from konectus.services.notice_proof import Evidence, MailEvent, close_tasks, event, evidence, note
from konectus.services.work import Change, Work
from konectus.store import locks, signals
from konectus.store.models.clients import Client
from konectus.store.models.notices import Notice
from konectus.store.queries import billing, readings
from konectus.store.queries import notices as read

__all__ = [
    "Evidence",
    "MailEvent",
    "NewNotice",
    "NothingOwed",
    "StillWaiting",
    "acknowledge",
    "event",
    "evidence",
    "fix_address",
    "listing",
    "queue",
    "resend",
    "shown",
]


class StillWaiting(Conflict):
    """The e-mail waits to be sent; it is not sent again before."""

    code = "notice_waiting"


class NothingOwed(Conflict):
    """What the notice would ask for is paid."""

    code = "notice_moot"


@dataclass(frozen=True, slots=True)
class NewNotice:
    """`subject_ref` names the fact that is told, once. `facts` as `domain.notice_words` lists them.

    `invoices` (with their balance) count for the kinds that start a clock: they are listed though not due yet.
    """

    kind: NoticeKind
    subject_ref: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    invoices: tuple[tuple[UUID, int], ...] = ()
    recipient: str | None = None


def queue(work: Work, client_id: UUID, new: NewNotice) -> UUID | None:
    """Write the e-mail and the line in the product; the e-mail's id, None where this was told already.

    Raises NotFound where there is no such Client, MissingFacts where the text would have holes.
    """
    require_facts(new.kind, new.facts)
    return _write(work, _client(work, client_id), new, seq=1)


def queue_again(work: Work, client_id: UUID, new: NewNotice) -> UUID | None:
    """The same as `queue`, for a fact that may come back: the next of its row. The caller holds the Client's lock."""
    require_facts(new.kind, new.facts)
    seq = read.last_seq(work.session, client_id, new.kind, new.subject_ref) + 1
    return _write(work, _client(work, client_id), new, seq)


def resend(work: Work, notice_id: UUID, reason: str, *, recipient: str | None = None) -> UUID:
    """Tell it once more, to the address registered now or the one given; amounts are looked up anew.

    Raises NotFound, StillWaiting, and NothingOwed where it would ask for what is paid.
    """
    old = read.by_id(work.session, notice_id)
    if old is None or old.channel is not NoticeChannel.EMAIL:
        raise NotFound("no such notice")
    locks.client(work.session, old.client_id)
    if read.chain(work.session, old.client_id, old.kind, old.subject_ref)[0].state is NoticeState.QUEUED:
        raise StillWaiting("it waits to be sent already")
    facts = {**old.facts, "resent": f"{work.actor.kind}:{work.actor.id}"}
    if old.kind in STARTS_CLOCK and not listing(work, old.client_id, facts)["invoices"]:
        raise NothingOwed("nothing of it is owed any more")
    made = queue_again(work, old.client_id, NewNotice(old.kind, old.subject_ref, facts, recipient=recipient))
    assert made is not None, "the Client's lock is held, so the number is free"
    close_tasks(work, old)
    after = {"sent_again_as": str(made), "kind": str(old.kind)}
    work.record("notice.resent", ("notice", notice_id), Change(old.client_id, reason, {}, after))
    return made


def fix_address(work: Work, notice_id: UUID, address: str, reason: str) -> UUID:
    """Correct the registered e-mail after a bounce and send again; earlier notices keep where they went (2, #6).

    Both addresses are told, the old one unless it bounced. Raises BadAddress and what `resend` raises.
    """
    letters.address_of(address)
    old = read.by_id(work.session, notice_id)
    if old is None:
        raise NotFound("no such notice")
    locks.client(work.session, old.client_id)
    client = _client(work, old.client_id)
    before, client.registered_email = client.registered_email, address
    work.session.flush()  # what is queued below reads the Client's row
    work.record(
        "client.email_changed", ("client", client.id), Change(client.id, reason, {"email": before}, {"email": address})
    )
    told = [address] if old.bounced_at is not None and old.recipient == before else [address, before]
    for one in told if before != address else []:
        reference = f"{notice_id}:{hashlib.sha256(f'{address} {one}'.encode()).hexdigest()[:16]}"
        facts = {"old": before, "new": address}
        queue_again(work, client.id, NewNotice(NoticeKind.EMAIL_CHANGED, reference, facts, recipient=one))
    return resend(work, notice_id, reason)


def shown(work: Work, notice_id: UUID) -> bool:
    """Somebody of the Client saw the line in the product; whether that was new."""
    return _seen(work, notice_id, NoticeEventKind.SHOWN)


def acknowledge(work: Work, notice_id: UUID) -> bool:
    """Somebody of the Client says they read it; the line goes away. Whether that was new."""
    return _seen(work, notice_id, NoticeEventKind.ACKNOWLEDGED)


def listing(work: Work, client_id: UUID, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What a notice of Terms 15.1(a) lists at this moment: all that is overdue, and what it was queued for."""
    given = set(facts.get("for", ()))
    rows = [
        one for one in billing.owed(work.session, client_id) if one.due_at <= work.now or str(one.invoice_id) in given
    ]
    days = readings.current(work.session).payment_notice_days
    invoices = [
        {
            "id": str(one.invoice_id),
            "number": one.number,
            "due_at": one.due_at.astimezone(UTC).isoformat(),
            "total_cents": one.total_cents,
            "balance_cents": one.balance_cents,
        }
        for one in rows
    ]
    return {
        "invoices": invoices,
        "owed_cents": sum(one.balance_cents for one in rows),
        "composed_at": work.now.astimezone(UTC).isoformat(),
        "days": days,
        "deadline_at": after_full_days(work.now, days).astimezone(UTC).isoformat(),
    }


def told_to(client: Client, kind: NoticeKind, facts: Mapping[str, Any]) -> Told:
    """What is told to this Client, as its text needs it."""
    return Told(kind, facts, client.trade_name, client.zone, client.language)


def _write(work: Work, client: Client, new: NewNotice, seq: int) -> UUID | None:
    facts = dict(new.facts)
    if new.kind in STARTS_CLOCK:
        facts.setdefault("for", [str(invoice_id) for invoice_id, _ in new.invoices])
        facts |= listing(work, client.id, facts)
    said = letters.text(House(""), told_to(client, new.kind, facts), client.language)
    common = {
        "client_id": client.id,
        "kind": new.kind,
        "subject_ref": new.subject_ref,
        "seq": seq,
        "template_version": letters.version(new.kind),
        "language": client.language,
        "subject": said.subject,
        "facts": facts,
        "body_sha256": hashlib.sha256(f"{said.subject}\n\n{said.plain}".encode()).digest(),
        "queued_at": work.now,
        "not_before": work.now,
        "attempts": 0,
    }
    mail = {"id": work.new_id(), "channel": NoticeChannel.EMAIL, "recipient": new.recipient or client.registered_email}
    line = {"id": work.new_id(), "channel": NoticeChannel.IN_APP, "recipient": IN_APP_RECIPIENT}
    made = None
    for row in (mail, line):
        values = insert(Notice).values(**common, **row).on_conflict_do_nothing().returning(Notice.id)
        written = work.session.scalar(values)
        made = written if row is mail else made
    if made is not None:
        signals.notify(work.session, signals.OUTBOX)
    return made


def _seen(work: Work, notice_id: UUID, kind: NoticeEventKind) -> bool:
    """Shown comes before acknowledged; both count once."""
    shown_at = {"shown_at": work.now} if kind is NoticeEventKind.SHOWN else {}
    column = Notice.shown_at if kind is NoticeEventKind.SHOWN else Notice.acknowledged_at
    values = shown_at or {"acknowledged_at": work.now}
    client_id = work.session.scalar(
        update(Notice)
        .where(Notice.id == notice_id, Notice.channel == NoticeChannel.IN_APP, column.is_(None))
        .values(values)
        .returning(Notice.client_id)
    )
    if client_id is None:
        return False
    raw = {"actor": f"{work.actor.kind}:{work.actor.id}"}
    note(work, (client_id, notice_id), MailEvent(f"{kind}:{notice_id}", "", kind, work.now, raw))
    return True


def _client(work: Work, client_id: UUID) -> Client:
    found = work.session.get(Client, client_id)
    if found is None:
        raise NotFound("no such Client")
    return found
