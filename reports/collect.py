"""Daily rollups per Client from metadata alone, by a role without keys. `python -m reports.collect [--day D]`.

A day can be collected again at any time; a run without a day continues from the watermark.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.deadlines import LEGAL_ZONE, local_day
from konectus.services.installation import Installation
from konectus.store.roles import Role
from reports import console, counting, whole_clients
from reports.counting import INSTANT, LEGAL

WATERMARK = "usage_daily"
# Transactions that were open when a run looked are seen by the next one.
OVERLAP = timedelta(hours=1)

_TOUCHED = text(f"select distinct ({INSTANT})::date from tenant.message m where m.received_at >= :since")  # noqa: S608 -- ours
_UNTIL = text("select until from platform.collect_watermark where name = :name for update")
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
    return _count(main, days, anew=True)


def catch_up(main: Session, now: datetime) -> int:
    """Collect every day that changed since the last run and move the watermark; how many rows were written."""
    main.execute(text("select pg_advisory_xact_lock(hashtext('reports.collect'))"))
    until: datetime | None = main.execute(_UNTIL, {"name": WATERMARK}).scalar()
    # A clock that ran ahead once and was put right: what arrived since then is not behind the watermark.
    until = until and min(until, now)
    since = until - OVERLAP if until else datetime.min.replace(year=1970, tzinfo=LEGAL_ZONE)
    days = set(main.execute(_TOUCHED, LEGAL | {"since": since}).scalars())
    if until is not None:
        yesterday = local_day(until) - timedelta(days=1)
        days |= {yesterday + timedelta(days=n) for n in range((local_day(now) - yesterday).days + 1)}
    written = _count(main, sorted(days), anew=False)
    main.execute(_MOVE, {"name": WATERMARK, "until": now})
    return written


def _count(main: Session, days: list[date], *, anew: bool) -> int:
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
