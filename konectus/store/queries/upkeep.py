"""Which Connectors are due to be looked after, and what was found: housekeeping columns, no state."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.store.models.connectors import Connector
from konectus.store.models.inbox import Message

_DAY, _TICK = timedelta(days=1), timedelta(milliseconds=1)
# What may have come in between two looks that both found us subscribed was delivered; a little more is read again.
_OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Due:
    """A live Connector."""

    client_id: UUID
    id: UUID
    channel: Channel
    last_event_at: datetime | None


@dataclass(frozen=True, slots=True)
class Apps:
    """Meta apps by what their tokens need: to be asked about, or to be prolonged."""

    asked: list[str]
    prolonged: list[str]


_LIVE = (
    "select c.client_id, c.id, c.channel, c.last_event_at from tenant.connector c"
    " join platform.live_account l on l.connector_id = c.id where l.live and not exists ("
    "  select from platform.connector_request r where r.client_id = c.client_id and r.connector_id = c.id"
    "  and r.kind = :kind"
    "  and (r.state in ('queued', 'running') or r.requested_at > :again))"
)


def unchecked(session: Session, now: datetime, before: datetime) -> list[Due]:
    """Those nobody looked at since `before`."""
    statement = f"{_LIVE} and (c.checked_at is null or c.checked_at <= :before) order by c.client_id, c.id"
    return _due(session, statement, {"kind": "check", "again": now, "before": before})


def tokens_due(session: Session, now: datetime, apps: Apps, span: tuple[datetime, datetime]) -> list[Due]:
    """Those whose token is asked about each day, and those whose token ends before the first instant of `span`.

    One that may be younger than the second instant cannot be prolonged yet; a dead one never.
    """
    statement = (
        f"{_LIVE} and c.reason is distinct from 'needs_reauth' and (c.app = any(:asked) or c.app = any(:prolonged)"
        " and (c.token_expires_at < :soon or c.token_expires_at is null) and c.created_at <= :old)"
        " order by c.client_id, c.id"
    )
    values = {"asked": apps.asked, "prolonged": apps.prolonged, "soon": span[0], "old": span[1]}
    return _due(session, statement, {"kind": "refresh", "again": now - timedelta(hours=20), **values})


def silent(session: Session, now: datetime, since: datetime, until: datetime) -> list[Due]:
    """Those that last heard something between two instants and were not asked about for it within a day."""
    statement = f"{_LIVE} and c.last_event_at > :since and c.last_event_at <= :until order by c.client_id, c.id"
    # A Telegram bot has no history to compare with: the day's checks of silence are told apart by who asked.
    return [
        due
        for due in _due(session, statement, {"kind": "reconcile", "again": now - _DAY, "since": since, "until": until})
        if due.channel is not Channel.TELEGRAM or not _was_asked(session, due, now - _DAY)
    ]


def _was_asked(session: Session, due: Due, since: datetime) -> bool:
    asked = text(
        "select 1 from platform.connector_request where client_id = :client and connector_id = :id and kind = 'check'"
        " and requested_by = 'system:silence' and requested_at > :since limit 1"
    )
    return session.execute(asked, {"client": due.client_id, "id": due.id, "since": since}).scalar() is not None


def _due(session: Session, statement: str, values: dict[str, object]) -> list[Due]:
    return [
        Due(row.client_id, row.id, Channel(row.channel), row.last_event_at)
        for row in session.execute(text(statement), values)
    ]


def days_heard(session: Session, due: Due, days: int) -> int:
    """On how many of the days before its last event somebody wrote. Ids of messages are in order of their arrival."""
    last = due.last_event_at
    if last is None:
        return 0
    heard = 0
    for number in range(days):
        high = last - number * _DAY + _TICK
        low, high_id = _id_at(high - _DAY), _id_at(high)
        found = select(Message.id).where(
            Message.client_id == due.client_id, Message.id >= low, Message.id < high_id, Message.connector_id == due.id
        )
        heard += session.scalar(found.where(Message.direction == "in").limit(1)) is not None
    return heard


def _id_at(at: datetime) -> UUID:
    """The least identifier of version 7 of an instant."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def note_check(session: Session, connector_id: UUID, client_id: UUID, now: datetime, failure: str | None) -> None:
    """The channel was asked. Two good answers in a row: what came before the first of them was delivered."""
    session.execute(
        text(
            "update tenant.connector set checked_at = :now, check_failure = :failure,"
            " reconciled_until = case when cast(:failure as text) is null and check_failure is null"
            "  and checked_at is not null then greatest(reconciled_until, checked_at - cast(:overlap as interval))"
            "  else reconciled_until end"
            " where client_id = :client and id = :id"
        ),
        {"now": now, "failure": failure, "overlap": _OVERLAP, "client": client_id, "id": connector_id},
    )


def note_expiry(session: Session, client_id: UUID, connector_id: UUID, until: datetime | None) -> None:
    session.execute(
        update(Connector)
        .where(Connector.client_id == client_id, Connector.id == connector_id)
        .values(token_expires_at=until)
    )


def note_reconciled(session: Session, client_id: UUID, connector_id: UUID, until: datetime) -> None:
    """Whatever the channel had before this instant is here, or in the log."""
    session.execute(
        text(
            "update tenant.connector set reconciled_until = greatest(reconciled_until, :until)"
            " where client_id = :client and id = :id"
        ),
        {"until": until, "client": client_id, "id": connector_id},
    )


def held(session: Session, client_id: UUID, connector_id: UUID, keys: Collection[bytes]) -> set[bytes]:
    """Which of these messages of a Connector we have, withdrawn ones among them."""
    found = session.scalars(
        select(Message.external_key).where(
            Message.client_id == client_id,
            Message.connector_id == connector_id,
            Message.external_key.in_(list(keys)),
        )
    )
    gone = session.execute(
        text(
            "select external_key from tenant.tombstone where client_id = :client and connector_id = :id"
            " and withdrawn_at is not null and external_key = any(:keys)"
        ),
        {"client": client_id, "id": connector_id, "keys": list(keys)},
    ).scalars()
    return {key for key in found if key is not None} | set(gone)


def said_then(
    session: Session, line: tuple[UUID, UUID], contact_key: bytes, at: datetime
) -> Sequence[tuple[UUID, bytes | None]]:
    """(id, sealed text) of what was said with a person within the second of an instant (`line`: Client, Connector)."""
    rows = session.execute(
        text(
            "select m.id, m.text_sealed from tenant.contact p"
            " join tenant.conversation v"
            " on v.client_id = p.client_id and v.connector_id = p.connector_id and v.contact_id = p.id"
            " join tenant.message m on m.client_id = v.client_id and m.conversation_id = v.id"
            " where p.client_id = :client and p.connector_id = :id and p.external_key = :contact"
            " and m.occurred_at >= :at and m.occurred_at < :next"
        ),
        {"client": line[0], "id": line[1], "contact": contact_key, "at": at, "next": at + timedelta(seconds=1)},
    )
    return [(row.id, row.text_sealed) for row in rows]
