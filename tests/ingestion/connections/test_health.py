"""Tokens and subscriptions looked after ahead of time, against the simulator."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from ingestion import health
from ingestion.channels.port.adapter import Standing
from ingestion.health import Finding
from konectus.domain.channels import Channel
from konectus.services import connectors, grants
from konectus.services.grants import Token
from konectus.store.roles import Role
from tests.support.connections import Bench, requests_of
from tests.support.providers import FakeChannels, meta_error


def secret(bench: Bench, connector_id: UUID) -> str:
    with bench.installation.database.session(Role.WORKER) as session:
        sealed = session.connection().exec_driver_sql(
            f"select secret_sealed from tenant.connector where id = '{connector_id}'"
        )
        value = sealed.scalar_one()
    keys = bench.installation.keys.of(bench.desk.client_id)
    return keys.read(value, "connector", "secret_sealed", connector_id)


def unsubscribe(bench: Bench, page: Any) -> None:
    """Meta took our app off the Page and told nobody."""
    headers = {"Authorization": f"Bearer {page['token']}"}
    httpx.delete(f"{bench.simulator.address}/graph/v26.0/{page['id']}/subscribed_apps", headers=headers)


def after(bench: Bench, **time: float) -> None:
    bench.desk.wait(**time)


@pytest.mark.parametrize(
    ("standing", "finding"),
    [
        (Standing(subscribed=True), Finding.WELL),
        (Standing(subscribed=True, url="https://us"), Finding.WELL),
        (Standing(subscribed=False), Finding.MISSING),
        (Standing(subscribed=True, url="https://they"), Finding.ELSEWHERE),
    ],
)
def test_answer_of_the_channel_is_judged(standing: Standing, finding: Finding) -> None:
    assert health.judge(standing, "https://us") is finding


def test_deliveries_that_wait_are_told_in_one_line_and_old_trouble_is_not() -> None:
    waiting = Standing(subscribed=True, url="u", pending=3, last_error="Wrong response\nfrom the webhook: 503")
    assert health.trouble(waiting) == "deliveries_wait: 3, Wrong response from the webhook: 503"
    assert health.trouble(Standing(subscribed=True, url="u", pending=0, last_error="long ago")) is None


def test_each_live_connector_is_checked_every_hour_and_once(bench: Bench) -> None:
    connector = bench.connect(Channel.MESSENGER, bench.page())
    assert health.check_connectors(bench.installation) == 0
    after(bench, hours=1)
    assert health.check_connectors(bench.installation) == 1
    assert health.check_connectors(bench.installation) == 0
    after(bench, minutes=41)
    bench.turn()
    assert bench.asked(connector) == ["connect done", "check done"]
    assert bench.of(connector, "checked_at") == bench.installation.clock.now()
    assert bench.of(connector, "check_failure") is None


def test_connector_that_meta_unsubscribed_is_silent_subscribed_again_and_its_gap_is_read(bench: Bench) -> None:
    page = bench.page()
    connector = bench.connect(Channel.MESSENGER, page)
    unsubscribe(bench, page)
    bench.check(connector)
    assert bench.simulator.account("messenger", page["id"])["connected"] is True
    assert ("degraded", "silent") in bench.history(connector)
    assert bench.state(connector) == ("connected", None)
    assert "reconcile queued" in bench.asked(connector)
    assert bench.of(connector, "check_failure") == "unsubscribed"


def test_connector_that_cannot_be_subscribed_again_stays_silent(bench: Bench, channels: FakeChannels) -> None:
    connector = bench.connect(Channel.MESSENGER, page := bench.page())
    refusing = Bench(bench.desk, bench.simulator, requests_of(bench.installation, channels.http))

    def answer(call: httpx.Request) -> httpx.Response:
        if call.url.path.endswith("/subscribed_apps"):
            return httpx.Response(200, json={"data": []}) if call.method == "GET" else meta_error(2, status=500)
        return httpx.Response(200, json={"id": page["id"], "name": "Taller"})

    channels.always = answer
    refusing.check(connector)
    for _ in range(3):
        after(bench, seconds=40)
        refusing.turn()
    assert bench.state(connector) == ("degraded", "silent")
    assert str(bench.of(connector, "check_failure")).startswith("channel_unreachable: ")


def test_bot_whose_events_go_elsewhere_is_a_conflict_and_is_not_taken_back_unasked(bench: Bench) -> None:
    bot = bench.bot()
    connector = bench.connect(Channel.TELEGRAM, bot)
    theirs = "http://127.0.0.1:7/otro"
    httpx.post(f"{bench.simulator.address}/telegram/bot{bot['token']}/setWebhook", json={"url": theirs})
    bench.check(connector)
    assert bench.state(connector) == ("degraded", "silent")
    assert bench.answers(connector)[-1] == "taken_elsewhere: the bot's events go to another address"
    assert bench.simulator.account("telegram", bot["id"])["webhook"]["url"] == theirs
    after(bench, seconds=1)
    with bench.installation.works.system() as work:
        grants.again(work, bench.desk.client_id, connector)
    bench.turn()
    assert bench.state(connector) == ("connected", None)
    assert str(connector) in bench.simulator.account("telegram", bot["id"])["webhook"]["url"]


def test_instagram_token_is_prolonged_with_thirty_days_left_and_not_before(bench: Bench) -> None:
    end = bench.installation.clock.now() + timedelta(days=60)
    connector = bench.connect(Channel.INSTAGRAM, bench.instagram(), "login", expires_at=end)
    after(bench, days=29)
    assert health.look_after_tokens(bench.installation) == 0
    after(bench, days=2)
    assert health.look_after_tokens(bench.installation) == 1
    after(bench, minutes=41)
    bench.turn()
    assert bench.asked(connector)[-1] == "refresh done"
    left = bench.of(connector, "token_expires_at") - bench.installation.clock.now()
    assert 59 < left.total_seconds() / 86400 <= 60
    assert health.look_after_tokens(bench.installation) == 0


def test_token_given_by_hand_today_is_not_prolonged_before_it_is_a_day_old(bench: Bench) -> None:
    bench.connect(Channel.INSTAGRAM, bench.instagram(), "login")
    assert health.look_after_tokens(bench.installation) == 0
    after(bench, hours=25)
    assert health.look_after_tokens(bench.installation) == 1


def test_page_token_is_asked_about_each_day_and_a_dead_one_is_found(bench: Bench) -> None:
    page = bench.page()
    connector = bench.connect(Channel.MESSENGER, page)
    after(bench, seconds=1)
    assert health.look_after_tokens(bench.installation) == 1
    after(bench, minutes=41)
    bench.turn()
    assert (bench.state(connector), bench.asked(connector)[-1]) == (("connected", None), "refresh done")
    assert bench.of(connector, "token_expires_at") is not None  # 90 days of access to data
    assert health.look_after_tokens(bench.installation) == 0
    bench.simulator.post("tokens/expire", channel="messenger", account=page["id"])
    after(bench, hours=24)
    assert health.look_after_tokens(bench.installation) == 1
    after(bench, minutes=41)
    bench.turn()
    assert bench.state(connector) == ("degraded", "needs_reauth")
    assert str(bench.answers(connector)[-1]).startswith("wrong_token: ")


def test_new_token_is_tried_while_the_connector_goes_on_receiving(bench: Bench) -> None:
    page = bench.page()
    connector = bench.connect(Channel.MESSENGER, page)
    bench.simulator.post("tokens/expire", channel="messenger", account=page["id"])
    bench.check(connector)
    assert bench.state(connector) == ("degraded", "needs_reauth")
    for token, state in (("EAAwrong", ("degraded", "needs_reauth")), ("EAAfresh", ("connected", None))):
        bench.simulator.post("pages", name="Taller Lumbre", app="demo", id=page["id"], token="EAAfresh")
        after(bench, seconds=1)
        with bench.installation.works.system() as work:
            grants.renew(work, bench.desk.client_id, connector, Token(secret=token))
        assert bench.desk.sql("select live from platform.live_account where connector_id = :id", id=connector) is True
        bench.turn()
        assert bench.state(connector) == state
    assert secret(bench, connector) == "EAAfresh"
    assert bench.desk.sql("select count(*) from platform.connector_request where secret_sealed is not null") == 0


def test_wrong_token_that_was_only_tried_leaves_a_healthy_connector_alone(bench: Bench) -> None:
    connector = bench.connect(Channel.MESSENGER, bench.page())
    after(bench, seconds=1)
    with bench.installation.works.system() as work:
        grants.renew(work, bench.desk.client_id, connector, Token(secret="EAAwrong"))
    bench.turn()
    assert bench.state(connector) == ("connected", None)
    assert str(bench.answers(connector)[-1]).startswith("wrong_token: ")


def test_account_that_another_client_connects_is_said_to_be_connected_elsewhere(bench: Bench) -> None:
    page = bench.page()
    first = bench.connect(Channel.MESSENGER, page)
    after(bench, seconds=1)
    with bench.installation.works.system() as work:
        connectors.disconnect(work, bench.desk.client_id, first, connectors.SUSPENDED)
    bench.turn()
    other = Bench(type(bench.desk).of(bench.installation, bench.desk.make), bench.simulator, bench.requests)
    second = other.connect(Channel.MESSENGER, page)
    assert bench.state(first) == ("needs_reconfiguration", "reauthorized_elsewhere")
    assert bench.history(first)[-1] == ("needs_reconfiguration", "reauthorized_elsewhere")
    with pytest.raises(connectors.AccountTaken), bench.installation.works.system() as work:
        connectors.reconnect(work, bench.desk.client_id, first, page["token"])
    assert other.state(second) == ("connected", None)


def test_connector_that_heard_somebody_daily_and_then_nobody_is_asked_about_once_a_day(bench: Bench) -> None:
    connector = bench.connect(Channel.MESSENGER, bench.page())
    thread = bench.desk.conversation(connector)
    for _ in range(6):
        after(bench, days=1)
        bench.heard(thread)
    assert health.listen_for_silence(bench.installation) == 0
    after(bench, hours=25)
    assert health.listen_for_silence(bench.installation) == 1
    assert {"check queued", "reconcile queued"} <= set(bench.asked(connector))
    assert health.listen_for_silence(bench.installation) == 0


def test_connector_without_a_rhythm_may_be_quiet(bench: Bench) -> None:
    connector = bench.connect(Channel.MESSENGER, bench.page())
    thread = bench.desk.conversation(connector)
    for _ in range(3):
        after(bench, days=2)
        bench.heard(thread)
    after(bench, hours=25)
    assert health.listen_for_silence(bench.installation) == 0
