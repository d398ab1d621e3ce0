"""Seats of a Plan: who holds one and what fits. Active people and open invitations hold one each (Terms 5.2)."""

from konectus.errors import Conflict


class SeatsBelowUse(Conflict):
    """Fewer seats were asked for than people hold; somebody has to be deactivated first, by name."""

    code = "seats_below_use"


class LastOwner(Conflict):
    """A Client keeps one owner at least: somebody has to be able to pay, export and cancel."""

    code = "last_owner"


def require_room(seats: int, used: int) -> None:
    """Raises SeatsBelowUse, which says how many people are too many."""
    if used > seats:
        raise SeatsBelowUse(f"{used} people hold seats; deactivate {used - seats} of them first", over=used - seats)


def require_other_owner(others: int) -> None:
    """Raises LastOwner where no other is left; an owner who has not answered the invitation does not count."""
    if others < 1:
        raise LastOwner("name another owner first")
