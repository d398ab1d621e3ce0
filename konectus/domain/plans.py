"""Words of Plans and Subscriptions, and what a Plan costs with so many seats. Periods and invoices: invoicing."""

from dataclasses import dataclass
from enum import StrEnum

from konectus.domain.seats import require_room
from konectus.errors import Invalid


class Interval(StrEnum):
    MONTH = "month"
    YEAR = "year"


class SubscriptionStatus(StrEnum):
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    ENDED = "ended"


class SeatsNotOffered(Invalid):
    """The Plan has not so many seats, or fewer are asked for than it comes with."""

    code = "seats_not_offered"


@dataclass(frozen=True, slots=True)
class Offer:
    """A Plan as contracted (Terms 2): cents of MXN for a whole period, without tax."""

    code: str
    name: str
    version: int
    interval: Interval
    price_cents: int
    seats: int
    extra_seat_cents: int | None

    def beyond(self, seats: int) -> int:
        """Seats beyond those that come with the Plan."""
        return max(seats - self.seats, 0)

    def total(self, seats: int) -> int:
        """Cents of a whole period with so many seats."""
        return self.price_cents + self.beyond(seats) * (self.extra_seat_cents or 0)

    def require_seats(self, seats: int, *, used: int) -> None:
        """Raises SeatsNotOffered, or SeatsBelowUse: somebody chooses who leaves, never the product (Terms 5.2)."""
        if seats < self.seats or (self.beyond(seats) and self.extra_seat_cents is None):
            raise SeatsNotOffered(f"this Plan comes with {self.seats} seats", seats=seats, included=self.seats)
        require_room(seats, used)
