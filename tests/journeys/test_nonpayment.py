"""Non-payment from the invoice to the way back: told, suspended on the right day, exported, paid, connected again."""

import io
import zipfile
from collections.abc import Iterator

import httpx
import pytest

from konectus.domain.channels import Channel
from konectus.domain.suspension import Cause
from konectus.services import invariants
from tests.backoffice.conftest import Web
from tests.journeys.scene import Scene, trusting
from tests.konectus.services.owing import mexico
from tests.support.clock import ManualClock
from tests.support.connections import Bench, bench, simulator, world
from tests.support.factories import Factory
from tests.support.life import Life, Staff

__all__ = ["bench", "simulator", "world"]
CONNECTORS = "/account/connectors"
SUSPEND = ("notify_due", "suspend_nonpayment", "lift_paid", "window_reminders")


@pytest.fixture
def scene(bench: Bench) -> Iterator[Scene]:
    """The Client of the bench, whose channels are the simulator's."""
    clock, make = bench.installation.clock, Factory(bench.installation)
    assert isinstance(clock, ManualClock)
    installation = trusting(bench.installation)
    web = Web(installation, make, clock)
    web.start()
    yield Scene(web, Life(installation, clock, Staff(make), bench.desk.client_id))
    web.stop()


def test_client_that_does_not_pay_is_suspended_on_its_day_takes_its_data_pays_and_comes_back(
    scene: Scene, bench: Bench
) -> None:
    bot = bench.bot()
    connector = bench.connect(Channel.TELEGRAM, bot)
    assert scene.owner().get("/inbox").status_code == 200

    at_work = suspended_on_its_day(scene)

    # Everybody is out, the channel is cut and its secret is gone; the owner signs in to a page that says what to do.
    assert at_work.get("/inbox").headers["location"].startswith("/login")
    bench.turn()
    assert bench.state(connector)[0] == "needs_reconfiguration"
    assert bench.of(connector, "secret_sealed") is None
    owner = scene.owner()
    assert owner.get("/inbox").status_code == 403
    assert owner.get("/account").status_code == 200
    assert owner.get("/account/invoices").status_code == 200
    with zipfile.ZipFile(io.BytesIO(scene.take_along(owner))) as archive:
        assert "index.html" in {name.rsplit("/", 1)[-1] for name in archive.namelist()}

    # A cent less than all is not enough; the last cent brings the service back, no channel with it.
    (owed,) = scene.balances()
    scene.life.clock.set(mexico("2026-11-23T10:00"))
    scene.transfer(owed - 1)
    assert scene.access().causes == (Cause.NONPAYMENT,)
    scene.transfer(1)
    assert scene.access().is_open
    owner = scene.owner()
    assert owner.get("/inbox").status_code == 200
    assert bench.state(connector)[0] == "needs_reconfiguration"
    assert scene.life.sql("select close_reason from ledger.export_window where client_id = :id") == "paid"

    answer = owner.post(f"{CONNECTORS}/telegram", data={"token": bot["token"]})
    assert answer.headers["location"] == f"{CONNECTORS}?note=connecting"
    bench.turn()
    assert bench.state(connector)[0] == "connected"
    assert invariants.check(scene.installation) == 0


def suspended_on_its_day(scene: Scene) -> httpx.Client:
    """Told on a Thursday at half past eleven at night: Friday and Saturday are the two days. Who was at work then."""
    scene.life.clock.set(mexico("2026-11-19T23:30"))
    scene.told()
    scene.life.at(mexico("2026-11-21T23:59:59"), *SUSPEND)
    scene.life.at(mexico("2026-11-22T09:29:59"), *SUSPEND)
    assert scene.access().is_open
    at_work = scene.owner()
    assert at_work.get("/inbox").status_code == 200
    scene.life.at(mexico("2026-11-22T09:30"), *SUSPEND)
    assert scene.access().causes == (Cause.NONPAYMENT,)
    return at_work
