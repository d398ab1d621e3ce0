"""Complaint of users elsewhere: the token of a quiet Instagram account expires unnoticed."""

from datetime import datetime, timedelta

from ingestion import health
from konectus.domain.channels import Channel
from tests.support.connections import Bench, bench, simulator, world

__all__ = ["bench", "simulator", "world"]

DAYS = 130


def day_passes(bench: Bench) -> None:
    """As the scheduler runs it: tokens at five, and the sender's turn within the hour."""
    bench.desk.wait(days=1, minutes=-41)
    health.look_after_tokens(bench.installation)
    bench.desk.wait(minutes=41)
    bench.turn()


def test_quiet_account_is_still_connected_after_two_lives_of_its_token(bench: Bench) -> None:
    account, now = bench.instagram(), bench.installation.clock.now()
    bench.simulator.post("instagram-accounts", username="lumbre.mx", name="Lumbre", app="login", id=account["id"])
    connector = bench.connect(Channel.INSTAGRAM, account, "login", expires_at=now + timedelta(days=60))
    ends: list[datetime] = []
    for _ in range(DAYS):
        day_passes(bench)
        ends.append(bench.of(connector, "token_expires_at"))
        assert ends[-1] - bench.installation.clock.now() > timedelta(days=25)
    assert bench.state(connector) == ("connected", None)
    assert len(set(ends)) == 1 + DAYS // 30
    bench.check(connector)
    assert bench.answers(connector)[-1] is None


def test_token_that_dies_for_another_cause_is_noticed_within_the_day_though_nobody_writes(bench: Bench) -> None:
    account, now = bench.instagram(), bench.installation.clock.now()
    connector = bench.connect(Channel.INSTAGRAM, account, "login", expires_at=now + timedelta(days=29))
    bench.desk.wait(days=2)
    bench.simulator.post("tokens/expire", channel="instagram", account=account["id"])
    day_passes(bench)
    assert bench.state(connector) == ("degraded", "needs_reauth")
    assert str(bench.of(connector, "check_failure")).startswith("wrong_token: ")
