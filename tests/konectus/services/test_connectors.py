"""Connecting, disconnecting and reconfiguring Connectors: who holds an account, what is asked of the sender."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from konectus.domain.channels import Channel
from konectus.domain.connectors import ConnectorState, Reason, WrongStep
from konectus.domain.suspension import Cause, ClientSuspended
from konectus.errors import Invalid, NotFound
from konectus.sealing import token_hash
from konectus.services import connectors, suspensions
from konectus.services.connectors import AccountTaken, Ending, NewConnector, NoSuchConnector
from konectus.services.installation import Installation
from konectus.services.work import Actor, Work
from konectus.store.models.connectors import Account, Connector, ConnectorChange, ConnectorRequest
from tests.support.clock import ManualClock
from tests.support.database import Sessions
from tests.support.factories import Factory

S = ConnectorState
PAGE = NewConnector(
    channel=Channel.MESSENGER, account_id="4711", secret="EAAB-token", app="demo", name="Florería Lirio"
)
BOT = NewConnector(channel=Channel.TELEGRAM, account_id="777", secret="777:AAE")
REMOVE = Ending(Reason.REQUESTED, S.REMOVED, "Lo pidió la dueña por teléfono")


@pytest.fixture
def client_id(make: Factory) -> UUID:
    return make.client().id


@contextmanager
def later(installation: Installation) -> Iterator[Work]:
    """A unit of work a second after the last: rows of one millisecond have no order."""
    assert isinstance(installation.clock, ManualClock)
    installation.clock.advance(seconds=1)
    with installation.works.system() as work:
        yield work


def connect(installation: Installation, client_id: UUID, new: NewConnector = PAGE) -> UUID:
    with later(installation) as work:
        return connectors.connect(work, client_id, new)


def settle(installation: Installation, client_id: UUID, connector_id: UUID, *states: ConnectorState) -> None:
    for state in states:
        with later(installation) as work:
            connectors.settle(work, client_id, connector_id, state)


def rows(sessions: Sessions, *columns: Any, of: UUID) -> list[tuple[Any, ...]]:
    """Columns of one table's rows of a connector, oldest first."""
    model = columns[0].class_
    own = model.id if model is Connector else model.connector_id
    with sessions.worker() as session:
        return [tuple(row) for row in session.execute(select(*columns).where(own == of).order_by(model.id))]


def history(sessions: Sessions, connector_id: UUID) -> list[str]:
    return [to for (to,) in rows(sessions, ConnectorChange.to_state, of=connector_id)]


