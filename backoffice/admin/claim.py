"""What liability is capped at (Terms 14.2) at an instant of one's choice, with its lines. It decides no claim."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backoffice.admin import book_cells
from backoffice.admin.pieces import Asked, Cell, Fact, Field, Table
from backoffice.admin.roles import PAYMENT, REFUND
from backoffice.admin.shell import page_of
from konectus.domain.deadlines import LEGAL_ZONE
from konectus.i18n import format_datetime, format_money, gettext
from konectus.services.work import Work
from konectus.store.queries import claims
from konectus.store.queries.claims import FeeLine

# Before Konectus was there nobody paid anything.
OLDEST = datetime(2020, 1, 1, tzinfo=LEGAL_ZONE)
_FORM = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Claim:
    """The card: the field for the instant, what follows from it, and the lines that make it up."""

    field: Field
    facts: tuple[Fact, ...]
    lines: Table


def read(work: Work, client_id: UUID, asked: Asked) -> Claim:
    """For now, unless another instant that is past is asked for."""
    typed = asked.text("claim")
    wanted = _instant(typed)
    is_usable = wanted is not None and OLDEST <= wanted <= work.now
    at = wanted if wanted is not None and is_usable else work.now
    found = claims.fees_paid(work.session, client_id, at)
    latest = work.now.astimezone(LEGAL_ZONE).strftime(_FORM)
    error = (
        "" if is_usable or not typed else gettext("Write a day and an hour that are past, by the clock of Mexico City")
    )
    return Claim(
        field=Field(
            "claim",
            gettext("Instant of the claim"),
            typed or latest,
            "instant",
            most=latest,
            hint=gettext("By the clock of Mexico City."),
            error=error,
        ),
        facts=(
            Fact(gettext("Paid after"), Cell(format_datetime(found.since, form="full"))),
            Fact(gettext("Until"), Cell(format_datetime(found.at, form="full"))),
            Fact(
                gettext("The cap"), Cell(format_money(found.cap_cents), small=gettext("Fees paid, not fees invoiced."))
            ),
        ),
        lines=Table(
            (gettext("When"), gettext("What"), gettext("Amount")),
            tuple(_cells(line) for line in found.lines),
            gettext("Nothing was paid in the twelve months before it."),
        ),
    )


def _cells(line: FeeLine) -> tuple[Cell, ...]:
    identity, words = (PAYMENT, gettext("Payment")) if line.kind == "payment" else (REFUND, gettext("Refund"))
    return (
        Cell(at=line.at),
        Cell(line.reference or words, small=words, href=page_of(identity, line.id)),
        book_cells.money(line.amount_cents),
    )


def _instant(typed: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(typed)
        return (found if found.tzinfo else found.replace(tzinfo=LEGAL_ZONE)).astimezone(LEGAL_ZONE)
    except (ValueError, OverflowError):
        return None
