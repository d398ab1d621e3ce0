"""Writing daily usage in bulk. COPY knows no row-level security, so numbers go as one array that the server slices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.store.models.figures import BINS, HOURS

COUNTS = (
    "messages_in",
    "messages_out",
    "contacts_active",
    "conversations_opened",
    "conversations_closed",
    "sends_failed",
    "conversations_reopened",
    "contacts_new",
)
ARRAYS = {"first_response_hist": BINS, "resolution_hist": BINS, "hours_in": HOURS}
# Numbers of one day: the counts, then the arrays, in that order.
WIDTH = len(COUNTS) + sum(ARRAYS.values())


@dataclass(frozen=True)
class UsageDays:
    """One Client's days on one channel; `numbers` has WIDTH of each day, one day after the other."""

    client_id: UUID
    channel: str
    plan_code: str
    days: Sequence[date]
    numbers: Sequence[int]


def _columns() -> Iterator[str]:
    """What each column is of the numbers `v`, those of the day beginning after place `b`."""
    yield from (f"v[b + {place}]" for place in range(1, len(COUNTS) + 1))
    place = len(COUNTS)
    for size in ARRAYS.values():
        yield f"v[b + {place + 1} : b + {place + size}]"
        place += size


_INSERT = text(f"""
insert into ledger.usage_daily (client_id, day, channel, plan_code, {", ".join((*COUNTS, *ARRAYS))})
select :client_id, d.day, :channel, :plan_code, {", ".join(_columns())}
from (select cast(:numbers as int[]) as v) f cross join lateral (
  select day, (n - 1) * {WIDTH} as b from unnest(cast(:days as date[])) with ordinality as u(day, n)
) d where v[b + 1] + v[b + 2] > 0 on conflict do nothing
""")  # noqa: S608 -- names of ours


def add_usage(session: Session, usage: UsageDays) -> int:
    """Insert days that have messages and are not there yet; how many."""
    given = {
        "client_id": usage.client_id,
        "channel": usage.channel,
        "plan_code": usage.plan_code,
        "days": list(usage.days),
        "numbers": "{" + ",".join(map(str, usage.numbers)) + "}",
    }
    return int(session.execute(_INSERT, given).rowcount)  # type: ignore[attr-defined]  # an INSERT has one


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
