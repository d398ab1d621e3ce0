"""What happened in a stretch of time, counted, and how far the jobs have come: what the demo's month tells."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text


def counted(session: Session, since: datetime, until: datetime) -> Mapping[str, int]:
    """Audited actions by name, and notices that arrived, later than `since` and not later than `until`."""
    rows = session.execute(
        text(
            "select action, count(*) as n from ledger.audit_entry where at > :since and at <= :until group by action"
            " union all select 'notice.' || kind, count(*) from ledger.notice"
            " where channel = 'email' and delivered_at > :since and delivered_at <= :until group by kind"
        ),
        {"since": since, "until": until},
    )
    return {row.action: row.n for row in rows}


def looked_since(session: Session, jobs: Sequence[str], since: datetime) -> bool:
    """Whether each of these jobs has finished a slot that is later than an instant."""
    statement = text(
        "select count(distinct job) from platform.job_slot where job = any(:jobs) and slot > :since"
        " and finished_at is not null"
    ).bindparams(bindparam("jobs", type_=ARRAY(Text)))
    return bool(session.execute(statement, {"jobs": list(jobs), "since": since}).scalar_one() == len(jobs))


def due_invoices(session: Session, now: datetime, most: int) -> list[tuple[str, str, int, datetime]]:
    """Of invoices that are due and not paid: Client, number, cents and since when."""
    rows = session.execute(
        text(
            "select client_id, number, balance_cents, due_at from ledger.invoice_balance"
            " where status = 'open' and balance_cents > 0 and due_at <= :now order by due_at, number limit :most"
        ),
        {"now": now, "most": most},
    )
    return [(str(row.client_id), row.number, row.balance_cents, row.due_at) for row in rows]
