"""What pages and commands ask of a channel, against the simulator: connecting, checking, disconnecting."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason
from konectus.domain.suspension import Cause
from konectus.services import connectors, suspensions
from konectus.services.connectors import AccountTaken, Ending, NewConnector
from tests.ingestion.sender.conftest import Stepped
from tests.support.desk import Desk
from tests.support.factories import STAFF
from tests.support.providers import FakeChannels, Simulator, meta_error

LEAVING = Ending(Reason.REQUESTED, ConnectorState.REMOVED, "Ya no lo usamos")


def page(simulator: Simulator) -> Any:
    return simulator.post("pages", name="Taller Lumbre", app="demo", instagram={"username": "tallerlumbre"})


def bot(simulator: Simulator) -> Any:
    return simulator.post("bots", username="taller_lumbre_bot", name="Taller Lumbre")


def connect(desk: Desk, channel: Channel, account: Any, secret: str | None = None) -> UUID:
    app = None if channel is Channel.TELEGRAM else "demo"
    token = secret or account["token"]
    new = NewConnector(channel=channel, account_id=account["id"], secret=token, app=app)
    desk.wait(seconds=1)
    with desk.installation.works.system() as work:
        return connectors.connect(work, desk.client_id, new)


def disconnect(desk: Desk, connector_id: UUID, ending: Ending = LEAVING) -> None:
    desk.wait(seconds=1)
    with desk.installation.works.system() as work:
        connectors.disconnect(work, desk.client_id, connector_id, ending)


def check(desk: Desk, connector_id: UUID) -> None:
    desk.wait(seconds=1)
    with desk.installation.works.system() as work:
        connectors.check(work, desk.client_id, connector_id)


def state(desk: Desk, connector_id: UUID) -> tuple[object, object]:
    query = "select {} from tenant.connector where id = :id"
    return tuple(desk.sql(query.format(column), id=connector_id) for column in ("state", "reason"))  # type: ignore[return-value]  # two columns


def request(desk: Desk, connector_id: UUID) -> tuple[object, object]:
    """State and error of the last thing that was asked."""
    query = "select {} from platform.connector_request where connector_id = :id order by requested_at desc limit 1"
    return desk.sql(query.format("state"), id=connector_id), desk.sql(query.format("error"), id=connector_id)


def test_bot_is_connected_with_our_address_our_secret_and_its_own_name(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    connector = connect(desk, Channel.TELEGRAM, account)
    towards_simulator.request()
    assert (state(desk, connector), request(desk, connector)) == (("connected", None), ("done", None))
    webhook = simulator.account("telegram", account["id"])["webhook"]
    assert webhook["url"] == f"http://127.0.0.1:9/webhooks/telegram/{connector}"
    assert len(webhook["secret_token"]) >= 40
    assert desk.sql("select name from tenant.connector") == "Taller Lumbre"


def test_page_and_its_instagram_account_share_one_subscription(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = page(simulator)
    linked = account["instagram"] | {"token": account["token"]}
    messenger = connect(desk, Channel.MESSENGER, account)
    towards_simulator.request()
    instagram = connect(desk, Channel.INSTAGRAM, linked)
    towards_simulator.request()
    assert (state(desk, messenger), state(desk, instagram)) == (("connected", None),) * 2
    fields = simulator.account("messenger", account["id"])["subscribed"]["1001"]
    assert {"messages", "message_echoes", "message_reads", "message_edits"} <= set(fields)
    disconnect(desk, instagram)
    towards_simulator.request()
    assert simulator.account("messenger", account["id"])["subscribed"]
    disconnect(desk, messenger)
    towards_simulator.request()
    assert not simulator.account("messenger", account["id"])["subscribed"]
    assert (state(desk, messenger), state(desk, instagram)) == (("removed", "requested"),) * 2


def test_connector_receives_before_the_channel_is_told_to_send(
    desk: Desk, channels: FakeChannels, stepped: Stepped
) -> None:
    seen = []

    def look(call: Any) -> None:
        if call.url.path.endswith("/setWebhook"):
            seen.append(desk.sql("select live from platform.live_account"))

    channels.during = look
    channels.always = lambda call: answer_of_bot(call.url.path)
    connect(desk, Channel.TELEGRAM, {"id": "72", "token": "72:AA"})
    stepped.request()
    assert seen == [True]


def answer_of_bot(path: str) -> Any:
    told = {"id": 72, "is_bot": True, "first_name": "Lumbre"} if path.endswith("/getMe") else True
    return httpx.Response(200, json={"ok": True, "result": told})


def test_wrong_token_is_refused_in_words_and_frees_the_account(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    connector = connect(desk, Channel.TELEGRAM, account, f"{account['id']}:wrong")
    towards_simulator.request()
    assert state(desk, connector) == ("needs_reconfiguration", "needs_reauth")
    assert request(desk, connector)[0] == "failed"
    assert str(request(desk, connector)[1]).startswith("wrong_token: ")
    assert desk.sql("select secret_sealed from tenant.connector") is None
    again = connect(desk, Channel.TELEGRAM, account)
    towards_simulator.request()
    assert state(desk, again) == ("connected", None)


def test_token_of_another_page_is_refused(desk: Desk, simulator: Simulator, towards_simulator: Stepped) -> None:
    other = simulator.post("pages", name="Otra", app="demo", id="900")
    connector = connect(desk, Channel.MESSENGER, page(simulator), other["token"])
    towards_simulator.request()
    assert request(desk, connector) == ("failed", "wrong_account: the token is that of 900")
    assert state(desk, connector) == ("needs_reconfiguration", "needs_reauth")


def test_account_that_another_client_has_connected_is_refused(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    connect(desk, Channel.TELEGRAM, account)
    towards_simulator.request()
    with pytest.raises(AccountTaken):
        connect(Desk.of(desk.installation, desk.make), Channel.TELEGRAM, account)


def test_channel_that_does_not_answer_is_asked_again_and_then_given_up(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    simulator.post("faults", channel="telegram", account=account["id"], fault="server_error", times=2)
    connector = connect(desk, Channel.TELEGRAM, account)
    for _ in range(3):
        assert state(desk, connector) == ("pending_auth", None)
        towards_simulator.request()
        desk.wait(seconds=40)
    assert (state(desk, connector), request(desk, connector)) == (("connected", None), ("done", None))


def test_connector_whose_channel_stays_away_needs_to_be_set_up_again(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    simulator.post("faults", channel="telegram", account=account["id"], fault="server_error", times=None)
    connector = connect(desk, Channel.TELEGRAM, account)
    for _ in range(6):
        towards_simulator.request()
        desk.wait(seconds=40)
    assert state(desk, connector) == ("needs_reconfiguration", "provider_down")
    assert str(request(desk, connector)[1]).startswith("channel_unreachable: ")


def test_suspension_reaches_the_channel_and_erases_the_token(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account, linked = bot(simulator), page(simulator)
    telegram, messenger = connect(desk, Channel.TELEGRAM, account), connect(desk, Channel.MESSENGER, linked)
    towards_simulator.request()
    with desk.installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
    towards_simulator.request()
    assert simulator.account("telegram", account["id"])["webhook"] is None
    assert not simulator.account("messenger", linked["id"])["subscribed"]
    for connector in (telegram, messenger):
        assert state(desk, connector) == ("needs_reconfiguration", "suspended")
    assert desk.sql("select count(*) from tenant.connector where secret_sealed is not null") == 0


def test_disconnection_ends_here_even_when_the_channel_never_answers(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    connector = connect(desk, Channel.TELEGRAM, account)
    towards_simulator.request()
    simulator.post("faults", channel="telegram", account=account["id"], fault="server_error", times=None)
    disconnect(desk, connector)
    for _ in range(6):
        assert state(desk, connector)[0] == "disconnecting"
        towards_simulator.request()
        desk.wait(seconds=40)
    assert state(desk, connector) == ("removed", "requested")
    assert request(desk, connector)[0] == "failed"
    assert str(request(desk, connector)[1]).startswith("channel_unreachable: ")
    assert desk.sql("select secret_sealed from tenant.connector") is None


def test_suspension_before_the_connection_was_made_wins(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    connector = connect(desk, Channel.TELEGRAM, account)
    with desk.installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
    towards_simulator.request(3)
    assert state(desk, connector) == ("needs_reconfiguration", "suspended")
    assert simulator.account("telegram", account["id"])["webhook"] is None
    assert desk.sql("select count(*) from platform.connector_request where state in ('queued', 'running')") == 0


def test_check_finds_a_dead_token_and_mends_what_is_well_again(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = page(simulator)
    connector = connect(desk, Channel.MESSENGER, account)
    towards_simulator.request()
    simulator.post("faults", channel="messenger", account=account["id"], fault="expired_token", times=1)
    check(desk, connector)
    towards_simulator.request()
    assert state(desk, connector) == ("degraded", "needs_reauth")
    check(desk, connector)
    towards_simulator.request()
    assert (state(desk, connector), request(desk, connector)) == (("connected", None), ("done", None))


def test_check_subscribes_again_where_the_channel_has_dropped_us(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    connector = connect(desk, Channel.TELEGRAM, account)
    towards_simulator.request()
    httpx.post(f"{simulator.address}/telegram/bot{account['token']}/deleteWebhook")
    check(desk, connector)
    towards_simulator.request()
    assert str(connector) in simulator.account("telegram", account["id"])["webhook"]["url"]


def test_disconnection_leaves_a_bot_alone_that_is_used_elsewhere_by_now(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    account = bot(simulator)
    connector = connect(desk, Channel.TELEGRAM, account)
    towards_simulator.request()
    elsewhere = {"url": "http://127.0.0.1:7/otro"}
    httpx.post(f"{simulator.address}/telegram/bot{account['token']}/setWebhook", json=elsewhere)
    disconnect(desk, connector)
    towards_simulator.request()
    assert state(desk, connector)[0] == "removed"
    assert simulator.account("telegram", account["id"])["webhook"]["url"] == elsewhere["url"]


def test_request_of_a_dead_process_is_taken_up_when_its_lease_ends(
    desk: Desk, simulator: Simulator, towards_simulator: Stepped
) -> None:
    connector = connect(desk, Channel.TELEGRAM, bot(simulator))
    until = desk.installation.clock.now()
    desk.wait(seconds=-90)
    desk.sql("update platform.connector_request set state = 'running', attempts = 1, not_before = :until", until=until)
    towards_simulator.request()
    assert state(desk, connector)[0] == "pending_auth"
    desk.wait(seconds=90)
    towards_simulator.request()
    assert state(desk, connector)[0] == "connected"


def test_meta_app_that_is_not_configured_is_named(desk: Desk, stepped: Stepped) -> None:
    connector = connect(desk, Channel.MESSENGER, {"id": "1", "token": "t"})
    desk.sql("update tenant.connector set app = 'otra'")
    stepped.request()
    assert request(desk, connector) == ("failed", "no_such_app: KONECTUS_META_APPS names no app 'otra'")


def test_error_of_a_request_never_holds_the_token(desk: Desk, channels: FakeChannels, stepped: Stepped) -> None:
    channels.always = lambda _call: meta_error(190, 460)
    connector = connect(desk, Channel.MESSENGER, {"id": "1", "token": "EAAsecret"})
    stepped.request()
    assert request(desk, connector) == ("failed", "wrong_token: needs_reauth 190/460 Tr4ce")


def test_request_that_ended_every_process_is_given_up(desk: Desk, channels: FakeChannels, stepped: Stepped) -> None:
    connector = connect(desk, Channel.MESSENGER, {"id": "1", "token": "t"})
    desk.sql("update platform.connector_request set attempts = 5")
    stepped.request()
    assert channels.calls == []
    assert request(desk, connector) == ("failed", "channel_unreachable: interrupted")
