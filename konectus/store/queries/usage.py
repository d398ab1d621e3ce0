"""Writing daily usage in bulk. COPY knows no row-level security, so rows go through unnest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.store.models.figures import BINS, HOURS


@dataclass(frozen=True)
class UsageDays:
    """One Client's days on one channel, column by column; `histogram` has a row of bins for each day, as `resolution`
    and `hours_in` have where they are given.
    """

    client_id: UUID
    channel: str
    plan_code: str
    days: Sequence[date]
    counts: Sequence[Sequence[int]]
    histogram: Sequence[Sequence[int]]
    reopened: Sequence[int] | None = None
    resolution: Sequence[Sequence[int]] | None = None
    hours_in: Sequence[Sequence[int]] | None = None


COUNTS = ("messages_in", "messages_out", "contacts_active", "conversations_opened", "conversations_closed")
_ADDED = ("sends_failed", "conversations_reopened", "contacts_new")
_ARRAYS = ("first_response_hist", "resolution_hist", "hours_in")
_INSERT = (
    "insert into ledger.usage_daily (client_id, day, channel, plan_code, {names}, {hists})"
    " select :client_id, r.day, :channel, :plan_code, {columns}, {found}"
    " from unnest(cast(:days as date[]), {arrays}, {texts}) as r(day, {names}, {hists})"
    " where r.messages_in + r.messages_out > 0 on conflict do nothing"
)


def add_usage(session: Session, usage: UsageDays) -> int:
    """Insert days that have messages and are not there yet; how many."""
    names = (*COUNTS, *_ADDED)
    statement = _INSERT.format(
        names=", ".join(names),
        hists=", ".join(_ARRAYS),
        columns=", ".join(f"r.{name}" for name in names),
        found=", ".join(f"r.{name}::int[]" for name in _ARRAYS),
        arrays=", ".join(f"cast(:{name} as bigint[])" for name in names),
        texts=", ".join(f"cast(:{name} as text[])" for name in _ARRAYS),
    )
    given = {"client_id": usage.client_id, "channel": usage.channel, "plan_code": usage.plan_code}
    result = session.execute(text(statement), given | {"days": list(usage.days)} | _columns(usage))
    return int(result.rowcount)  # type: ignore[attr-defined]  # an INSERT has one


def _columns(usage: UsageDays) -> dict[str, list[int] | list[str]]:
    """A list for each column; who knows of no reopenings, resolutions or hours leaves zeros."""
    none = [0] * len(usage.days)
    reopened = none if usage.reopened is None else [int(n) for n in usage.reopened]
    counted = zip((*COUNTS, "sends_failed"), usage.counts, strict=True)
    found: dict[str, list[int] | list[str]] = {name: [int(n) for n in column] for name, column in counted}
    opened = usage.counts[COUNTS.index("conversations_opened")]
    found["conversations_reopened"] = reopened
    found["contacts_new"] = [int(n) - again for n, again in zip(opened, reopened, strict=True)]
    widths = (BINS, BINS, HOURS)
    for name, rows, width in zip(_ARRAYS, (usage.histogram, usage.resolution, usage.hours_in), widths, strict=True):
        filled = [[0] * width] * len(usage.days) if rows is None else rows
        found[name] = ["{" + ",".join(map(str, row)) + "}" for row in filled]
    return found


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
