"""Reversing a payment, and making an invoice void: their facts, rehearsals and acts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import book_cells, money_effects, money_words
from backoffice.admin.commands import Command, Effect, Known, Refused, Second, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.limits import args
from backoffice.admin.payment import REHEARSED
from backoffice.admin.pieces import Act, Cell, Fact
from backoffice.admin.roles import INVOICE, PAYMENT, REVERSE, VOID
from backoffice.admin.shell import page_of
from konectus.domain.approvals import Action
from konectus.domain.money import InvoiceStatus, PaymentStatus
from konectus.errors import NotFound
from konectus.i18n import format_money, gettext
from konectus.services import billing, payments
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import admin_money as read


@dataclass(frozen=True)
class Reverse(Command):
    """A transfer that was returned, a chargeback, or a payment recorded by mistake."""

    payment_id: UUID
    identity: ClassVar[str] = PAYMENT
    action: ClassVar[str] = REVERSE
    is_dangerous: ClassVar[bool] = True
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Reverse")

    @property
    def go(self) -> str:
        return gettext("Reverse the payment")

    def known(self, work: Work) -> Known:
        row = _payment(work, self.payment_id)
        locks.client(work.session, row.client_id)
        row = _payment(work, self.payment_id)
        if row.status != PaymentStatus.SUCCEEDED:
            raise Refused(
                gettext("This payment cannot be reversed"),
                gettext("Only money that came can be taken back, once."),
                (
                    Fact(gettext("State"), Cell(state=money_words.payment(row.status))),
                    Fact(gettext("Reversed"), Cell(at=row.reversed_at)),
                ),
                (Act(gettext("See the payment"), page_of(PAYMENT, row.id), "landmark", "primary"),),
                identity=PAYMENT,
            )
        now = money_effects.standing(work, row.client_id)
        return Known(
            title=gettext("Reverse the payment of {amount}", amount=format_money(row.amount_cents)),
            lead=gettext("What it had paid is owed again from this moment on. Nothing is erased."),
            name=row.trade_name,
            href=page_of(PAYMENT, row.id),
            facts=(
                Fact(gettext("Client"), book_cells.client(row)),
                Fact(gettext("Reference"), Cell(row.provider_ref, small=money_words.method(row.method))),
                Fact(gettext("Paid on"), Cell(at=row.paid_at)),
                *money_effects.facts(now),
            ),
            read_at=work.now,
            seen=fingerprint(str(row.id), row.status, *now.print),
        )

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        client_id = _payment(work, self.payment_id).client_id
        before = money_effects.standing(work, client_id)
        payments.reverse(work, self.payment_id, REHEARSED)
        after = money_effects.standing(work, client_id)
        told = money_effects.told(work, client_id, gettext("That the payment was reversed and what is owed now."))
        return (*money_effects.differences(before, after), told)

    def carry_out(self, work: Work, given: Typed) -> str:
        payments.reverse(work, self.payment_id, given.why)
        return page_of(PAYMENT, self.payment_id)


@dataclass(frozen=True)
class VoidInvoice(Command):
    """An invoice that should never have been: always with a second person."""

    invoice_id: UUID
    identity: ClassVar[str] = INVOICE
    action: ClassVar[str] = VOID
    is_dangerous: ClassVar[bool] = True
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return gettext("Make it void")

    @property
    def go(self) -> str:
        return gettext("Make the invoice void")

    def known(self, work: Work) -> Known:
        row = _bill(work, self.invoice_id)
        locks.client(work.session, row.client_id)
        row = _bill(work, self.invoice_id)
        if row.status not in (InvoiceStatus.OPEN, InvoiceStatus.PAID):
            raise Refused(
                gettext("Invoice {number} cannot be made void", number=row.number or ""),
                gettext("What is void or written off stays so."),
                (
                    Fact(gettext("State"), Cell(state=money_words.invoice(row.status, is_overdue=False))),
                    Fact(gettext("Made void"), Cell(at=row.voided_at)),
                ),
                (Act(gettext("See the invoice"), page_of(INVOICE, row.id), "receipt", "primary"),),
                identity=INVOICE,
            )
        now = money_effects.standing(work, row.client_id)
        return Known(
            title=gettext("Make invoice {number} void", number=row.number or ""),
            lead=gettext("As if it had never been issued; its number is not used again."),
            name=row.trade_name,
            href=page_of(INVOICE, row.id),
            facts=(
                Fact(gettext("Client"), book_cells.client(row)),
                Fact(gettext("Total"), Cell(format_money(row.total_cents), small=book_cells.period(row))),
                Fact(gettext("Paid so far"), Cell(format_money(row.paid_cents))),
                *money_effects.facts(now),
            ),
            read_at=work.now,
            seen=fingerprint(str(row.id), row.status, row.paid_cents, *now.print),
        )

    def second(self, work: Work, given: Typed) -> Second | None:
        because = gettext("An invoice is made void by two people, whatever its amount.")
        subject = ("invoice", str(self.invoice_id))
        return Second(Action.VOID_INVOICE, subject, args(given), because, _bill(work, self.invoice_id).client_id)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        del given
        client_id = _bill(work, self.invoice_id).client_id
        before = money_effects.standing(work, client_id)
        self._void(work, REHEARSED)
        return money_effects.differences(before, money_effects.standing(work, client_id))

    def carry_out(self, work: Work, given: Typed) -> str:
        self._void(work, given.why)
        return page_of(INVOICE, self.invoice_id)

    def _void(self, work: Work, reason: str) -> None:
        try:
            billing.void(work, self.invoice_id, reason)
        except billing.InvoiceRefunded:
            raise Slip(gettext("Part of it was refunded, so it cannot become credit as well")) from None


def _payment(work: Work, payment_id: UUID) -> read.Paid:
    found = read.payment(work.session, payment_id)
    if found is None:
        raise NotFound
    return found


def _bill(work: Work, invoice_id: UUID) -> read.Bill:
    found = read.bill(work.session, invoice_id)
    if found is None:
        raise NotFound
    return found
