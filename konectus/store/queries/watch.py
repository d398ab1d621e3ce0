"""The life of webhook bodies for the staff and operators: pages of the log, one body, what is unknown. No content.

Nothing counts a table: a page reads at most REACH rows of the log and says how far back it has looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

REACH = 50_000
# What is not an ordinary message, receipt or repeat: the partial index ix_webhook_item_aside holds these alone.
ASIDE = ("ignored", "unknown", "unroutable", "dead")
UNKNOWN = "unknown"
MOST_ACCOUNTS = 200
_PARTIES = 12

# (received_at, id) of a body, the order of the log.
Place = tuple[datetime, int]
Account = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is narrowed to; empty means everything. `before` is the last body of the page before."""

    since: datetime
    until: datetime
    door: str = ""
    channel: str = ""
    outcome: str = ""
    kind: str = ""
    accounts: tuple[Account, ...] | None = None
    waiting: bool = False
    before: Place | None = None

    @property
    def is_about_items(self) -> bool:
        return bool(self.channel or self.outcome or self.kind or self.accounts is not None)


@dataclass(frozen=True, slots=True)
class Share:
    """How many items of a body had the same account and outcome."""

    channel: str | None
    account: str | None
    outcome: str
    items: int


@dataclass(frozen=True, slots=True)
class EventLine:
    id: int
    received_at: datetime
    door: str
    processed_at: datetime | None
    replays: int
    replayed_at: datetime | None
    shares: tuple[Share, ...] = ()

    @property
    def place(self) -> Place:
        return self.received_at, self.id


@dataclass(frozen=True, slots=True)
class EventPage:
    """`looked_back_to` is set where the reach ended before the page was full: older ones may fit too."""

    lines: list[EventLine]
    looked_back_to: Place | None = None


