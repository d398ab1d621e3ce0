"""Recording a payment by hand: what it pays, which Suspension it ends, and a second person above a limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import given as read
from backoffice.admin import money_effects, money_words, payment_twins
from backoffice.admin.commands import Command, Effect, Known, Second, explanation, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.limits import above_limit
from backoffice.admin.pieces import Cell, Fact, Field
from backoffice.admin.roles import CLIENT, PAY
from backoffice.admin.shell import page_of
from konectus.domain.approvals import Action
from konectus.domain.money import PaymentMethod
from konectus.i18n import gettext
from konectus.services import payments, suspensions
from konectus.services.payments import NewPayment
from konectus.services.work import Work
from konectus.store import locks

# A card is charged by its provider, who tells it through the signed webhook.
BY_HAND = (PaymentMethod.SPEI, PaymentMethod.OXXO)
# Older money is a matter of correction and not of a form.
OLDEST_DAYS = 400
REHEARSED = "Rehearsal: nothing is kept"


@dataclass(frozen=True)
class RecordPayment(Command):
    """The command on one Client."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = PAY
    is_confirmed: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ("amount", "paid_on")

    @property
    def step(self) -> str:
        return gettext("Record payment")

    @property
    def go(self) -> str:
        return gettext("Confirm the payment")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        now = money_effects.standing(work, self.client_id)
        return Known(
            title=gettext("Record a payment of {client}", client=client.trade_name),
            lead=gettext("The oldest debt is paid first; what is left over stays as credit."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(
                Fact(gettext("Client"), Cell(client.legal_name, small=client.tax_id or "")),
                *money_effects.facts(now),
            ),
            read_at=work.now,
            seen=fingerprint(*now.print),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        owed = money_effects.standing(work, self.client_id).owed_cents
        return {
            "amount": read.as_typed(owed) if owed else "",
            "method": PaymentMethod.SPEI,
            "paid_on": read.today(work.now).isoformat(),
            "why": gettext("Seen on the bank statement"),
        }

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        latest, earliest = read.today(work.now), read.today(work.now, -OLDEST_DAYS)
        methods = tuple((str(one), money_words.method(one)) for one in BY_HAND)
        hint = gettext("The key of the transfer, or the number of the slip. One reference is booked once.")
        like = payment_twins.like(work, self.client_id, given)
        tick = (payment_twins.tick(given, problems.get(payment_twins.NAME, "")),) if like else ()
        return (
            Field("amount", gettext("Amount in pesos"), given["amount"], "money", error=problems.get("amount", "")),
            Field(
                "paid_on",
                gettext("Paid on"),
                given["paid_on"],
                "day",
                error=problems.get("paid_on", ""),
                least=earliest.isoformat(),
                most=latest.isoformat(),
                hint=gettext("The day in Mexico City. Deadlines count from it, not from today."),
            ),
            Field("method", gettext("Method"), given["method"], "select", methods, error=problems.get("method", "")),
            Field(
                "reference", gettext("Reference"), given["reference"], hint=hint, error=problems.get("reference", "")
            ),
            *tick,
        )

    def reasons(self, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        return (explanation(given, problems, gettext("Where the money was seen. It stays in Audit with your name.")),)

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        found: dict[str, str] = {}
        latest, earliest = read.today(work.now), read.today(work.now, -OLDEST_DAYS)
        read.problem(found, "amount", lambda: read.cents(given["amount"]))
        read.problem(found, "paid_on", lambda: read.day(given["paid_on"], least=earliest, most=latest))
        read.problem(found, "method", lambda: read.choice(given["method"], BY_HAND))
        read.problem(found, "reference", lambda: read.line(given["reference"]))
        twice = payment_twins.problem(payment_twins.like(work, self.client_id, given), given)
        if twice and given.seen == self.known(work).seen:  # what came meanwhile is shown first
            found[payment_twins.NAME] = twice
        return found

    def second(self, work: Work, given: Typed) -> Second | None:
        amount = read.cents(given["amount"])
        return above_limit(work, amount, Action.RECORD_PAYMENT, self.client_id, given)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        before = money_effects.standing(work, self.client_id)
        twice = payment_twins.warnings(work, payment_twins.like(work, self.client_id, given))
        rehearsed = given["reference"] or f"rehearsal {work.new_id()}"
        self._book(work, given, rehearsed, REHEARSED)
        after = money_effects.standing(work, self.client_id)
        receipt = money_effects.told(work, self.client_id, gettext("A receipt of the payment."))
        return (*twice, *money_effects.differences(before, after), receipt)

    def carry_out(self, work: Work, given: Typed) -> str:
        self._book(work, given, given["reference"], given.why)
        return page_of(CLIENT, self.client_id)

    def _book(self, work: Work, given: Typed, reference: str, reason: str) -> None:
        new = NewPayment(
            client_id=self.client_id,
            method=next((one for one in BY_HAND if one == given["method"]), PaymentMethod.SPEI),
            provider=payments.BY_HAND,
            provider_ref=reference,
            amount_cents=read.cents(given["amount"]),
            paid_at=read.moment_of(read.day(given["paid_on"], most=read.today(work.now)), work.now),
        )
        try:
            payments.record(work, new, reason=reason)
        except payments.PaymentDiffers:
            words = gettext("This reference is booked already, with another amount or for another Client")
            raise Slip(words, "reference") from None
        except payments.DuplicatePayment:
            raise Slip(gettext("This reference is booked already"), "reference") from None
