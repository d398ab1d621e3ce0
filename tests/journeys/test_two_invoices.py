"""Two overdue invoices of which one is paid; misuse beside non-payment; a trial that ends: what each of them lifts."""

from datetime import timedelta

import pytest

from konectus.domain.suspension import Cause
from konectus.services import invariants
from konectus.services.installation import Installation
from konectus.store.models.clients import PlanVersion
from tests.backoffice.conftest import Web
from tests.journeys.scene import Scene, clock, installation, staff, web
from tests.konectus.services.owing import mexico
from tests.support.books import Books
from tests.support.clock import ManualClock
from tests.support.factories import Factory
from tests.support.life import Life, Staff

__all__ = ["clock", "installation", "staff", "web"]
JOBS = ("renew", "apply_changes", "suspend_trials", "suspend_nonpayment", "lift_paid")
FIRST, SECOND = 116_000, 58_000


class Stage:
    """Begins scenes on 2 March 2026 at nine in the morning in Mexico City."""

    def __init__(self, web: Web, staff: Staff) -> None:
        assert isinstance(web.installation.clock, ManualClock)
        self.web, self.staff, self.clock = web, staff, web.installation.clock
        self.books = Books(web.installation, self.clock)

    def scene(self, version: PlanVersion | None = None, trial: timedelta | None = None) -> Scene:
        self.clock.set(mexico("2026-03-02T09:00"))
        client_id = self.books.client(version, trial=trial)
        Factory(self.web.installation).connector(client_id)
        return Scene(self.web, Life(self.web.installation, self.clock, self.staff, client_id))


@pytest.fixture(scope="module")
def stage(web: Web, staff: Staff, installation: Installation) -> Stage:
    return Stage(web, staff)


def suspended(scene: Scene, *more: int) -> None:
    for cents in more:
        scene.life.clock.advance(hours=1)
        scene.life.bill(cents)
    scene.told()
    scene.life.at(mexico("2026-03-05T09:30"), *JOBS)
    assert scene.access().causes == (Cause.NONPAYMENT,)


def test_of_two_overdue_invoices_the_older_is_paid_and_only_the_second_payment_lifts(stage: Stage) -> None:
    scene = stage.scene()
    suspended(scene, 50_000)
    assert scene.balances() == [FIRST, SECOND]

    scene.life.clock.advance(hours=1)
    scene.transfer(FIRST)
    scene.life.jobs(*JOBS)
    assert scene.balances() == [SECOND]
    assert scene.access().causes == (Cause.NONPAYMENT,)
    page = scene.owner().get("/account/invoices").text
    assert "$580.00" in page.replace("\xa0", " ")

    scene.transfer(SECOND)
    assert scene.access().is_open
    assert invariants.check(scene.installation) == 0


def test_payment_ends_non_payment_and_leaves_misuse_to_a_person(stage: Stage) -> None:
    scene = stage.scene()
    case = scene.life.suspend(Cause.AUP)
    assert windows(scene) == 0, "misuse starts no export window (Terms 15.3)"
    scene.told()
    scene.life.at(mexico("2026-03-05T09:30"), *JOBS)
    assert set(scene.access().causes) == {Cause.AUP, Cause.NONPAYMENT}
    assert windows(scene) == 1
    assert live_connectors(scene) == 0

    scene.life.clock.advance(hours=1)
    scene.transfer(FIRST)
    scene.life.jobs(*JOBS)
    assert scene.access().causes == (Cause.AUP,)
    assert windows(scene) == 0
    owner = scene.owner()
    assert owner.get("/inbox").status_code == 403
    assert owner.get("/account").status_code == 200

    scene.life.lift(case, Cause.AUP)
    assert scene.access().is_open
    assert owner.get("/inbox").status_code == 200
    assert live_connectors(scene) == 0, "a channel comes back by its owner alone (Terms 2)"
    assert invariants.check(scene.installation) == 0


def test_every_cause_shuts_the_inbox_and_says_so(stage: Stage) -> None:
    for cause in (Cause.AUP, Cause.SECURITY, Cause.LEGAL_ORDER):
        scene = stage.scene()
        owner = scene.owner()
        assert owner.get("/inbox").status_code == 200
        suspension_id = scene.life.suspend(cause)
        access = scene.access()
        assert access.inbox, cause
        assert access.send, cause
        assert access.ingest, cause
        assert live_connectors(scene) == 0
        assert owner.get("/inbox").headers["location"].startswith("/login")
        scene.life.lift(suspension_id, cause)
        assert scene.access().is_open


def test_trial_ends_to_the_second_money_alone_lifts_nothing_and_a_plan_does(stage: Stage) -> None:
    version = stage.books.plan()
    scene = stage.scene(version, timedelta(days=14))
    ends = mexico("2026-03-16T09:00")
    scene.life.at(ends - timedelta(seconds=1), *JOBS)
    assert scene.access().is_open
    scene.life.at(ends, *JOBS)
    assert scene.access().causes == (Cause.TRIAL_EXPIRED,)
    assert scene.balances() == []
    assert scene.owner().get("/inbox").status_code == 403

    scene.life.clock.advance(days=2)
    scene.transfer(10_000)
    scene.life.jobs(*JOBS)
    assert scene.access().causes == (Cause.TRIAL_EXPIRED,)

    owner = scene.owner()
    answer = owner.post("/account/plan/change", data={"plan": str(version.id)})
    assert answer.headers["location"] == "/account/plan?note=asked"
    scene.life.jobs(*JOBS)
    assert scene.access().is_open
    assert owner.get("/inbox").status_code == 200
    # What was paid before pays the first part of the first invoice.
    assert scene.balances() == [FIRST - 10_000]
    assert invariants.check(scene.installation) == 0


def windows(scene: Scene) -> int:
    found: int = scene.life.sql("select count(*) from ledger.export_window where client_id = :id and closed_at is null")
    return found


def live_connectors(scene: Scene) -> int:
    found: int = scene.life.sql(
        "select count(*) from tenant.connector where client_id = :id and state in ('connected', 'degraded')"
    )
    return found
