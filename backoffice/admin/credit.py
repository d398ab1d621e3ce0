"""Issuing a credit note: goodwill or correction, for one invoice or for whatever comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from backoffice.admin import given as read
from backoffice.admin import money_effects, money_words
from backoffice.admin.commands import Command, Effect, Known, Second, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.limits import above_limit
from backoffice.admin.payment import REHEARSED
from backoffice.admin.pieces import Cell, Fact, Field
from backoffice.admin.roles import CLIENT, CREDIT_IT
from backoffice.admin.shell import page_of
from konectus.domain.approvals import Action
from konectus.domain.money import CreditReason
from konectus.domain.suspension import MIN_REASON
from konectus.i18n import format_money, gettext
from konectus.services import credits as credit_notes
from konectus.services import suspensions
from konectus.services.credits import NewCredit
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import billing

# Proration writes its own.
BY_HAND = (CreditReason.GOODWILL, CreditReason.CORRECTION)


@dataclass(frozen=True)
class IssueCredit(Command):
    """The command on one Client."""

    client_id: UUID
    identity: ClassVar[str] = CLIENT
    action: ClassVar[str] = CREDIT_IT
    is_confirmed: ClassVar[bool] = False
    weighs: ClassVar[tuple[str, ...]] = ("amount", "invoice")

    @property
    def step(self) -> str:
        return gettext("Credit note")

    @property
    def go(self) -> str:
        return gettext("Issue the credit note")

    def known(self, work: Work) -> Known:
        locks.client(work.session, self.client_id)
        client = suspensions.client_of(work, self.client_id)
        now = money_effects.standing(work, self.client_id)
        return Known(
            title=gettext("Credit note for {client}", client=client.trade_name),
            lead=gettext("It lowers what is owed. It is no right of the Client (Terms 8) and no money leaves."),
            name=client.trade_name,
            href=page_of(CLIENT, client.id),
            facts=(Fact(gettext("Client"), Cell(client.legal_name)), *money_effects.facts(now)),
            read_at=work.now,
            seen=fingerprint(*now.print),
        )

    def start(self, work: Work) -> Mapping[str, str]:
        del work
        return {"kind": CreditReason.GOODWILL}

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        owed = billing.owed(work.session, self.client_id)
        bills = [(str(one.invoice_id), f"{one.number}, {format_money(one.balance_cents)}") for one in owed]
        kinds = tuple((str(one), money_words.credit_reason(one)) for one in BY_HAND)
        note = gettext("One line that the Client reads on the note.")
        return (
            Field("amount", gettext("Amount in pesos"), given["amount"], "money", error=problems.get("amount", "")),
            Field(
                "invoice",
                gettext("Invoice"),
                given["invoice"],
                "select",
                (("", gettext("None: the oldest debt first")), *bills),
                error=problems.get("invoice", ""),
            ),
            Field("kind", gettext("Reason"), given["kind"], "select", kinds, error=problems.get("kind", "")),
            Field("note", gettext("Text of the note"), given["note"], hint=note, error=problems.get("note", "")),
        )

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        found: dict[str, str] = {}
        read.problem(found, "amount", lambda: read.cents(given["amount"]))
        read.problem(found, "invoice", lambda: self._invoice(work, given))
        read.problem(found, "kind", lambda: read.choice(given["kind"], BY_HAND))
        read.problem(found, "note", lambda: read.line(given["note"], least=MIN_REASON))
        return found

    def second(self, work: Work, given: Typed) -> Second | None:
        return above_limit(work, read.cents(given["amount"]), Action.CREDIT_NOTE, self.client_id, given)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        before = money_effects.standing(work, self.client_id)
        self._issue(work, given, REHEARSED, REHEARSED)
        after = money_effects.standing(work, self.client_id)
        told = money_effects.told(work, self.client_id, gettext("The credit note."))
        return (*money_effects.differences(before, after), told)

    def carry_out(self, work: Work, given: Typed) -> str:
        self._issue(work, given, given["note"], given.why)
        return page_of(CLIENT, self.client_id)

    def _invoice(self, work: Work, given: Typed) -> UUID | None:
        owed = billing.owed(work.session, self.client_id)
        return read.chosen_id(given["invoice"], [one.invoice_id for one in owed])

    def _issue(self, work: Work, given: Typed, note: str, why: str) -> None:
        new = NewCredit(
            client_id=self.client_id,
            amount_cents=read.cents(given["amount"]),
            reason=next((one for one in BY_HAND if one == given["kind"]), CreditReason.GOODWILL),
            note=note,
            invoice_id=self._invoice(work, given),
        )
        try:
            credit_notes.issue(work, new, reason=why)
        except credit_notes.CreditedEnough:
            raise Slip(
                gettext("Together with its other credit notes that is more than the invoice"), "amount"
            ) from None
