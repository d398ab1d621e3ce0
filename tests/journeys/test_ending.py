"""A contract to its end: cancelled, exported, approved by two persons, erased; what is owed is owed still."""

import pytest

from konectus.domain.approvals import NotYourRole, SamePerson
from konectus.domain.endings import DeletionState
from konectus.domain.roles import StaffRole
from konectus.services import invariants
from konectus.services.installation import Installation
from tests.backoffice.conftest import Web
from tests.journeys.scene import Scene, clock, installation, staff, web
from tests.konectus.services.owing import mexico
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.life import Life, Staff

__all__ = ["clock", "installation", "staff", "web"]
SWEEPS = ("close_windows", "terminate_effective", "deletion_requests", "deletion_execute", "export_purge")


@pytest.fixture
def scene(web: Web, installation: Installation, clock: ManualClock, staff: Staff) -> Scene:
    clock.set(mexico("2026-01-31T10:00"))
    client_id = Books(installation, clock).client()
    Factory(installation).connector(client_id)
    return Scene(web, Life(installation, clock, staff, client_id))


def test_cancelled_contract_is_exported_erased_by_two_persons_and_its_debt_remains(scene: Scene) -> None:
    life, owner = scene.life, scene.owner()
    assert scene.balances() == [116_000]

    # The owner ends it at once; half an hour later there is no inbox, only the way out.
    answer = owner.post("/account/cancel", data={"when": "now", "understood": "true"})
    assert answer.headers["location"] == "/account/cancel?note=cancelled"
    life.at(mexico("2026-01-31T23:30"), *SWEEPS)
    assert scene.access().terminated
    owner = scene.owner()
    assert owner.get("/inbox").status_code == 403
    scene.take_along(owner)
    life.at(mexico("2026-02-04T12:00"), *SWEEPS)

    # Thirty full days after 31 January: 3 March. The second before, nobody has asked for anything.
    life.at(mexico("2026-03-02T23:59:59"), *SWEEPS)
    assert life.deletion() is None
    life.at(mexico("2026-03-03T00:00"), *SWEEPS)
    deletion_id = life.deletion()
    assert deletion_id is not None

    # It was exported, so that the second person is legal; one person is never two (lifecycle.md 2, #9).
    asked = life.approve(deletion_id)
    with pytest.raises(NotYourRole):
        life.approve_again(asked, life.staff.one(StaffRole.BILLING))
    with pytest.raises((SamePerson, NotYourRole)):
        life.approve_again(asked, life.staff.admin)
    assert life.approve_again(asked) is DeletionState.APPROVED_2
    rested(scene)
    assert life.sql("select certified_at from ledger.deletion where id = :row", row=deletion_id) is not None
    assert scene.installation.keys.is_gone(life.client_id)
    assert life.sql("select count(*) from tenant.connector where client_id = :id") == 0
    assert life.sql("select count(*) from ledger.agent_session where client_id = :id and ended_at is null") == 0
    assert scene.balances() == [116_000]
    # Money that comes afterwards settles the debt and brings nothing back.
    scene.transfer(116_000)
    assert scene.balances() == []
    assert scene.access().deleting
    assert invariants.check(scene.installation) == 0


def rested(scene: Scene) -> None:
    """A day passes; nothing begins before it is whole, then it is carried out and looked over."""
    life = scene.life
    life.clock.advance(hours=23, minutes=59)
    life.jobs("deletion_execute")
    assert not scene.access().deleting
    for minutes in (1, 2):
        life.clock.advance(minutes=minutes)
        life.jobs("deletion_execute")