@dataclass(frozen=True, slots=True)
class UnknownKind:
    """A kind of item that this release does not know, so that it can be replayed once one does."""

    channel: str
    kind: str
    items: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an account is."""

    client_id: UUID
    connector_id: UUID
    client_name: str
    name: str


@dataclass
class _Where:
    """Conditions with their values, in the order they were said."""

    said: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def say(self, condition: str, **values: Any) -> None:
        self.said.append(condition)
        self.values |= values

    @property
    def sql(self) -> str:
        return " and ".join(self.said)


def events(session: Session, asked: Asked, most: int) -> EventPage:
    """A page of the log, newest first."""
    if asked.is_about_items:
        places, looked = _places_of_items(session, asked, most)
    else:
        places, looked = _places(session, asked, most), None
    return EventPage(_lines(session, places), looked)


def unknown_kinds(session: Session, since: datetime, most: int) -> list[UnknownKind]:
    """Kinds nobody of us knows, most frequent first, from at most REACH items set aside."""
    rows = session.execute(
        text(
            "select channel, kind, count(*) as items, min(received_at) as first_at, max(received_at) as last_at from ("
            " select coalesce(channel, '') as channel, kind, received_at, outcome from platform.webhook_item"
            " where outcome in ('ignored', 'unknown', 'unroutable', 'dead') and received_at >= :since"
            " order by received_at desc limit :reach) as aside"
            " where outcome = :unknown group by channel, kind order by items desc, channel, kind limit :most"
        ),
        {"since": since, "reach": REACH, "unknown": UNKNOWN, "most": most},
    )
    return [UnknownKind(*row) for row in rows]


def accounts_of(session: Session, term: str) -> tuple[Account, ...]:
    """Accounts that a word means: an id of a Client, Connector or account, or how the name of a Client or page begins.

    A word that is none of these is taken for an account that nobody holds any more.
    """
    where = _Where()
    try:
        where.say("(c.id = :id or c.client_id = :id)", id=UUID(term))
    except ValueError:
        begins = term.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.say(
            "(c.account_id = :term or lower(c.name) like :begins or c.client_id in"
            " (select id from ledger.client where lower(trade_name) like :begins))",
            term=term,
            begins=begins,
        )
    wanted = f"select distinct c.channel, c.account_id from tenant.connector c where {where.sql} limit :most"  # noqa: S608 - conditions of this function
    rows = session.execute(text(wanted), where.values | {"most": MOST_ACCOUNTS})
    found = tuple((row.channel, row.account_id) for row in rows)
    return found or tuple((channel, term) for channel in ("messenger", "instagram", "telegram"))


def connector(session: Session, connector_id: UUID) -> Account | None:
    """Channel and account of a Connector."""
    row = session.execute(
        text("select channel, account_id from tenant.connector where id = :id"), {"id": connector_id}
    ).one_or_none()
    return (row.channel, row.account_id) if row else None


def holders(session: Session, accounts: Sequence[Account]) -> dict[Account, Holder]:
    """Whose these accounts are now; the newest Connector of each."""
    rows = session.execute(
        text(
            "select distinct on (c.channel, c.account_id) c.channel, c.account_id, c.client_id, c.id, k.trade_name,"
            " c.name from tenant.connector c join ledger.client k on k.id = c.client_id"
            " where (c.channel, c.account_id) in (select * from unnest(cast(:channels as text[]),"
            " cast(:accounts as text[]))) order by c.channel, c.account_id, c.id desc"
        ),
        {"channels": [channel for channel, _ in accounts], "accounts": [account for _, account in accounts]},
    )
    return {(r[0], r[1]): Holder(client_id=r[2], connector_id=r[3], client_name=r[4], name=r[5]) for r in rows}


def _places(session: Session, asked: Asked, most: int) -> list[Place]:
    where = _Where()
    where.say("received_at >= :since and received_at < :until", since=asked.since, until=asked.until)
    if asked.door:
        where.say("door = :door", door=asked.door)
    if asked.waiting:
        where.say("processed_at is null")
    if asked.before:
        where.say("(received_at, id) < (:at, :id)", at=asked.before[0], id=asked.before[1])
    rows = session.execute(
        text(
            f"select received_at, id from platform.webhook_event where {where.sql}"  # noqa: S608 - conditions above
            " order by received_at desc, id desc limit :most"
        ),
        where.values | {"most": most},
    )
    return [(row.received_at, row.id) for row in rows]


def _places_of_items(session: Session, asked: Asked, most: int) -> tuple[list[Place], Place | None]:
    """Bodies with an item that fits, from at most REACH items."""
    inner, outer = _Where(), _Where()
    inner.say("i.received_at >= :since and i.received_at < :until", since=asked.since, until=asked.until)
    if asked.before:
        inner.say("(i.received_at, i.event_id) < (:at, :id)", at=asked.before[0], id=asked.before[1])
    if asked.outcome in ASIDE:
        # Said twice, so that the partial index is seen to hold them.
        inner.say("i.outcome in ('ignored', 'unknown', 'unroutable', 'dead')")
    outer.say("true")
    for column in ("channel", "outcome", "kind"):
        if wanted := getattr(asked, column):
            outer.say(f"{column} = :{column}", **{column: wanted})
    if asked.accounts is not None:
        outer.say(
            "(channel, account) in (select * from unnest(:channels, :names))",
            channels=[channel for channel, _ in asked.accounts],
            names=[account for _, account in asked.accounts],
        )
    if asked.door:
        outer.say(
            "exists (select from platform.webhook_event e where e.received_at = s.received_at and e.id = s.event_id"
            " and e.door = :door)",
            door=asked.door,
        )
    return _searched(session, inner, outer, most)


def _searched(session: Session, inner: _Where, outer: _Where, most: int) -> tuple[list[Place], Place | None]:
    values = inner.values | outer.values | {"reach": REACH, "most": most}
    ordered = "order by i.received_at desc, i.event_id desc, i.item desc"
    statement = text(
        "select received_at, event_id from (select i.received_at, i.event_id, i.channel, i.account, i.kind, i.outcome"  # noqa: S608 - conditions of this module
        f" from platform.webhook_item i where {inner.sql} {ordered} limit :reach) s where {outer.sql}"
        " group by received_at, event_id order by received_at desc, event_id desc limit :most"
    )
    if "channels" in values:
        arrays = (bindparam("channels", type_=ARRAY(Text)), bindparam("names", type_=ARRAY(Text)))
        statement = statement.bindparams(*arrays)
    found = [(row.received_at, row.event_id) for row in session.execute(statement, values)]
    if len(found) == most:
        return found, None
    last = session.execute(
        text(
            f"select i.received_at, i.event_id from platform.webhook_item i where {inner.sql}"  # noqa: S608 - the same
            f" {ordered} offset :reach limit 1"
        ),
        inner.values | {"reach": REACH - 1},
    ).one_or_none()
    return found, (last.received_at, last.event_id) if last else None


def _lines(session: Session, places: Sequence[Place]) -> list[EventLine]:
    if not places:
        return []
    at, ids = [place[0] for place in places], [place[1] for place in places]
    rows = session.execute(
        text(
            "select e.id, e.received_at, e.door, e.processed_at, e.replays, e.replayed_at from platform.webhook_event e"
            " join unnest(cast(:at as timestamptz[]), cast(:ids as bigint[])) as p(received_at, id)"
            " using (received_at, id) order by e.received_at desc, e.id desc"
        ),
        {"at": at, "ids": ids},
    ).all()
    shares = _shares(session, at, ids)
    return [
        EventLine(
            row.id,
            row.received_at,
            row.door,
            row.processed_at,
            row.replays,
            row.replayed_at,
            shares.get((row.received_at, row.id), ()),
        )
        for row in rows
    ]


def _shares(session: Session, at: Sequence[datetime], ids: Sequence[int]) -> dict[Place, tuple[Share, ...]]:
    rows = session.execute(
        text(
            "select i.received_at, i.event_id, i.channel, i.account, i.outcome, count(*) as items"
            " from platform.webhook_item i"
            " join unnest(cast(:at as timestamptz[]), cast(:ids as bigint[])) as p(received_at, event_id)"
            " using (received_at, event_id) group by i.received_at, i.event_id, i.channel, i.account, i.outcome"
            " order by items desc, i.channel, i.account, i.outcome"
        ),
        {"at": list(at), "ids": list(ids)},
    )
    found: dict[Place, tuple[Share, ...]] = {}
    for row in rows:
        place = (row.received_at, row.event_id)
        if len(found.get(place, ())) < _PARTIES:
            found[place] = (*found.get(place, ()), Share(row.channel, row.account, row.outcome, row.items))
    return found
