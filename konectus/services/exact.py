"""Exact figures for the staff (privacy.md 2, its end): of the house, and of one Client. Whoever looks leaves an entry.

Read and recorded in one transaction: no entry, no figures. Who may look is backoffice.admin.roles'.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from konectus.domain.spans import Span
from konectus.services import suspensions, usage
from konectus.services.usage import Use
from konectus.services.work import Change, Work
from konectus.store.models.clients import Client
from konectus.store.queries import daily, house
from konectus.store.queries.house import ByDay, Links, Overdue, Seats

# Nobody types it: what was asked for stands in the entry itself.
OF_HOUSE = "Exact figures of all Clients together, asked for in Figures"
OF_CLIENT = "Exact use of one Client, asked for on its page"


@dataclass(frozen=True)
class Money:
    """Invoiced and paid by day, in cents; what is overdue now."""

    by_day: ByDay
    before: ByDay
    overdue: Overdue


@dataclass(frozen=True)
class House:
    """A span of the whole house. `money` is None for those who may not see it."""

    use: Use
    clients: int
    clients_before: int
    active: Mapping[date, int]
    moves: ByDay
    moves_before: ByDay
    links: tuple[Links, ...]
    seats: Seats
    money: Money | None


def of_house(work: Work, span: Span, *, with_money: bool, taken: bool = False) -> House:
    """The figures, with the audit entry that this person saw them or, with `taken`, took them along."""
    session, before = work.session, span.before
    after = _said(span) | {"money": with_money}
    how = "taken" if taken else "shown"
    work.record(f"figures.{how}", ("usage_daily", span.name), Change(reason=OF_HOUSE, after=after))
    return House(
        use=usage.read(session, span),
        clients=daily.clients_with_messages(session, span.first, span.last),
        clients_before=daily.clients_with_messages(session, before.first, before.last),
        active=daily.active_clients(session, span.first, span.last),
        moves=house.by_day(session, house.CLIENTS, span.first, span.last),
        moves_before=house.by_day(session, house.CLIENTS, before.first, before.last),
        links=tuple(house.links(session)),
        seats=house.seats(session),
        money=_money(work, span) if with_money else None,
    )


def of_client(work: Work, client_id: UUID, span: Span, *, taken: bool = False) -> tuple[Client, Use]:
    """One Client's use, with the audit entry in its own timeline. Raises NoSuchClient."""
    client = suspensions.client_of(work, client_id)
    change = Change(client_id, OF_CLIENT, after=_said(span))
    how = "taken" if taken else "shown"
    work.record(f"client.usage_{how}", ("client", client_id), change)
    return client, usage.read(work.session, span, client_id)


def _money(work: Work, span: Span) -> Money:
    before = span.before
    return Money(
        by_day=house.by_day(work.session, house.MONEY, span.first, span.last),
        before=house.by_day(work.session, house.MONEY, before.first, before.last),
        overdue=house.overdue(work.session, work.now),
    )


def _said(span: Span) -> dict[str, object]:
    return {"first": span.first.isoformat(), "last": span.last.isoformat()}
