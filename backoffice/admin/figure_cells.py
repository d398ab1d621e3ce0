"""Exact figures of the house as tables, columns and a sheet. No figure is read here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from backoffice.admin import words
from backoffice.admin.pieces import Cell, Table
from konectus.domain.channels import Channel
from konectus.domain.columns import Column, Columns
from konectus.domain.sheets import Value
from konectus.i18n import format_date, format_money, format_number, gettext
from konectus.services.exact import House
from konectus.store.queries.daily import Counts
from konectus.store.queries.house import Links

_COUNTED = ("messages_in", "messages_out", "sends_failed")
_MOVES, _MONEY = ("new_clients", "ended_clients"), ("invoiced_cents", "paid_cents")
Sheet = tuple[tuple[str, ...], list[tuple[Value, ...]]]


def connectors(links: tuple[Links, ...]) -> Table:
    """How many stand in which state, now."""
    rows = tuple(
        (
            Cell(channel=one.channel),
            Cell(state=words.connector(one.state)),
            Cell(format_number(one.count), numeric=True),
        )
        for one in links
    )
    headings = (gettext("Channel"), gettext("State"), gettext("How many"))
    return Table(headings, rows, gettext("No Connector yet."), gettext("Connectors now"), count=_all(links))


def _all(links: tuple[Links, ...]) -> str:
    return format_number(sum(one.count for one in links))


def days(house: House) -> Table:
    """Every day with what happened on it."""
    headings = [
        gettext("Day"),
        gettext("Messages in"),
        gettext("Messages out"),
        gettext("Not sent"),
        gettext("Active Clients"),
        gettext("New Clients"),
        gettext("Contracts ended"),
    ]
    if house.money:
        headings += [gettext("Invoiced"), gettext("Amount paid")]
    return Table(tuple(headings), tuple(_day(row) for row in _rows(house)), title=gettext("Day by day"))


@dataclass(frozen=True, slots=True)
class _Row:
    day: date
    counts: tuple[int, ...]
    cents: tuple[int, ...]


def _rows(house: House) -> Iterator[_Row]:
    for one in house.use.days:
        counts = tuple(getattr(one.all, name) for name in _COUNTED)
        moves = tuple(house.moves[name].get(one.day, 0) for name in _MOVES)
        cents = tuple(house.money.by_day[name].get(one.day, 0) for name in _MONEY) if house.money else ()
        yield _Row(one.day, (*counts, house.active.get(one.day, 0), *moves), cents)


def _day(row: _Row) -> tuple[Cell, ...]:
    return (
        Cell(format_date(row.day, form="medium")),
        *(Cell(format_number(n), numeric=True) for n in row.counts),
        *(Cell(format_money(n), numeric=True) for n in row.cents),
    )


def money(house: House) -> Columns | None:
    """What was paid, day by day; None for those who see no money."""
    if house.money is None:
        return None
    paid = house.money.by_day["paid_cents"]
    return Columns(tuple(Column(one.day, (("one", paid.get(one.day, 0)),)) for one in house.use.days))


def sheet(house: House) -> Sheet:
    """Names for programs: a row a day, messages by channel too; cents as whole numbers."""
    names = ["day", *_COUNTED, "clients_active", "clients_new", "contracts_ended"]
    if house.money:
        names += ["invoiced_cents", "paid_cents"]
    names += [f"{name}_{channel.value}" for channel in Channel for name in _COUNTED]
    rows: list[tuple[Value, ...]] = []
    for row, one in zip(_rows(house), house.use.days, strict=True):
        parts = [one.parts.get(channel, Counts()) for channel in Channel]
        by_channel = (getattr(part, name) for part in parts for name in _COUNTED)
        rows.append((row.day, *row.counts, *row.cents, *by_channel))
    return tuple(names), rows