def test_connected_account_is_held_asked_for_and_remembered(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    connector_id = connect(installation, client_id)
    assert rows(sessions, Connector.state, Connector.generation, Connector.name, of=connector_id) == [
        (S.PENDING_AUTH, 1, "Florería Lirio")
    ]
    assert rows(sessions, Account.account_id, Account.state, Account.client_id, of=connector_id) == [
        ("4711", S.PENDING_AUTH, client_id)
    ]
    asked = rows(
        sessions, ConnectorRequest.kind, ConnectorRequest.state, ConnectorRequest.requested_by, of=connector_id
    )
    assert asked == [("connect", "queued", "system:konectus")]
    assert history(sessions, connector_id) == [S.PENDING_AUTH]
    ((sealed, none),) = rows(sessions, Connector.secret_sealed, Connector.webhook_secret_sealed, of=connector_id)
    assert none is None
    assert b"EAAB-token" not in sealed
    keys = installation.keys.of(client_id)
    assert keys.open_text(sealed, "connector", "secret_sealed", connector_id) == "EAAB-token"


def test_bot_gets_a_webhook_secret_of_ours_whose_hash_the_doors_know(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    bot = connect(installation, client_id, BOT)
    ((sealed,),) = rows(sessions, Connector.webhook_secret_sealed, of=bot)
    secret = installation.keys.of(client_id).open_text(sealed, "connector", "webhook_secret_sealed", bot)
    assert rows(sessions, Account.webhook_secret_hash, of=bot) == [(token_hash(secret),)]
    assert rows(sessions, Connector.name, of=bot) == [("777",)]


@pytest.mark.parametrize(
    ("account", "secret"), [("777", "778:AAE"), ("777", "777"), ("777", "777:"), ("777", " "), (" ", ":AAE")]
)
def test_token_of_another_bot_or_none_is_refused(
    installation: Installation, client_id: UUID, account: str, secret: str
) -> None:
    with pytest.raises(Invalid):
        connect(installation, client_id, NewConnector(channel=Channel.TELEGRAM, account_id=account, secret=secret))


def test_account_of_somebody_is_refused_by_name_to_everybody_even_to_a_tenant_who_cannot_see_it(
    installation: Installation, make: Factory, sessions: Sessions, client_id: UUID
) -> None:
    connect(installation, client_id)
    other = make.client().id
    owner = Actor("agent", str(make.user(other)), "Dueña")
    for works in (installation.works.tenant(other, owner), installation.works.system()):
        with pytest.raises(AccountTaken, match="messenger account 4711") as refused, works as work:
            connectors.connect(work, other, PAGE)
        assert refused.value.facts == {"channel": Channel.MESSENGER, "account_id": "4711"}
    assert connect(installation, other, NewConnector(channel=Channel.INSTAGRAM, account_id="4711", secret="IG-token"))
    with sessions.worker() as session:
        assert session.scalar(text("select count(*) from tenant.connector")) == 2


def test_of_two_clients_who_connect_one_account_at_once_one_has_it(installation: Installation, make: Factory) -> None:
    owners = [(client.id, make.user(client.id)) for client in (make.client(), make.client())]
    start = Barrier(2)

    def attempt(who: tuple[UUID, UUID]) -> str:
        start.wait()
        try:
            with installation.works.tenant(who[0], Actor("agent", str(who[1]), "Dueña")) as work:
                connectors.connect(work, who[0], PAGE)
        except AccountTaken as refused:
            return refused.code
        return "connected"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(attempt, owners)) == ["account_taken", "connected"]


def test_suspended_or_unknown_client_connects_nothing(installation: Installation, client_id: UUID) -> None:
    with installation.works.system() as work:
        suspensions.open_cause(work, client_id, Cause.AUP, "Envío masivo a listas compradas")
    with pytest.raises(ClientSuspended):
        connect(installation, client_id)
    with pytest.raises(NotFound):
        connect(installation, UUID(int=7))


def test_connector_made_while_its_client_is_suspended_waits_and_is_refused(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    """It used to slip in between the list of what to disconnect and the commit, and stayed connected."""
    with ThreadPoolExecutor(1) as thread, installation.works.system() as work:
        suspensions.open_cause(work, client_id, Cause.AUP, "Envío masivo a listas compradas")
        connecting = thread.submit(connect, installation, client_id)
        with pytest.raises(TimeoutError):
            connecting.result(timeout=0.5)
        work.session.commit()
        with pytest.raises(ClientSuspended):
            connecting.result(timeout=10)


def test_disconnected_connector_loses_its_secrets_and_its_account_is_free(
    installation: Installation, make: Factory, sessions: Sessions, client_id: UUID
) -> None:
    bot = connect(installation, client_id, BOT)
    settle(installation, client_id, bot, S.CONNECTED)
    with later(installation) as work:
        connectors.disconnect(work, client_id, bot, connectors.SUSPENDED)
    requests = (ConnectorRequest.kind, ConnectorRequest.target_state, ConnectorRequest.reason)
    assert rows(sessions, *requests, of=bot)[-1] == ("disconnect", S.NEEDS_RECONFIGURATION, Reason.SUSPENDED)
    other = make.client().id
    with pytest.raises(AccountTaken):
        connect(installation, other, BOT)
    settle(installation, client_id, bot, S.NEEDS_RECONFIGURATION)
    assert history(sessions, bot) == [S.PENDING_AUTH, S.CONNECTED, S.DISCONNECTING, S.NEEDS_RECONFIGURATION]
    secrets = rows(sessions, Connector.secret_sealed, Connector.webhook_secret_sealed, of=bot)
    assert secrets == [(None, None)]
    assert connect(installation, other, BOT)
    with pytest.raises(AccountTaken), later(installation) as work:
        connectors.reconnect(work, client_id, bot, "777:AAF")


def test_reconfigured_connector_keeps_its_id_and_begins_a_generation(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    bot = connect(installation, client_id, BOT)
    ((before,),) = rows(sessions, Account.webhook_secret_hash, of=bot)
    with pytest.raises(WrongStep), later(installation) as work:
        connectors.reconnect(work, client_id, bot, "777:AAF")
    settle(installation, client_id, bot, S.NEEDS_RECONFIGURATION)
    ((kept,),) = rows(sessions, Account.webhook_secret_hash, of=bot)
    assert kept == before, "late updates are still recognised"
    with pytest.raises(Invalid), later(installation) as work:
        connectors.reconnect(work, client_id, bot, "778:AAF")
    with later(installation) as work:
        connectors.reconnect(work, client_id, bot, "777:AAF")
    ((state, generation, sealed),) = rows(
        sessions, Connector.state, Connector.generation, Connector.secret_sealed, of=bot
    )
    assert (state, generation) == (S.PENDING_AUTH, 2)
    assert installation.keys.of(client_id).open_text(sealed, "connector", "secret_sealed", bot) == "777:AAF"
    ((after,),) = rows(sessions, Account.webhook_secret_hash, of=bot)
    assert after != before
    assert [kind for (kind,) in rows(sessions, ConnectorRequest.kind, of=bot)] == ["connect", "connect"]


def test_removed_connector_frees_its_account_at_once_or_by_way_of_the_channel(
    installation: Installation, make: Factory, sessions: Sessions, client_id: UUID
) -> None:
    page, other = connect(installation, client_id), make.client().id
    settle(installation, client_id, page, S.CONNECTED)
    with later(installation) as work:
        connectors.disconnect(work, client_id, page, REMOVE)
    settle(installation, client_id, page, S.REMOVED)
    again = connect(installation, other)
    settle(installation, other, again, S.NEEDS_RECONFIGURATION)
    with later(installation) as work:
        connectors.disconnect(work, other, again, REMOVE)
    assert history(sessions, again)[-1] == S.REMOVED
    assert len(rows(sessions, ConnectorRequest.id, of=again)) == 1, "there is nothing to tell the channel"
    assert connect(installation, client_id)
    with pytest.raises(WrongStep), later(installation) as work:
        connectors.disconnect(work, other, again, REMOVE)


def test_steps_that_do_not_follow_are_refused_and_repeated_ones_change_nothing(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    page = connect(installation, client_id)
    with pytest.raises(WrongStep), installation.works.system() as work:
        connectors.check(work, client_id, page)
    with pytest.raises(WrongStep):
        settle(installation, client_id, page, S.DEGRADED)
    settle(installation, client_id, page, S.CONNECTED, S.CONNECTED)
    assert history(sessions, page) == [S.PENDING_AUTH, S.CONNECTED]
    for reason in (Reason.SILENT, Reason.RESTRICTED):
        with later(installation) as work:
            connectors.settle(work, client_id, page, S.DEGRADED, reason)
    assert rows(sessions, ConnectorChange.reason, of=page)[-2:] == [(Reason.SILENT,), (Reason.RESTRICTED,)]
    with later(installation) as work:
        request_id = connectors.check(work, client_id, page)
    assert rows(sessions, ConnectorRequest.id, ConnectorRequest.kind, of=page)[-1] == (request_id, "check")


def test_connector_of_another_client_is_not_there(installation: Installation, make: Factory, client_id: UUID) -> None:
    page, other = connect(installation, client_id), make.client().id
    stranger = Actor("agent", str(make.user(other)), "Ajena")
    for works in (installation.works.tenant(other, stranger), installation.works.system()):
        with pytest.raises(NoSuchConnector), works as work:
            connectors.disconnect(work, other, page, REMOVE)
    acts = (
        connectors.check,
        partial(connectors.settle, state=S.CONNECTED),
        partial(connectors.reconnect, secret="x"),
    )
    for act in acts:
        with pytest.raises(NoSuchConnector), installation.works.tenant(other, stranger) as work:
            act(work, other, page)


def test_audit_names_account_and_states_and_never_a_token(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    bot = connect(installation, client_id, BOT)
    settle(installation, client_id, bot, S.CONNECTED)
    with later(installation) as work:
        connectors.disconnect(work, client_id, bot, REMOVE)
    with sessions.worker() as session:
        found = session.execute(
            text(
                "select action, reason, e::text from ledger.audit_entry e where subject_kind = 'connector' order by id"
            )
        ).all()
    assert [(row[0], row[1]) for row in found] == [
        ("connector.connecting", None),
        ("connector.settled", None),
        ("connector.disconnecting", "Lo pidió la dueña por teléfono"),
    ]
    assert "777" in found[0][2]
    assert "AAE" not in "".join(row[2] for row in found)
