"""What payment providers told by the signed webhook, as it came, and what became of it. No payment is booked here."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from backoffice.admin import money_words
from backoffice.admin.paging import Place
from backoffice.admin.pieces import Act, Asked, Cell, Details, Fact, Listing, Table, id_of
from backoffice.admin.roles import CLIENT, PAY, PAYMENT_EVENT
from backoffice.admin.shell import HOME, list_of, page_of
from backoffice.admin.view import PAGE_SIZE, StaffView
from konectus.domain.money import PaymentOutcome
from konectus.errors import NotFound
from konectus.i18n import gettext
from konectus.services.work import Work
from konectus.store.models.payments import PaymentEvent
from konectus.store.queries import payment_told as read
from konectus.store.queries.payment_told import Told

_IN_THE_BOOKS = (PaymentOutcome.BOOKED, PaymentOutcome.DUPLICATE)
# Of one body, and of one value in it.
MOST_FIELDS, LONGEST_VALUE = 60, 300


class PaymentEventAdmin(StaffView, model=PaymentEvent):
    """Every event is kept, also what nobody understood; none is changed here."""

    name: ClassVar[str] = "payment event"

    def read_list(self, work: Work, asked: Asked) -> Listing:
        place = Place.of(PAYMENT_EVENT, asked, tuple(PaymentOutcome))
        rows = read.events(work.session, outcome=place.show, term=place.term, after=place.after, most=PAGE_SIZE + 1)
        return Listing(
            title=gettext("Payment messages"),
            identity=PAYMENT_EVENT,
            lead=gettext("As they came through the signed webhook. What could not be booked waits among the tasks."),
            tabs=place.tabs([(str(one), money_words.outcome(one).words) for one in PaymentOutcome]),
            term=place.term,
            search_hint=gettext("Id of the message, from its beginning"),
            kept=place.kept,
            table=Table(
                (gettext("Message"), gettext("Client"), gettext("What became of it"), gettext("Came in")),
                tuple(_cells(row) for row in rows[:PAGE_SIZE]),
                gettext("No message here."),
            ),
            next_href=place.next_href(rows),
            first_href=place.first_href,
        )

    def read_details(self, work: Work, asked: Asked) -> Details:
        row = read.by_id(work.session, id_of(asked.pk))
        if row is None:
            raise NotFound
        pay = Act(gettext("Record payment"), f"{HOME}{CLIENT}/record-payment/{row.client_id}", "landmark")
        others = tuple(_difference(row, other) for other in read.others(work.session, row.id))
        return Details(
            title=gettext("Message {id}", id=row.event_id),
            identity=PAYMENT_EVENT,
            lead=gettext("Kept as it came. What is missing is booked by hand, with the same reference."),
            crumbs=((gettext("Payment messages"), list_of(PAYMENT_EVENT)),),
            state=money_words.outcome(row.outcome),
            facts=(
                Fact(gettext("Client"), _client(row)),
                Fact(gettext("Provider"), Cell(row.provider)),
                Fact(gettext("Came in"), Cell(at=row.received_at)),
            ),
            tables=(*others, _body(row)),
            acts=(pay,) if row.client_id and row.outcome not in _IN_THE_BOOKS and asked.may(CLIENT, PAY) else (),
        )


def _cells(row: Told) -> tuple[Cell, ...]:
    return (
        Cell(row.event_id, small=row.provider, href=page_of(PAYMENT_EVENT, row.id)),
        _client(row),
        Cell(state=money_words.outcome(row.outcome)),
        Cell(at=row.received_at),
    )


def _client(row: Told) -> Cell:
    return Cell(row.trade_name or "", href=page_of(CLIENT, row.client_id) if row.client_id else "")


def _body(row: Told) -> Table:
    found = flat(row.raw)
    rows = tuple((Cell(name), Cell(value)) for name, value in list(found.items())[:MOST_FIELDS])
    return Table((gettext("Field"), gettext("Value")), rows, gettext("It was empty."), gettext("What it said"))


def _difference(first: Told, other: read.Other) -> Table:
    """Field by field, where a body under the same id says something else."""
    was, came = flat(first.raw), flat(other.raw)
    names = [name for name in dict.fromkeys((*was, *came)) if was.get(name) != came.get(name)]
    rows = tuple((Cell(n), Cell(was.get(n, "")), Cell(came.get(n, ""))) for n in names[:MOST_FIELDS])
    headings = (gettext("Field"), gettext("The first one, which holds"), gettext("The one that came later"))
    note = gettext("It came under the same id and was not booked. Ask the provider which of the two is right.")
    return Table(headings, rows, title=gettext("Another body under the same id"), note=note)


def flat(raw: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Each value of a body by its path, as short text."""
    found: dict[str, str] = {}
    for name, value in raw.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{path}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            found[path] = text[:LONGEST_VALUE]
    return found
