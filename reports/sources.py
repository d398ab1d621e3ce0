"""What a release reads of the main database: one snapshot, metadata alone, one row per legal entity, in memory only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.errors import Conflict
from reports.anonymize import Vectors
from reports.metrics import ALL, TOTAL
from reports.periods import Month


class UnknownPlan(Conflict):
    """Rollups name a Plan that is not in the catalogue: the parts would not add up to the total."""

    code = "unknown_plan"


@dataclass(frozen=True)
class Label:
    """A value of a dimension with its word, the same in every language: a channel's or a Plan's name."""

    value: str
    words: str


# All accounts of one legal entity are one Client to protect. The two generic keys stand for anybody: they join nobody.
_USAGE = text("""
with entity as (
  select c.id as client_id,
         dense_rank() over (order by
           case when c.tax_id in ('', 'XAXX010101000', 'XEXX010101000') or c.tax_id is null then c.id::text
                else 'tax ' || upper(c.tax_id) end) as number
  from ledger.client c
), used as (
  select e.number, u.channel, u.day, u.plan_code, u.messages_in + u.messages_out as messages,
         u.contacts_active as contacts
  from ledger.usage_daily u join entity e using (client_id)
  where u.day >= :first and u.day < :after
)
, latest as (
  select number, (array_agg(plan_code order by day desc, plan_code))[1] as plan_code from used group by number
)
select number, channel, l.plan_code, sum(messages)::bigint as messages, sum(contacts)::bigint as contacts
from used join latest l using (number)
group by number, channel, l.plan_code having sum(messages) > 0
""")
# Every Plan there is, used or not: the key space is public and does not depend on the Clients.
_PLANS = text("""
select p.code, p.name from ledger.plan p
left join ledger.plan_version v on v.plan_code = p.code
group by p.code, p.name order by min(v.price_cents) nulls last, p.code
""")
_FIRST_DAY = text("select min(day) from ledger.usage_daily")


@dataclass(frozen=True)
class Usage:
    """Exact figures of a period. They never leave the process: not into a table, a log or a message of an error."""

    labels: Mapping[str, tuple[Label, ...]]
    rows: Mapping[tuple[str, str], Vectors]

    def __repr__(self) -> str:
        return "Usage(exact figures, not shown)"


def open_snapshot(main: Session) -> None:
    """Fix what this transaction sees; it must be the first thing the session does."""
    main.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def read(main: Session, month: Month) -> Usage:
    """The month's vectors by (metric, dimension): a row per active Client, a column per value of the dimension."""
    labels = {
        TOTAL: (Label(ALL, ""),),
        "channel": tuple(Label(channel.value, channel.value.capitalize()) for channel in Channel),
        "plan": tuple(Label(code, name) for code, name in main.execute(_PLANS)),
    }
    found = main.execute(_USAGE, {"first": month.first, "after": month.after}).all()
    clients = {number: position for position, number in enumerate(sorted({row.number for row in found}))}
    rows = {
        (metric, dim): np.zeros((len(clients), len(values)), dtype=np.int64)
        for metric in ("messages", "contacts")
        for dim, values in labels.items()
    }
    columns = {dim: {label.value: place for place, label in enumerate(values)} for dim, values in labels.items()}
    unknown = {row.plan_code for row in found} - columns["plan"].keys()
    if unknown:
        raise UnknownPlan(f"usage_daily names Plans that ledger.plan does not have: {', '.join(sorted(unknown))}")
    for row in found:
        at = {TOTAL: ALL, "channel": row.channel, "plan": row.plan_code}
        for dim, value in at.items():
            rows["messages", dim][clients[row.number], columns[dim][value]] += row.messages
            rows["contacts", dim][clients[row.number], columns[dim][value]] += row.contacts
    return Usage(labels, rows | {("clients", dim): rows["messages", dim] for dim in labels})


def first_day(main: Session) -> date | None:
    """The oldest day with rollups, where releases begin on an installation that has none."""
    found: date | None = main.execute(_FIRST_DAY).scalar()
    return found
