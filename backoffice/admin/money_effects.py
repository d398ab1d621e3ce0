"""What movements of money do to a Client, compared before and after in one rehearsal: invoices, causes, credit."""

from dataclasses import dataclass
from uuid import UUID

from backoffice.admin import words
from backoffice.admin.commands import Effect
from backoffice.admin.pieces import Cell, Fact
from konectus.domain.suspension import Cause
from konectus.i18n import format_money, gettext, ngettext
from konectus.services.work import Work
from konectus.store.queries import billing, clients, payments
from konectus.store.queries.billing import Owed


@dataclass(frozen=True, slots=True)
class Standing:
    """How a Client's money and service stand at one moment."""

    owed: tuple[Owed, ...]
    causes: tuple[Cause, ...]
    credit_cents: int

    @property
    def owed_cents(self) -> int:
        return sum(one.balance_cents for one in self.owed)

    @property
    def print(self) -> tuple[object, ...]:
        """What a person decides by; the same as long as nothing of it moves."""
        return ([(str(one.invoice_id), one.balance_cents) for one in self.owed], self.causes, self.credit_cents)


def standing(work: Work, client_id: UUID) -> Standing:
    work.session.flush()  # what a rehearsal wrote counts
    return Standing(
        tuple(billing.owed(work.session, client_id)),
        tuple(one.cause for one in clients.open_suspensions(work.session, client_id)),
        payments.credit(work.session, client_id),
    )


def facts(now: Standing) -> tuple[Fact, ...]:
    """What a Client owes and how its service stands."""
    small = ", ".join(f"{one.number} {format_money(one.balance_cents)}" for one in now.owed[:4])
    owes = Cell(format_money(now.owed_cents), small=small) if now.owed else Cell(gettext("Nothing"))
    return (
        Fact(gettext("Owes"), owes),
        Fact(gettext("Credit"), Cell(format_money(now.credit_cents))),
        Fact(gettext("Service"), Cell(state=words.service(now.causes))),
    )


def differences(before: Standing, after: Standing) -> tuple[Effect, ...]:
    """Invoice by invoice, then the service, then credit."""
    left = {one.invoice_id: one for one in after.owed}
    had = {one.invoice_id: one for one in before.owed}
    found = [_less(one, left.get(one.invoice_id)) for one in before.owed if _moved(one, left.get(one.invoice_id))]
    found += [_reopened(one) for one in after.owed if one.invoice_id not in had]
    return (*found, *_service(before, after), *_credit(before, after))


def _moved(one: Owed, now: Owed | None) -> bool:
    return now is None or now.balance_cents != one.balance_cents


def _less(one: Owed, now: Owed | None) -> Effect:
    if now is None:
        heading = gettext("{number} is settled", number=one.number)
        return Effect("check", "ok", heading, gettext("It owed {amount}.", amount=_money(one)), heading)
    heading = gettext("{number}: {amount} is left to pay", number=one.number, amount=_money(now))
    small = gettext("It owed {amount}; any balance keeps the clock running.", amount=_money(one))
    return Effect("hourglass", "warn", heading, small, heading)


def _reopened(one: Owed) -> Effect:
    heading = gettext("{number} owes {amount} again", number=one.number, amount=_money(one))
    small = gettext("It needs a new notice and a clock of its own: nobody is suspended by the old one.")
    return Effect("circle-alert", "warn", heading, small, heading)


def _service(before: Standing, after: Standing) -> tuple[Effect, ...]:
    lifted = [cause for cause in before.causes if cause not in after.causes]
    if lifted and not after.causes:
        heading = gettext("The service comes back by itself")
        small = gettext("The suspension {cause} is lifted; the Client reconnects its channels.", cause=_told(lifted))
        return (Effect("circle-check", "ok", heading, small, heading),)
    if lifted:
        heading = gettext("The suspension {cause} is lifted", cause=_told(lifted))
        small = gettext("The Client stays suspended {causes}.", causes=_told(after.causes))
        return (Effect("circle-pause", "warn", heading, small, heading),)
    if after.causes:
        heading = gettext("The Client stays suspended {causes}", causes=_told(after.causes))
        small = gettext("A payment lifts only non-payment, once nothing that fell due is left.")
        return (Effect("circle-pause", "warn", heading, small, heading),)
    return ()


def _credit(before: Standing, after: Standing) -> tuple[Effect, ...]:
    if after.credit_cents == before.credit_cents:
        return ()
    heading = gettext("The Client's credit is {amount}", amount=format_money(after.credit_cents))
    small = gettext("It was {amount}. Credit pays the next invoice.", amount=format_money(before.credit_cents))
    return (Effect("landmark", "info", heading, small, heading),)


def mailed(what: str) -> Effect:
    """The notice that goes out."""
    heading = gettext("The Client is told by e-mail and on its pages")
    return Effect("mail", "", heading, what, ngettext("{n} e-mail", "{n} e-mails", 1))


def told(work: Work, client_id: UUID, what: str) -> Effect:
    """The notice that goes out, or that none does: nobody writes to a Client whose data was deleted."""
    if not clients.access(work.session, client_id).deleting:
        return mailed(what)
    heading = gettext("Nobody is told: this Client's data was deleted")
    return Effect("mail", "", heading, gettext("The books go on: what it owed is still owed."), heading)


def _told(causes: list[Cause] | tuple[Cause, ...]) -> str:
    return ", ".join(words.cause(cause) for cause in causes)


def _money(one: Owed) -> str:
    return format_money(one.balance_cents)
