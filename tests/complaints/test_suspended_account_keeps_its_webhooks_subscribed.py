"""Complaint of users elsewhere: a suspended account keeps its webhooks subscribed."""

from typing import Any

import pytest

from konectus.domain.channels import Channel
from konectus.domain.suspension import Cause
from konectus.services import suspensions
from tests.support.connections import Bench, bench, simulator, world
from tests.support.factories import STAFF

__all__ = ["bench", "simulator", "world"]


def account(bench: Bench, kind: str) -> tuple[Channel, Any, str]:
    if kind == "bot":
        return Channel.TELEGRAM, bench.bot(), "demo"
    if kind == "login":
        return Channel.INSTAGRAM, bench.instagram(), "login"
    return Channel.MESSENGER, bench.page(), "demo"


@pytest.mark.parametrize("kind", ["page", "login", "bot"])
def test_suspension_unsubscribes_at_the_channel_and_destroys_the_token(bench: Bench, kind: str) -> None:
    channel, told, app = account(bench, kind)
    connector = bench.connect(channel, told, app)
    assert bench.simulator.account(channel, told["id"])["connected"] is True
    bench.desk.wait(seconds=1)
    with bench.installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, bench.desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
    bench.turn()
    assert bench.simulator.account(channel, told["id"])["connected"] is False
    assert bench.state(connector) == ("needs_reconfiguration", "suspended")
    assert bench.of(connector, "secret_sealed") is None
    assert bench.desk.sql("select count(*) from platform.live_account where live") == 0
