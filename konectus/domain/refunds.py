"""What of a prepaid period is given back when a contract ends (Terms 16, 18; lifecycle.md 2, #15)."""

from dataclasses import dataclass
from datetime import datetime

from konectus.domain.invoicing import Period
from konectus.domain.money import RefundStatus
from konectus.domain.proration import prorate, unused_days
from konectus.errors import Conflict

# A refund that failed gave nothing back, one that was refused never will.
GIVEN = (RefundStatus.PROPOSED, RefundStatus.APPROVED, RefundStatus.SENT, RefundStatus.SETTLED)
NEXT = {
    RefundStatus.PROPOSED: (RefundStatus.APPROVED, RefundStatus.FAILED),
    RefundStatus.APPROVED: (RefundStatus.SENT, RefundStatus.FAILED),
    RefundStatus.SENT: (RefundStatus.SETTLED, RefundStatus.FAILED),
}


class RefundStep(Conflict):
    """This refund is not where that step begins."""

    code = "refund_step"


@dataclass(frozen=True, slots=True)
class Prepaid:
    """A period and what was really paid of it: settled allocations of payments less earlier refunds, in cents."""

    period: Period
    paid_cents: int


@dataclass(frozen=True, slots=True)
class Quote:
    """`amount` = what was paid, times unused over all days, rounded half up."""

    days_total: int
    days_unused: int
    base_paid_cents: int
    amount_cents: int


def quote(prepaid: Prepaid, ended_at: datetime) -> Quote:
    """What is due back when the contract ends at that instant; its legal day counts as used."""
    total, unused = prepaid.period.days, unused_days(prepaid.period, ended_at)
    return Quote(total, unused, prepaid.paid_cents, prorate(prepaid.paid_cents, unused, total))


def require_step(now: RefundStatus, then: RefundStatus) -> None:
    """proposed, approved, sent, settled; failed from each of the first three. Raises RefundStep."""
    if then not in NEXT.get(now, ()):
        raise RefundStep(f"a refund that is {now} does not become {then}", status=now)
