"""Parts of a period by whole legal days, rounded half up to the cent. What follows from them: changes, refunds."""

from datetime import datetime, timedelta

from konectus.domain.deadlines import local_day, start_of
from konectus.domain.invoicing import Line, Period, round_half_up
from konectus.domain.money import LineKind
from konectus.domain.plans import Offer


def unused_days(period: Period, at: datetime) -> int:
    """Days of a period after the legal day of an instant, which counts as used (lifecycle.md 2, #15)."""
    left = (local_day(period.ends_at) - local_day(at)).days - 1
    return min(max(left, 0), period.days)


def prorate(amount_cents: int, unused: int, total: int) -> int:
    """The share of so many unused days of all days. Raises ValueError where the days or the amount cannot be."""
    if amount_cents < 0 or not 0 <= unused <= total or total < 1:
        raise ValueError(f"{unused} of {total} days of {amount_cents} cents")
    return round_half_up(amount_cents * unused, total)


def rest_of(period: Period, at: datetime) -> Period | None:
    """The days of a period after the one of `at`; None on its last day."""
    left = unused_days(period, at)
    if left == 0:
        return None
    return Period(max(start_of(local_day(at) + timedelta(days=1)), period.starts_at), period.ends_at)


def upgrade_lines(
    before: tuple[Offer, int], after: tuple[Offer, int], period: Period, at: datetime
) -> tuple[Line, ...]:
    """What an upgrade in the middle of a period costs, without tax: the rest of the old taken off, of the new added.

    The day of the change is paid at the old price. Empty where nothing is left to charge.
    """
    unused, days = unused_days(period, at), period.days
    lines = []
    for kind, sign, (offer, seats) in (
        (LineKind.PRORATION_CREDIT, -1, before),
        (LineKind.PRORATION_DEBIT, 1, after),
    ):
        share = prorate(offer.total(seats), unused, days)
        facts: dict[str, int | str] = {
            "plan": offer.name,
            "version": offer.version,
            "seats": seats,
            "days": unused,
            "total_days": days,
        }
        lines.append(Line(kind, 1, sign * share, facts))
    return tuple(lines) if sum(line.amount_cents for line in lines) > 0 else ()
