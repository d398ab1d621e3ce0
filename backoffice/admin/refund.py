"""Deciding a refund and following it until the money is back: approve, reject, sent, settled, failed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from backoffice.admin import book_cells, money_effects, money_words
from backoffice.admin import given as typed_in
from backoffice.admin.commands import Command, Effect, Known, Refused, Second, fingerprint
from backoffice.admin.given import Slip, Typed
from backoffice.admin.limits import args
from backoffice.admin.payment import REHEARSED
from backoffice.admin.pieces import Act, Cell, Fact, Field
from backoffice.admin.roles import DECIDE, REFUND
from backoffice.admin.shell import page_of
from konectus.domain.approvals import Action
from konectus.domain.money import RefundStatus
from konectus.errors import KonectusError, NotFound
from konectus.i18n import format_money, gettext, msg
from konectus.services import refunds
from konectus.services.work import Work
from konectus.store import locks
from konectus.store.queries import admin_money as read
from konectus.store.queries import readings
from konectus.store.queries import refunds as refund_reads


class Verdict(StrEnum):
    """What a person does with a refund."""

    APPROVE = "approve"
    REJECT = "reject"
    SENT = "sent"
    SETTLED = "settled"
    FAILED = "failed"

    @property
    def words(self) -> str:
        return gettext(_GO[self])

    @property
    def fits(self) -> tuple[RefundStatus, ...]:
        """The states in which it can be done."""
        return _FITS[self]


_GO = {
    Verdict.APPROVE: msg("Approve the refund"),
    Verdict.REJECT: msg("Reject the refund"),
    Verdict.SENT: msg("Note that it was sent"),
    Verdict.SETTLED: msg("Note that it arrived"),
    Verdict.FAILED: msg("Note that it came back"),
}
_FITS = {
    Verdict.APPROVE: (RefundStatus.PROPOSED,),
    Verdict.REJECT: (RefundStatus.PROPOSED,),
    Verdict.SENT: (RefundStatus.APPROVED,),
    Verdict.SETTLED: (RefundStatus.SENT,),
    Verdict.FAILED: (RefundStatus.SENT,),
}

_ACTS: Mapping[Verdict, Callable[[Work, UUID, str], None]] = {
    Verdict.APPROVE: refunds.approve,
    Verdict.REJECT: refunds.failed,
    Verdict.SETTLED: refunds.settled,
    Verdict.FAILED: refunds.failed,
}


@dataclass(frozen=True)
class DecideRefund(Command):
    """The command on one refund."""

    refund_id: UUID
    verdict: Verdict
    identity: ClassVar[str] = REFUND
    action: ClassVar[str] = DECIDE
    is_confirmed: ClassVar[bool] = False

    @property
    def step(self) -> str:
        return self.verdict.words

    @property
    def go(self) -> str:
        return self.verdict.words

    def known(self, work: Work) -> Known:
        row = _refund(work, self.refund_id)
        locks.client(work.session, row.client_id)
        row = _refund(work, self.refund_id)
        if row.status not in self.verdict.fits:
            raise Refused(
                gettext("This refund is past that"),
                gettext("Somebody decided it already, or it is not that far yet."),
                (
                    Fact(gettext("State"), Cell(state=money_words.refund(row.status))),
                    Fact(gettext("Decided"), Cell(at=row.decided_at)),
                ),
                (Act(gettext("See the refund"), page_of(REFUND, row.id), "undo-2", "primary"),),
                identity=REFUND,
            )
        of_days = gettext("What was paid, times the days that were not used, by the days of the period.")
        return Known(
            title=gettext("Refund of {amount}", amount=format_money(row.amount_cents)),
            lead=of_days if row.invoice_id else gettext("What the payment left over when the contract ended."),
            name=row.trade_name,
            href=page_of(REFUND, row.id),
            facts=(
                Fact(gettext("Client"), book_cells.client(row)),
                *book_cells.refunded(row),
                Fact(gettext("Amount"), Cell(format_money(row.amount_cents))),
            ),
            read_at=work.now,
            seen=fingerprint(str(row.id), row.status, row.amount_cents, row.base_paid_cents),
        )

    def inputs(self, work: Work, given: Typed, problems: Mapping[str, str]) -> tuple[Field, ...]:
        del work
        if self.verdict is not Verdict.SENT:
            return ()
        hint = gettext("The key of the transfer by which the money left.")
        error = problems.get("reference", "")
        return (Field("reference", gettext("Reference"), given["reference"], hint=hint, error=error),)

    def problems(self, work: Work, given: Typed) -> dict[str, str]:
        del work
        found: dict[str, str] = {}
        if self.verdict is Verdict.SENT:
            typed_in.problem(found, "reference", lambda: typed_in.line(given["reference"]))
        return found

    def second(self, work: Work, given: Typed) -> Second | None:
        row, limit = _refund(work, self.refund_id), readings.current(work.session).four_eyes_above_cents
        together = refund_reads.of_ending(work.session, self.refund_id)
        if self.verdict is not Verdict.APPROVE or together <= limit:
            return None
        because = gettext("{amount} is more than {limit}.", amount=format_money(together), limit=format_money(limit))
        return Second(Action.REFUND, ("refund", str(self.refund_id)), args(given), because, row.client_id)

    def effects(self, work: Work, given: Typed) -> tuple[Effect, ...]:
        self._act(work, given["reference"] or f"rehearsal {work.new_id()}", REHEARSED)
        work.session.flush()  # the state after it is read
        row = _refund(work, self.refund_id)
        state = money_words.refund(row.status)
        heading = gettext("The refund becomes: {state}", state=state.words)
        told = (money_effects.mailed(gettext("The refund and its amount.")),) if self.verdict is Verdict.SENT else ()
        small = gettext("No money moves by itself: a person makes the transfer at the bank.")
        return (Effect(state.glyph, state.tone, heading, small, heading), *told)

    def carry_out(self, work: Work, given: Typed) -> str:
        self._act(work, given["reference"], given.why)
        return page_of(REFUND, self.refund_id)

    def _act(self, work: Work, reference: str, reason: str) -> None:
        try:
            if self.verdict is Verdict.SENT:
                refunds.sent(work, self.refund_id, reference, reason)
            else:
                _ACTS[self.verdict](work, self.refund_id, reason)
        except KonectusError as refusal:
            raise Slip(gettext("It was refused: {code}", code=refusal.code)) from None


def _refund(work: Work, refund_id: UUID) -> read.GivenBack:
    found = read.refund(work.session, refund_id)
    if found is None:
        raise NotFound
    return found
