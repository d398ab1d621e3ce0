"""A unit of work: all or nothing, audited or not at all, and a rehearsal that leaves no trace."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from konectus.domain.suspension import Cause, ReasonTooShort
from konectus.services import suspensions
from konectus.services.installation import Installation
from konectus.services.work import Change, Unaudited, Work
from konectus.store import signals
from konectus.store.models.audit import AuditEntry
from konectus.store.models.clients import Client, Plan
from konectus.store.registry import ENTRIES
from konectus.store.roles import Role
from tests.support.database import Sessions
from tests.support.factories import STAFF, Factory

REASON = "Corrección que pidió la dueña"


@pytest.fixture
def client_id(make: Factory) -> UUID:
    return make.client(name="Antes").id


def trade_name(sessions: Sessions, client_id: UUID) -> str | None:
    with sessions.worker() as session:
        return session.scalar(select(Client.trade_name).where(Client.id == client_id))


def entries(sessions: Sessions) -> int:
    with sessions.worker() as session:
        return session.scalar(text("select count(*) from ledger.audit_entry")) or 0


def by_object(work: Work, client_id: UUID) -> None:
    found = work.session.get(Client, client_id)
    assert found is not None
    found.trade_name = "Después"


WRITES: dict[str, Callable[[Work, UUID], object]] = {
    "object": by_object,
    "core update": lambda work, _: work.session.execute(update(Client).values(trade_name="Después")),
    "core insert": lambda work, _: work.session.execute(insert(Plan).values(code="x", name="X", active=True)),
    "core delete": lambda work, _: work.session.execute(delete(Plan).where(Plan.code == "ninguno")),
    "text": lambda work, _: work.session.execute(text("UPDATE ledger.client SET trade_name = 'Después'")),
    "text with only": lambda work, _: work.session.execute(
        text('update only "ledger"."client" set trade_name = \'x\'')
    ),
    "in a with": lambda work, _: work.session.execute(
        text("with t as (update ledger.client set trade_name = 'Después' returning 1) select * from t")
    ),
    "past the session": lambda work, _: work.session.connection().exec_driver_sql(
        "insert into ledger.plan (code, name, active) values ('y', 'Y', true)"
    ),
    "in a savepoint": lambda work, _: (
        work.session.begin_nested() and work.session.execute(text("update ledger.client set trade_name = 'Después'"))
    ),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_way_of_writing_escapes_the_audit_trail(
    installation: Installation, sessions: Sessions, client_id: UUID, write: Callable[[Work, UUID], object]
) -> None:
    before = entries(sessions)
    with pytest.raises((Unaudited, DBAPIError)) as refused, installation.works.system() as work:
        write(work, client_id)
    if "permission denied" not in str(refused.value):
        assert refused.type is Unaudited
    assert trade_name(sessions, client_id) == "Antes"
    assert entries(sessions) == before


def test_entry_about_something_else_does_not_cover_a_change(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    with pytest.raises(Unaudited, match="client"), installation.works.system() as work:
        by_object(work, client_id)
        work.record("plan.added", ("plan", "x"), Change())
    with installation.works.system() as work:
        by_object(work, client_id)
        work.record("client.renamed", ("client", client_id), Change(client_id=client_id))
    assert trade_name(sessions, client_id) == "Después"


def test_reading_locking_and_unaudited_tables_need_no_entry(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    before = entries(sessions)
    with installation.works.system() as work:
        work.session.execute(select(Client).with_for_update())
        work.session.execute(text("select * from ledger.client c for update of c"))
        work.session.execute(text("update ledger.staff_session set ended_at = null where false"))
    assert entries(sessions) == before


def test_audited_tables_are_those_of_the_promise() -> None:
    """P25: client, plan, suspension, user, role, connector, key, export, erasure, setting."""
    audited = {entry.table.name for entry in ENTRIES if entry.audited}
    assert {"client", "plan", "plan_version", "subscription", "suspension"} <= audited
    assert {"authorized_user", "staff", "api_token", "connector"} <= audited


def test_unit_that_fails_leaves_neither_its_change_nor_its_entry(
    installation: Installation, sessions: Sessions, client_id: UUID
) -> None:
    before = entries(sessions)
    with pytest.raises(RuntimeError), installation.works.staff(STAFF) as work:
        by_object(work, client_id)
        work.record("client.renamed", ("client", client_id), Change(client_id=client_id, reason=REASON))
        work.session.flush()
        raise RuntimeError("algo falla después")
    assert trade_name(sessions, client_id) == "Antes"
    assert entries(sessions) == before


@pytest.mark.parametrize("reason", [None, "", "  nueve .  "])
def test_staff_without_a_reason_change_nothing(
    installation: Installation, sessions: Sessions, client_id: UUID, reason: str | None
) -> None:
    with pytest.raises(ReasonTooShort), installation.works.staff(STAFF) as work:
        by_object(work, client_id)
        work.record("client.renamed", ("client", client_id), Change(client_id=client_id, reason=reason))
    assert trade_name(sessions, client_id) == "Antes"


def test_entry_says_who_when_what_and_why(installation: Installation, sessions: Sessions, client_id: UUID) -> None:
    with installation.works.staff(STAFF) as work:
        by_object(work, client_id)
        change = Change(client_id, f"  {REASON} ", {"trade_name": "Antes"}, {"trade_name": "Después"})
        work.record("client.renamed", ("client", client_id), change)
    with sessions.staff() as session:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (found.actor_kind, found.actor_id, found.actor_name) == (STAFF.kind, STAFF.id, STAFF.name)
    assert (found.subject_kind, found.subject_id) == ("client", str(client_id))
    assert (found.reason, found.before, found.after) == (REASON, {"trade_name": "Antes"}, {"trade_name": "Después"})
    assert found.at == installation.clock.now()


def test_nobody_rewrites_the_audit_trail(installation: Installation, sessions: Sessions, client_id: UUID) -> None:
    for role in (Role.APP, Role.STAFF, Role.WORKER):
        for change in ("update ledger.audit_entry set reason = 'otra'", "delete from ledger.audit_entry"):
            refused = pytest.raises(DBAPIError, match=r"append-only|permission denied")
            with refused, installation.database.session(role, client_id) as session:
                session.execute(text(change))


def test_rehearsal_runs_the_command_and_nobody_hears_of_it(
    installation: Installation, make: Factory, sessions: Sessions, client_id: UUID
) -> None:
    make.connector(client_id)
    before = entries(sessions)

    async def listen() -> list[str]:
        conninfo = installation.database.conninfo(Role.WORKER)
        async with signals.listening(conninfo, signals.ACCESS, signals.ACCOUNTS, signals.OUTBOX) as conn:
            await asyncio.to_thread(rehearse)
            return [notice.channel async for notice in conn.notifies(timeout=0.3)]

    def rehearse() -> None:
        with installation.works.rehearsal(STAFF) as work:
            effects = suspensions.suspend_by_hand(work, client_id, Cause.AUP, REASON)
        assert len(effects.connectors) == 1

    assert asyncio.run(listen()) == []
    assert entries(sessions) == before
    with sessions.worker() as session:
        assert session.scalar(text("select count(*) from ledger.suspension")) == 0
        assert session.scalar(text("select count(*) from platform.connector_request where kind = 'disconnect'")) == 0
