"""Reads of daily usage, bounded by days: sums by day and channel, of one Client or of all. Writing it is `usage`'s."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.domain.channels import Channel
from konectus.store.models.figures import BINS, HOURS

_COUNTS = ("messages_in", "messages_out", "sends_failed", "conversations_opened", "conversations_closed")


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in some days."""

    messages_in: int = 0
    messages_out: int = 0
    sends_failed: int = 0
    conversations_opened: int = 0
    conversations_closed: int = 0

    @property
    def messages(self) -> int:
        return self.messages_in + self.messages_out

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)))


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day on one channel."""

    day: date
    channel: Channel
    counts: Counts


def total(lines: Iterable[DayLine]) -> Counts:
    return sum((one.counts for one in lines), Counts())


def lines(session: Session, first: date, last: date, client_id: UUID | None = None) -> list[DayLine]:
    """Every day that has something, oldest first; None: of all Clients together."""
    named = ", ".join(f"sum({name})::bigint as {name}" for name in _COUNTS)
    found = session.execute(
        text(
            f"select day, channel, {named} from ledger.usage_daily"  # noqa: S608 reason: names of our own columns
            f" where day between :first and :last{_whose(client_id)} group by day, channel order by day, channel"
        ),
        _given(first, last, client_id),
    )
    return [
        DayLine(row.day, Channel(row.channel), Counts(*(int(getattr(row, name)) for name in _COUNTS))) for row in found
    ]


def first_responses(session: Session, first: date, last: date, client_id: UUID) -> tuple[int, ...]:
    """How many first responses fell into each bin."""
    return _summed(session, "first_response_hist", BINS, _given(first, last, client_id))


def hours(session: Session, first: date, last: date, client_id: UUID) -> tuple[int, ...]:
    """How many messages came in each hour of the legal day."""
    return _summed(session, "hours_in", HOURS, _given(first, last, client_id))


def resolutions(session: Session, first: date, last: date, client_id: UUID) -> tuple[int, ...]:
    """How many conversations were resolved in a time of each bin."""
    return _summed(session, "resolution_hist", BINS, _given(first, last, client_id))


def failures(session: Session, first: date, last: date, client_id: UUID | None = None) -> dict[str, int]:
    """Sends that failed by class, the most frequent first."""
    found = session.execute(
        text(
            # Alike days first: the same few reasons come again and again, and taking them apart is the dear part.
            "select f.key, sum(f.value::bigint * d.days)::bigint as n from (select failures, count(*) as days"  # noqa: S608 reason: constants
            f" from ledger.usage_daily where day between :first and :last and sends_failed > 0{_whose(client_id)}"
            " group by failures) d cross join lateral jsonb_each_text(d.failures) f"
            " group by f.key order by n desc, f.key"
        ),
        _given(first, last, client_id),
    )
    return {row.key: int(row.n) for row in found}


def active_clients(session: Session, first: date, last: date) -> dict[date, int]:
    """Clients with a message, day by day."""
    found = session.execute(
        text(
            "select day, count(distinct client_id) as clients from ledger.usage_daily"
            " where day between :first and :last and messages_in + messages_out > 0 group by day"
        ),
        _given(first, last),
    )
    return {row.day: row.clients for row in found}


def clients_with_messages(session: Session, first: date, last: date) -> int:
    """Clients with a message on any of the days."""
    statement = text(
        "select count(distinct client_id) from ledger.usage_daily"
        " where day between :first and :last and messages_in + messages_out > 0"
    )
    found: int = session.execute(statement, _given(first, last)).scalar_one()
    return found


def since(session: Session, client_id: UUID | None = None) -> date | None:
    """The first day that anything was counted of; None where nothing was."""
    found: date | None = session.execute(
        text(f"select min(day) from ledger.usage_daily where true{_whose(client_id)}"),  # noqa: S608 reason: constants
        _given(date.min, date.min, client_id),
    ).scalar()
    return found


def _summed(session: Session, column: str, size: int, given: dict[str, Any]) -> tuple[int, ...]:
    sums = ", ".join(f"coalesce(sum({column}[{n}]), 0)::bigint" for n in range(1, size + 1))
    row = session.execute(
        text(
            f"select {sums} from ledger.usage_daily"  # noqa: S608 reason: a name of our own column
            f" where day between :first and :last{_whose(given.get('client_id'))}"
        ),
        given,
    ).one()
    return tuple(int(value) for value in row)


def _whose(client_id: UUID | None) -> str:
    return "" if client_id is None else " and client_id = :client_id"


def _given(first: date, last: date, client_id: UUID | None = None) -> dict[str, Any]:
    return {"first": first, "last": last} | ({} if client_id is None else {"client_id": client_id})
