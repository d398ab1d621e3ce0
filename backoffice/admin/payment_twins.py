"""Payments that may be one and the same, told to whoever records, sees or decides about one. No rule lives here."""

from collections.abc import Sequence
from uuid import UUID

from backoffice.admin import given as read
from backoffice.admin import money_words
from backoffice.admin.commands import Effect
from backoffice.admin.given import Slip, Typed
from backoffice.admin.lift import who
from backoffice.admin.pieces import Cell, Fact, Field, Table
from backoffice.admin.roles import PAYMENT
from backoffice.admin.shell import page_of
from konectus.domain.tasks import TaskKind
from konectus.i18n import format_date, format_money, gettext
from konectus.services.work import Work
from konectus.store.queries import admin_money, payment_watch
from konectus.store.queries.admin import staff_names
from konectus.store.queries.payment_watch import Like, Twin

# The field of the tick, and what it says when it is set.
NAME, TICKED = "another", "yes"


def like(work: Work, client_id: UUID, given: Typed) -> list[Twin]:
    """What is booked already and looks like the payment that was typed; nothing while it cannot be read."""
    try:
        paid_at = read.moment_of(read.day(given["paid_on"]), work.now)
        wanted = Like(client_id, read.cents(given["amount"]), paid_at, given["reference"])
    except Slip:
        return []
    return payment_watch.twins(work.session, wanted)


def tick(given: Typed, error: str) -> Field:
    """What a person says who has compared both."""
    options = ((TICKED, gettext("It is another transfer: I compared both references")),)
    return Field(NAME, gettext("Booked twice?"), given[NAME], "check", options, error=error, is_wide=True)


def problem(found: Sequence[Twin], given: Typed) -> str:
    """What has to be mended before it is booked beside them."""
    if not found or given[NAME] == TICKED:
        return ""
    return gettext("Compare it with the payment above, then say that it is another one")


def warnings(work: Work, found: Sequence[Twin]) -> tuple[Effect, ...]:
    """Reference, day and hand of each."""
    names = _names(work, found)
    return tuple(_warning(twin, who(twin.recorded_by, names)) for twin in found)


def _warning(twin: Twin, by: str) -> Effect:
    heading = gettext("It may be booked already: {reference}", reference=twin.reference)
    small = gettext(
        "{amount}, paid on {day}, recorded on {recorded} ({by}). Booked twice, it would count twice.",
        amount=format_money(twin.amount_cents),
        day=format_date(twin.paid_at, form="long"),
        recorded=format_date(twin.recorded_at, form="long"),
        by=by,
    )
    return Effect("triangle-alert", "warn", heading, small, heading)


def table(work: Work, found: Sequence[Twin]) -> Table:
    """The others, each with its own page."""
    names = _names(work, found)

    def cells(twin: Twin) -> tuple[Cell, ...]:
        return (
            Cell(twin.reference, small=twin.provider, href=page_of(PAYMENT, twin.payment_id)),
            Cell(state=money_words.payment(twin.status)),
            Cell(at=twin.paid_at),
            Cell(who(twin.recorded_by, names), at=twin.recorded_at),
            Cell(format_money(twin.amount_cents), numeric=True),
        )

    headings = (gettext("Reference"), gettext("State"), gettext("Paid on"), gettext("Recorded"), gettext("Amount"))
    note = gettext(
        "The same Client, with the same amount within a day or the same reference. Reverse the one too many."
    )
    return Table(headings, tuple(cells(twin) for twin in found), title=gettext("May be the same money"), note=note)


def of_task(work: Work, kind: str, subject_ref: str) -> tuple[Fact, ...]:
    """What a task about a payment that may be booked twice says: both references, to compare."""
    if kind != TaskKind.PAYMENT_TWICE:
        return ()
    row = admin_money.payment(work.session, UUID(subject_ref))
    if row is None or row.paid_at is None:
        return ()
    wanted = Like(row.client_id, row.amount_cents, row.paid_at, row.provider_ref)
    found = payment_watch.twins(work.session, wanted, but=row.id)
    others = ", ".join(f"{twin.reference} ({twin.provider})" for twin in found)
    return (
        Fact(gettext("This payment"), Cell(row.provider_ref, small=row.provider, href=page_of(PAYMENT, row.id))),
        Fact(
            gettext("May be the same money"), Cell(others, small=gettext("Compare them and reverse the one too many."))
        ),
    )


def _names(work: Work, found: Sequence[Twin]) -> dict[str, str]:
    return staff_names(work.session, {twin.recorded_by for twin in found})
