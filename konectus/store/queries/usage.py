"""Writing daily usage in bulk. COPY knows no row-level security, so rows go through unnest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True)
class UsageDays:
    """One Client's days on one channel, column by column; `histogram` has a row of bins for each day."""

    client_id: UUID
    channel: str
    plan_code: str
    days: Sequence[date]
    counts: Sequence[Sequence[int]]
    histogram: Sequence[Sequence[int]]


COUNTS = ("messages_in", "messages_out", "contacts_active", "conversations_opened", "conversations_closed")
_INSERT = (
    "insert into ledger.usage_daily (client_id, day, channel, plan_code, {names}, first_response_hist)"
    " select :client_id, r.day, :channel, :plan_code, {columns}, r.hist::int[]"
    " from unnest(cast(:days as date[]), {arrays}, cast(:hist as text[])) as r(day, {names}, hist)"
    " where r.messages_in + r.messages_out > 0 on conflict do nothing"
)


def add_usage(session: Session, usage: UsageDays) -> int:
    """Insert days that have messages and are not there yet; how many."""
    names = (*COUNTS, "sends_failed")
    statement = _INSERT.format(
        names=", ".join(names),
        columns=", ".join(f"r.{name}" for name in names),
        arrays=", ".join(f"cast(:{name} as bigint[])" for name in names),
    )
    values = {name: [int(n) for n in column] for name, column in zip(names, usage.counts, strict=True)}
    bins = ["{" + ",".join(map(str, row)) + "}" for row in usage.histogram]
    given = {"client_id": usage.client_id, "channel": usage.channel, "plan_code": usage.plan_code}
    result = session.execute(text(statement), given | values | {"days": list(usage.days), "hist": bins})
    return int(result.rowcount)  # type: ignore[attr-defined]  # an INSERT has one


def client_ids(session: Session, emails: Sequence[str]) -> dict[str, UUID]:
    """Clients by their registered e-mail address."""
    rows = session.execute(
        text("select registered_email, id from ledger.client where registered_email = any(:emails)"),
        {"emails": list(emails)},
    )
    return {row.registered_email: row.id for row in rows}


def has_clients(session: Session) -> bool:
    return session.execute(text("select exists (select from ledger.client)")).scalar_one() is True


def was_ever_suspended(session: Session, client_id: UUID) -> bool:
    statement = text("select exists (select from ledger.suspension where client_id = :id)")
    return session.execute(statement, {"id": client_id}).scalar_one() is True


def message_counts(session: Session) -> dict[UUID, int]:
    """Messages by Client."""
    rows = session.execute(text("select client_id, count(*) as n from tenant.message group by client_id"))
    return {row.client_id: row.n for row in rows}


def unsent(session: Session) -> int:
    """Parts of replies the sender has not done with."""
    found: int = session.execute(text("select count(*) from tenant.outbox where done_at is null")).scalar_one()
    return found


def unprocessed(session: Session) -> int:
    """Webhook bodies that wait for a worker."""
    statement = text("select count(*) from platform.webhook_event where processed_at is null")
    found: int = session.execute(statement).scalar_one()
    return found
