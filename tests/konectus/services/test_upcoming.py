"""Who is suspended next: those whose time runs out first, however many there are, in few statements."""

from datetime import datetime

from konectus.services import suspending
from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.konectus.services.owing import Owing, clock, installation, make, mexico
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.queries import statements

__all__ = ["clock", "installation", "make"]


def told(installation: Installation, clock: ManualClock, make: Factory, at: datetime) -> Owing:
    clock.set(mexico("2026-03-02T09:00"))
    found = Owing(installation, clock, make.client().id)
    found.told(at)
    return found


def test_the_earliest_are_shown_whatever_the_order_of_the_clients(
    installation: Installation, clock: ManualClock, make: Factory
) -> None:
    late = told(installation, clock, make, mexico("2026-03-04T09:00"))
    early = told(installation, clock, make, mexico("2026-03-02T09:30"))
    middle = told(installation, clock, make, mexico("2026-03-03T09:00"))
    clock.set(mexico("2026-03-04T12:00"))
    until = mexico("2026-03-09T00:00")
    with installation.database.session(Role.STAFF) as session:
        shown = [one.client_id for one in suspending.upcoming(session, clock.now(), until, most=2)]
        every = [one.client_id for one in suspending.upcoming(session, clock.now(), until)]
    assert shown == [early.client_id, middle.client_id]
    assert every[:3] == [early.client_id, middle.client_id, late.client_id]


def test_more_clients_need_no_more_statements(installation: Installation, clock: ManualClock, make: Factory) -> None:
    for _ in range(3):
        told(installation, clock, make, mexico("2026-03-05T10:00"))
    until = mexico("2026-03-09T00:00")
    numbers = []
    for most in (1, 4):
        with installation.database.session(Role.STAFF) as session, statements() as seen:
            suspending.upcoming(session, clock.now(), until, most=most)
        numbers.append(len(seen))
    assert numbers[0] == numbers[1]
