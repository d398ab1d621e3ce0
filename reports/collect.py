"""Daily rollups per Client from metadata alone, by a role without keys. `python -m reports.collect [--day D]`.

A day can be collected again at any time; a run without a day continues from the watermark.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.deadlines import local_day, start_of
from konectus.services.installation import Installation
from konectus.store.roles import Role
from reports import console, counting, hearing, whole_clients
from reports.pace import Rest

WATERMARK = "usage_daily"
# Transactions that were open when a run looked are seen by the next one.
OVERLAP = timedelta(hours=1)

_UNTIL = text("select until from platform.collect_watermark where name = :name")
# Days that are counted again anyway are not looked for.
_TOUCHED = text(f"""
select distinct ({hearing.INSTANT})::date from tenant.message m
where m.received_at >= cast(:since as timestamptz)
  and least(m.occurred_at, m.received_at) < cast(:before as timestamptz)""")  # noqa: S608 -- ours
_MOVE = text(
    "insert into platform.collect_watermark (name, until) values (:name, :until)"
    " on conflict (name) do update set until = excluded.until"
)


def run(installation: Installation) -> int:
    """One run of the job: catch up, in one transaction; how many rows of channels were written."""
    with installation.database.session(Role.RELEASER) as main:
        return catch_up(main, installation.clock.now())


def rebuild(main: Session, first: date, last: date) -> int:
    """Count these days anew, both included, replacing what stood there; how many rows were written."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return count(main, days, anew=True)


def catch_up(main: Session, now: datetime) -> int:
    """Collect every day that changed since the last run and move the watermark; how many rows were written."""
    # Instead of a lock of the watermark's row, which would be written as long as messages are heard (hearing.py).
    main.execute(text("select pg_advisory_xact_lock(hashtext('reports.collect'))"))
    until: datetime | None = main.execute(_UNTIL, {"name": WATERMARK}).scalar()
    # A clock that ran ahead once and was put right: what arrived since then is not behind the watermark.
    until = until and min(until, now)
    days, since, before = set[date](), "-infinity", "infinity"
    if until is not None:
        yesterday = local_day(until) - timedelta(days=1)
        days = {yesterday + timedelta(days=n) for n in range((local_day(now) - yesterday).days + 1)}
        since, before = (until - OVERLAP).isoformat(), start_of(yesterday).isoformat()
    days |= set(main.execute(_TOUCHED, hearing.LEGAL | {"since": since, "before": before}).scalars())
    written = count(main, sorted(days), anew=False)
    main.execute(_MOVE, {"name": WATERMARK, "until": now})
    return written


def count(main: Session, days: list[date], *, anew: bool, rest: Rest = time.sleep) -> int:
    """Count these days of all Clients; how many rows of channels were written. `anew`: replacing what stood there."""
    if not days:
        return 0
    hearing.hear(main, days, rest=rest)
    whole_clients.count(main, days, anew=anew)
    return counting.count(main, days, anew=anew)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m reports.collect", description="Daily rollups from metadata.")
    parser.add_argument("--day", type=date.fromisoformat, help="count this day anew, e.g. 2026-10-31")
    parser.add_argument("--until", type=date.fromisoformat, help="with --day: up to this day, included")
    given = parser.parse_args(arguments)
    if given.until and (given.day is None or given.until < given.day):
        parser.error("--until needs a --day that is not later")

    def collect(installation: Installation) -> Iterator[str]:
        if given.day is None:
            yield f"{run(installation)} rows collected"
            return
        with installation.database.session(Role.RELEASER) as session:
            rows = rebuild(session, given.day, given.until or given.day)
        yield f"{rows} rows counted anew"

    return console.run(collect)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
