"""What open inboxes hear: ids, when the change is committed, and `reload` where there are too many to name."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text

from konectus.services.installation import Installation
from konectus.store import signals
from konectus.store.roles import Role
from tests.support.factories import Factory

CLIENT = UUID(int=1)


def heard(installation: Installation, *channels: str, act: object) -> list[tuple[str, str]]:
    """Channel and payload of what a listener hears while `act` runs."""

    async def listen() -> list[tuple[str, str]]:
        async with signals.listening(installation.database.conninfo(Role.APP), *channels) as conn:
            assert callable(act)
            await asyncio.to_thread(act)
            return [(notice.channel, notice.payload) async for notice in conn.notifies(timeout=0.3)]

    return asyncio.run(listen())


def tell(installation: Installation, ids: list[UUID]) -> None:
    with installation.database.session(Role.WORKER) as session:
        signals.notify_live(session, CLIENT, ids)


@pytest.mark.parametrize("number", [0, 1, 3, 200])
def test_listener_hears_client_and_conversations_and_nothing_else(installation: Installation, number: int) -> None:
    ids = [UUID(int=100 + n) for n in range(number)]
    ((channel, payload),) = heard(installation, signals.LIVE, act=lambda: tell(installation, [*ids, *ids]))
    assert channel == signals.LIVE
    assert signals.read_live(payload) == (CLIENT, tuple(ids))


def test_more_conversations_than_one_notice_holds_are_told_in_several(installation: Installation) -> None:
    ids = [UUID(int=100 + n) for n in range(401)]
    told = [
        signals.read_live(payload)
        for _, payload in heard(installation, signals.LIVE, act=lambda: tell(installation, ids))
    ]
    assert [len(found) for _, found in told] == [200, 200, 1]
    assert [one for _, found in told for one in found] == ids


def test_nothing_is_heard_of_what_was_not_committed_or_is_for_another_channel(installation: Installation) -> None:
    def act() -> None:
        with installation.database.session(Role.WORKER) as session:
            signals.notify(session, signals.OUTBOX)
        with pytest.raises(RuntimeError), installation.database.session(Role.WORKER) as session:
            signals.notify_live(session, CLIENT, [CLIENT])
            raise RuntimeError("algo falla después")

    assert heard(installation, signals.LIVE, act=act) == []


def test_database_itself_tells_of_accounts_and_of_access(installation: Installation, make: Factory) -> None:
    client_id = make.client().id

    def suspend() -> None:
        with installation.database.session(Role.WORKER) as session:
            session.execute(
                text(
                    "insert into ledger.suspension (id, client_id, cause, subject_ref, clause, opened_at, opened_by,"
                    " reason) values (:id, :id, 'aup', '-', '15.1(b)', :now, 'staff:x', 'Envío masivo a listas')"
                ),
                {"id": client_id, "now": installation.clock.now()},
            )

    told = heard(installation, signals.ACCESS, signals.ACCOUNTS, act=suspend)
    assert sorted(told) == [(signals.ACCESS, str(client_id)), (signals.ACCOUNTS, "")]
