"""The messages of some days, read once and grouped by what is counted of them, for the transaction that counts.

Read a slice at a time (pace.py). What is counted of them is in counting.py and whole_clients.py, which days in
collect.py.
"""

import time
from collections.abc import Iterator
from datetime import date, datetime
from tempfile import SpooledTemporaryFile
from typing import Any, cast

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.deadlines import LEGAL_ZONE, start_of
from reports import pace
from reports.periods import CLOSES_AFTER, Month

LEGAL = {"zone": LEGAL_ZONE.key, "grace": CLOSES_AFTER}

# An event counts on the day it happened; once that day's month is closed, on the day it arrived (privacy.md 2.1).
# A channel's clock may run ahead of ours: nothing happens after it arrived.
INSTANT = """case
  when m.received_at < (date_trunc('month', least(m.occurred_at, m.received_at) at time zone :zone)
                        + interval '1 month' + :grace) at time zone :zone
  then least(m.occurred_at, m.received_at) else m.received_at end at time zone :zone"""

_MAKE = (
    "drop table if exists pg_temp.heard",
    """create temporary table heard (client_id uuid, day date, channel text, conversation_id uuid, kind text,
    hour integer, failure text, author_id uuid, n bigint) on commit drop""",
)
# `offset 0` keeps the planner from working the instant out anew for each use of it. Grouped before it is joined: a day
# of a million messages is a fifth as many rows then.
SLICE = text(f"""
select g.client_id, g.day, c.channel, g.conversation_id, g.kind, g.hour, g.failure, g.author_id, g.n
from (
  select m.client_id, m.connector_id, m.conversation_id, m.happened::date as day, m.kind,
    case when m.kind = 'in' then extract(hour from m.happened)::int end as hour,
    case when m.kind = 'failed' then coalesce(split_part(m.failure, ':', 1), 'unknown') end as failure,
    case when m.kind = 'out' and m.author = 'agent' then m.author_id end as author_id, count(*) as n
  from (
    select m.client_id, m.connector_id, m.conversation_id, m.failure, m.author, m.author_id,
      case when m.direction = 'in' then 'in' when m.status = 'failed' then 'failed'
           when m.status in ('sent', 'delivered', 'read') then 'out' end as kind,
      {INSTANT} as happened
    from tenant.message m where m.received_at >= :first and m.received_at < :after offset 0
  ) m
  where m.kind is not null and m.happened::date = any(:days)
  group by 1, 2, 3, 4, 5, 6, 7, 8
) g join tenant.connector c on (c.client_id, c.id) = (g.client_id, g.connector_id)
""")  # noqa: S608 -- expressions of ours, no value of anybody
_MINUTES = text(
    "select date_bin('1 minute', received_at, :first) as minute, count(*) as n from tenant.message"
    " where received_at >= :first and received_at < :after group by minute order by minute"
)
# Messages: a tenth of a second.
SLICED_AT = 40_000
# Bytes. A day of a million messages is thirty million.
IN_MEMORY, BLOCK = 64 << 20, 1 << 20

Span = tuple[datetime, datetime]


def hear(main: Session, days: list[date], *, sliced_at: int = SLICED_AT, rest: pace.Rest = time.sleep) -> None:
    """Make `pg_temp.heard` of the messages of these days, of which there is at least one; about `sliced_at` at a time.

    It ends with the transaction, which should have written nothing before: who has written keeps the server from
    clearing old versions of rows away, and conversations change with each message. So nothing is until all is heard.
    """
    # A day's last event is received, at the latest, when its month closes.
    whole = start_of(min(days)), Month.of(max(days)).closes_at
    out_of = f"copy ({SLICE.compile(main.connection())}) to stdout"
    driver = cast("psycopg.Connection[Any]", main.connection().connection.driver_connection)
    with SpooledTemporaryFile(IN_MEMORY) as heard, driver.cursor() as cursor:
        for first, after in pace.resting(slices(main, whole, sliced_at), rest):
            with cursor.copy(out_of, LEGAL | {"first": first, "after": after, "days": days}) as out:
                heard.writelines(bytes(block) for block in out)
        heard.seek(0)
        for statement in _MAKE:
            cursor.execute(statement)
        with cursor.copy("copy pg_temp.heard from stdin") as into:
            while block := heard.read(BLOCK):
                into.write(block)
        cursor.execute("analyze pg_temp.heard")


def slices(main: Session, whole: Span, sliced_at: int) -> Iterator[Span]:
    """The parts of that time, from the first minute to the last in which something was received.

    Each has at most `sliced_at` messages, but for a minute that has more.
    """
    first, heard = whole[0], 0
    minutes = main.execute(_MINUTES, {"first": whole[0], "after": whole[1]}).all()
    for minute, n in minutes:
        if heard and heard + n > sliced_at:
            yield first, minute
            first, heard = minute, 0
        heard += n
    if heard:
        yield first, whole[1]
