"""Owners connect, check and disconnect channels in a browser; the sender talks to the channels in between."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from konectus.domain.channels import Channel
from konectus.domain.roles import UserRole
from konectus.domain.signed_requests import SignedRequest, grantor
from konectus.domain.suspension import Cause
from konectus.services import suspensions, withdrawals
from tests.backoffice.account.conftest import House
from tests.support.connections import APPS
from tests.support.factories import STAFF

HOME = "/account/connectors"
MESSENGER = {"channel": "messenger", "flavour": "page"}
LOGIN = {"channel": "instagram", "flavour": "instagram"}


def dialog_of(person: httpx.Client, form: dict[str, str]) -> str:
    """The address of the login dialog behind the button."""
    page = person.post(f"{HOME}/login", data=form)
    assert page.status_code == 200
    found = re.search(r'class="btn primary" rel="noreferrer" href="([^"]+)"', page.text)
    assert found
    return unescape(found[1])


def consented(person: httpx.Client, form: dict[str, str], **extra: str) -> str:
    """Log in at the channel and come back; the address of the page to pick from."""
    there = httpx.get(httpx.URL(dialog_of(person, form)).copy_merge_params(extra))
    assert there.status_code == 302, there.text
    back = urlsplit(there.headers["location"])
    answer = person.get(f"{back.path}?{back.query}")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def accounts(page: str) -> list[str]:
    return re.findall(r'name="account" value="([^"]+)"', page)


def test_owner_connects_a_page_by_facebook_login(house: House) -> None:
    page, owner = house.bench.page(), house.person()
    picking = consented(owner, MESSENGER)
    assert 'http-equiv="refresh"' in owner.get(picking).text
    house.bench.turn()
    shown = owner.get(picking)
    assert accounts(shown.text) == [f"messenger:{page['id']}"]
    assert page["token"] not in shown.text
    done = owner.post(picking, data={"account": f"messenger:{page['id']}"})
    assert (done.status_code, done.headers["location"]) == (303, f"{HOME}?note=connecting")
    house.bench.turn()
    assert house.bench.simulator.account("messenger", page["id"])["connected"] is True
    sql = house.bench.desk.sql
    assert sql("select state from tenant.connector") == "connected"
    assert sql("select granted_by_hash is not null from platform.account") is True
    listed = owner.get(HOME).text
    assert "Taller Lumbre" in listed
    assert "Conectado" in listed


def test_owner_connects_instagram_by_its_own_login_with_the_id_that_webhooks_use(house: House) -> None:
    account, owner = house.bench.instagram(), house.person()
    picking = consented(owner, LOGIN)
    house.bench.turn()
    [key] = accounts(owner.get(picking).text)
    assert key == f"instagram:{account['id']}"
    owner.post(picking, data={"account": key})
    house.bench.turn()
    row = house.bench.stored.rows("select * from tenant.connector")[0]
    assert (row.state, row.account_id, row.app) == ("connected", account["id"], "login")
    days = (row.token_expires_at - house.bench.installation.clock.now()).days
    assert days in {59, 60}


def test_instagram_on_a_page_is_connected_with_its_page(house: House) -> None:
    page, owner = house.bench.page(), house.person()
    picking = consented(owner, {"channel": "instagram", "flavour": "page"})
    house.bench.turn()
    owner.post(picking, data={"account": f"instagram:{page['instagram']['id']}"})
    house.bench.turn()
    row = house.bench.stored.rows("select * from tenant.connector")[0]
    assert (row.state, row.account_id, row.page_id) == ("connected", page["instagram"]["id"], page["id"])


def test_connector_whose_session_ended_is_connected_again_without_losing_its_place(house: House) -> None:
    bench, owner = house.bench, house.person()
    page = bench.page()
    connector = bench.connect(Channel.MESSENGER, page)
    bench.simulator.post("tokens/expire", channel="messenger", account=page["id"])
    bench.check(connector)
    assert "los mensajes siguen llegando" in owner.get(HOME).text
    bench.simulator.post("pages", name="Taller Lumbre", app="demo", id=page["id"], token="EAAfresh")
    picking = consented(owner, MESSENGER | {"connector": str(connector)})
    bench.turn()
    owner.post(picking, data={"account": f"messenger:{page['id']}"})
    bench.turn()
    assert bench.state(connector) == ("connected", None)
    assert bench.of(connector, "generation") == 1


def test_whoever_says_no_at_the_channel_reads_that_nothing_was_connected(house: House) -> None:
    house.bench.page()
    owner = house.person()
    picking = consented(owner, MESSENGER, deny="1")
    assert "No se conectó nada" in owner.get(picking).text
    house.bench.turn()
    assert house.bench.desk.sql("select count(*) from tenant.connector") == 0


def test_state_counts_once_and_for_the_session_that_asked(house: House) -> None:
    house.bench.page()
    owner, other = house.person(), house.person()
    address = dialog_of(owner, MESSENGER)
    state = parse_qs(urlsplit(address).query)["state"][0]
    spent = f"{HOME}?note=spent"
    callback = f"/connect/messenger/callback?state={state}&code=abc"
    assert other.get(callback).headers["location"] == spent
    assert owner.get(callback).headers["location"].startswith(f"{HOME}/logins/")
    assert owner.get(callback).headers["location"] == spent
    assert owner.get("/connect/messenger/callback?state=guess&code=abc").headers["location"] == spent
    house.bench.desk.wait(hours=2)
    late = parse_qs(urlsplit(dialog_of(owner, MESSENGER)).query)["state"][0]
    house.bench.desk.wait(hours=2)
    assert owner.get(f"/connect/messenger/callback?state={late}&code=a").headers["location"] == spent


@pytest.mark.parametrize("turned_first", [True, False])
def test_suspension_leaves_no_login_and_exchanges_no_code(house: House, *, turned_first: bool) -> None:
    house.bench.page()
    consented(house.person(), MESSENGER)
    if turned_first:
        house.bench.turn()
    sql = house.bench.desk.sql
    assert sql("select state from platform.consent") == ("offered" if turned_first else "answered")
    with house.bench.installation.works.staff(STAFF) as work:
        suspensions.suspend_by_hand(work, house.bench.desk.client_id, Cause.AUP, "Envío masivo a listas compradas")
    house.bench.turn()
    assert sql("select count(*) from platform.consent") == 0


def test_login_of_a_person_who_takes_consent_back_is_gone_with_its_tokens(house: House) -> None:
    house.bench.page()
    consented(house.person(), MESSENGER)
    house.bench.turn()
    installation, app = house.bench.installation, APPS["demo"]
    by = grantor(installation.keys.hashing(), app.id, "77")
    house.bench.desk.sql("update platform.consent set granted_by_hash = :by returning 1", by=by)
    with installation.works.system() as work:
        withdrawals.deauthorize(work, app, SignedRequest("77", None))
    assert house.bench.desk.sql("select count(*) from platform.consent") == 0


def test_code_that_the_channel_refuses_ends_in_words_and_leaves_nothing(house: House) -> None:
    owner = house.person()
    state = parse_qs(urlsplit(dialog_of(owner, MESSENGER)).query)["state"][0]
    picking = owner.get(f"/connect/messenger/callback?state={state}&code=forged").headers["location"]
    house.bench.turn()
    assert "no aceptó el inicio de sesión" in owner.get(picking).text
    assert house.bench.desk.sql("select code_sealed from platform.consent") is None
    house.bench.desk.wait(hours=1)
    house.bench.turn()
    assert house.bench.desk.sql("select count(*) from platform.consent") == 0


def test_owner_pastes_the_token_of_a_bot(house: House) -> None:
    bot, owner = house.bench.bot(), house.person()
    done = owner.post(f"{HOME}/telegram", data={"token": f" {bot['token']} "})
    assert done.headers["location"] == f"{HOME}?note=connecting"
    house.bench.turn()
    assert house.bench.desk.sql("select state from tenant.connector") == "connected"
    wrong = owner.post(f"{HOME}/telegram", data={"token": "hola"})
    assert wrong.headers["location"] == f"{HOME}?note=token"


def test_account_of_another_client_is_refused_by_name(house: House) -> None:
    bot, owner = house.bench.bot(), house.person()
    stranger = house.web.agent_of(house.bench.desk.make.client().id, role=UserRole.OWNER)
    owner.post(f"{HOME}/telegram", data={"token": bot["token"]})
    assert stranger.post(f"{HOME}/telegram", data={"token": bot["token"]}).headers["location"] == f"{HOME}?note=taken"


def test_owner_checks_and_disconnects_after_reading_what_happens(house: House) -> None:
    bench, owner = house.bench, house.person()
    page = bench.page()
    connector = bench.connect(Channel.MESSENGER, page)
    bench.desk.wait(seconds=1)
    assert owner.post(f"{HOME}/{connector}/check").headers["location"] == f"{HOME}?note=checking"
    bench.turn()
    assert bench.asked(connector)[-1] == "check done"
    asked = owner.get(f"{HOME}/{connector}/disconnect").text
    assert "Sus conversaciones se quedan" in asked
    assert bench.state(connector) == ("connected", None)
    bench.desk.wait(seconds=1)
    owner.post(f"{HOME}/{connector}/disconnect")
    bench.turn()
    assert bench.state(connector) == ("removed", "requested")
    assert bench.simulator.account("messenger", page["id"])["connected"] is False


@pytest.mark.parametrize("role", [UserRole.AGENT, UserRole.SUPERVISOR])
def test_who_is_no_owner_sees_the_connectors_and_changes_none(house: House, role: UserRole) -> None:
    connector = house.bench.connect(Channel.MESSENGER, house.bench.page())
    person = house.person(role)
    page = person.get(HOME)
    assert (page.status_code, "<form" in page.text.split("<main")[1]) == (200, False)
    for path, data in (
        ("login", MESSENGER),
        ("telegram", {"token": "7:AA"}),
        (f"{connector}/check", {}),
        (f"{connector}/again", {}),
        (f"{connector}/disconnect", {}),
    ):
        assert person.post(f"{HOME}/{path}", data=data).status_code == 403
    assert person.get("/connect/messenger/callback?state=a&code=b").status_code == 403
    assert house.bench.asked(connector) == ["connect done"]


def test_connector_of_another_client_is_not_there(house: House) -> None:
    connector = house.bench.connect(Channel.MESSENGER, house.bench.page())
    stranger = house.web.agent_of(house.bench.desk.make.client().id, role=UserRole.OWNER)
    for verb in ("check", "again", "disconnect"):
        assert stranger.post(f"{HOME}/{connector}/{verb}").status_code == 404
    assert stranger.get(f"{HOME}/{connector}/disconnect").status_code == 404
    assert str(connector) not in stranger.get(HOME).text


def test_silent_bot_can_be_taken_back_with_a_button(house: House) -> None:
    bench, owner, bot = house.bench, house.person(), house.bench.bot()
    connector = bench.connect(Channel.TELEGRAM, bot)
    hook = {"url": "http://127.0.0.1:7/otro"}
    httpx.post(f"{bench.simulator.address}/telegram/bot{bot['token']}/setWebhook", json=hook)
    bench.check(connector)
    assert "El canal no nos avisa" in owner.get(HOME).text
    bench.desk.wait(seconds=1)
    owner.post(f"{HOME}/{connector}/again")
    bench.turn()
    assert bench.state(connector) == ("connected", None)
