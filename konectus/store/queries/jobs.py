"""SQL of the scheduled jobs: claims of slots, heartbeats, partitions of the log, what is pruned."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Beat:
    """A process that said it is alive."""

    process: str
    worker: str
    at: datetime
    counters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """A slot of a job in the hands of one scheduler."""

    job: str
    slot: datetime
    worker: str

    @property
    def values(self) -> dict[str, Any]:
        return {"job": self.job, "slot": self.slot, "worker": self.worker}


_OURS = "job = :job and slot = :slot and worker = :worker and finished_at is null"
# A run that stands still in the middle of a transaction for so long has lost it.
IDLE_MOST = "2min"


def last_slot(session: Session, job: str) -> datetime | None:
    """The newest slot of a job that anybody claimed."""
    found: datetime | None = session.execute(
        text("select max(slot) from platform.job_slot where job = :job"), {"job": job}
    ).scalar()
    return found


def claim(session: Session, job: str, slot: datetime, worker: str, now: datetime) -> bool:
    """Take a slot; False where somebody has it. The primary key decides."""
    statement = text(
        "insert into platform.job_slot (job, slot, claimed_at, worker) values (:job, :slot, :now, :worker)"
        " on conflict do nothing returning 1"
    )
    values = {"job": job, "slot": slot, "now": now, "worker": worker}
    return session.execute(statement, values).scalar() is not None


def inherit(session: Session, job: str, worker: str, now: datetime, silent_since: datetime) -> list[datetime]:
    """Take over unfinished slots, oldest first: those of a claimer that fell silent, and our own that went wrong.

    A slot whose claimer is about to commit is locked by its fence and left alone.
    """
    statement = text(
        "update platform.job_slot t set worker = :worker, claimed_at = :now from ("
        " select s.job, s.slot from platform.job_slot s"
        " where s.job = :job and s.finished_at is null and (s.worker = :worker or (s.claimed_at < :silent"
        "   and not exists (select from platform.heartbeat h where h.process = 'scheduler'"
        "     and h.worker = s.worker and h.at >= :silent)))"
        " for update skip locked) found"
        " where t.job = found.job and t.slot = found.slot returning t.slot"
    )
    values = {"job": job, "worker": worker, "now": now, "silent": silent_since}
    return sorted(session.execute(statement, values).scalars())


def hold(session: Session, claim: Claim) -> bool:
    """Lock a slot until the end of this transaction; False where it is not this scheduler's any more."""
    statement = text(f"select 1 from platform.job_slot where {_OURS} for share")  # noqa: S608 - a constant
    return session.execute(statement, claim.values).scalar() is not None


def finish(session: Session, claim: Claim, now: datetime, error: str | None) -> bool:
    """Note the end of a run; False where the slot is not this scheduler's any more."""
    statement = text(
        f"update platform.job_slot set finished_at = :now, error = :error where {_OURS} returning 1"  # noqa: S608 - a constant
    )
    return session.execute(statement, claim.values | {"now": now, "error": error}).scalar() is not None


def release(session: Session, claim: Claim) -> None:
    """Give a claimed slot back, so that it is tried again."""
    session.execute(text(f"delete from platform.job_slot where {_OURS}"), claim.values)  # noqa: S608 - a constant


def bound_idle(conn: Connection) -> None:
    """From here on the server ends this transaction when nothing is said in it for so long."""
    conn.execute(text("select set_config('idle_in_transaction_session_timeout', :most, true)"), {"most": IDLE_MOST})


def forbid_writing(conn: Connection) -> None:
    """From here on this transaction only reads."""
    conn.execute(text("set transaction read only"))


def beat(session: Session, sign: Beat) -> None:
    statement = text(
        "insert into platform.heartbeat (process, worker, at, counters) values (:process, :worker, :at, :counters)"
        " on conflict (process, worker) do update set at = excluded.at, counters = excluded.counters"
    )
    values = {"process": sign.process, "worker": sign.worker, "at": sign.at, "counters": Jsonb(sign.counters)}
    session.execute(statement, values)


def beats(session: Session, since: datetime) -> list[Beat]:
    """Processes that were alive since an instant, by name."""
    rows = session.execute(
        text(
            "select process, worker, at, counters from platform.heartbeat"
            " where at >= :since and process <> 'invariants' order by process, worker"
        ),
        {"since": since},
    )
    return [Beat(row.process, row.worker, row.at, row.counters) for row in rows]


def last_successes(session: Session) -> Mapping[str, datetime]:
    """When each job last ended well."""
    rows = session.execute(
        text("select job, max(finished_at) as at from platform.job_slot where error is null group by job")
    )
    return {row.job: row.at for row in rows if row.at is not None}


def first_claim(session: Session) -> datetime | None:
    """Since when, as far as slots are kept, a scheduler has run here."""
    found: datetime | None = session.execute(text("select min(claimed_at) from platform.job_slot")).scalar()
    return found


def keep_partitions(session: Session, today: date, *, keep: int, ahead: int) -> list[date]:
    """Make the coming days of the log and drop the old ones; the days that went."""
    return list(
        session.execute(
            text("select platform.keep_partitions(:today, :keep, :ahead)"),
            {"today": today, "keep": keep, "ahead": ahead},
        ).scalars()
    )


# Table, column of its age. What the registry calls "expires", and what may be forgotten at any time.
_PRUNED = {
    "platform.job_slot": "slot",
    "platform.heartbeat": "at",
    "platform.dropped_count": "hour",
    "platform.dead_letter": "created_at",
    "platform.connector_request": "finished_at",
    "platform.data_deletion_request": "finished_at",
    "tenant.tombstone": "at",
    "ledger.sign_in_failure": "last_at",
}


def prune(session: Session, table: str, before: datetime) -> int:
    """Delete what is older; how many rows. Raises KeyError for a table that is not pruned."""
    statement = text(f"delete from {table} where {_PRUNED[table]} < :before")  # noqa: S608 - both from the table above
    return int(session.execute(statement, {"before": before}).rowcount)  # type: ignore[attr-defined]  # a DELETE has one
