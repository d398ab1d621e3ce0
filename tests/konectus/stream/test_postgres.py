"""The intake log in PostgreSQL: durable when appended, claimed by one, unreadable in the table, dropped by the day."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from konectus.services.installation import Installation
from konectus.store import signals
from konectus.store.queries import jobs
from konectus.store.roles import Role
from konectus.stream.postgres import Arrival, append, append_in, claim, mark_done
from tests.support.clock import START, ManualClock

CANARY = b'{"text": "el secreto de Rosa"}'


def take(installation: Installation, *bodies: bytes, at: datetime = START) -> None:
    """Append bodies as the doors do."""

    async def run() -> None:
        conninfo = installation.database.conninfo(Role.WORKER)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
            await append(conn, installation.keys, [Arrival("meta:demo", at, body) for body in bodies])

    asyncio.run(run())


def waiting(installation: Installation, most: int = 100) -> list[bytes]:
    with installation.database.session(Role.WORKER) as session:
        return [claimed.body for claimed in claim(session, installation.keys, most)]


def finish(installation: Installation, most: int) -> list[bytes]:
    with installation.database.session(Role.WORKER) as session:
        found = claim(session, installation.keys, most)
        mark_done(session, found, installation.clock.now())
    return [claimed.body for claimed in found]


def partitions(installation: Installation) -> list[str]:
    with installation.database.session(Role.WORKER) as session:
        rows = session.execute(
            text(
                "select inhrelid::regclass::text from pg_inherits where inhparent = 'platform.webhook_event'::regclass"
            )
        )
        return sorted(name.removeprefix("platform.webhook_event_p") for name in rows.scalars())


def keep(installation: Installation, today: date, *, days: int = 7, ahead: int = 1) -> list[date]:
    with installation.database.session(Role.WORKER) as session:
        return jobs.keep_partitions(session, today, keep=days, ahead=ahead)


def test_what_is_appended_is_claimed_in_order_until_it_is_done(installation: Installation) -> None:
    bodies = [b"", b"uno", b"\x00\xff", "dos 🌸".encode(), b"x" * 100_000]
    take(installation, *bodies)
    take(installation)
    assert waiting(installation) == bodies
    assert waiting(installation) == bodies, "a claim that was not finished is nobody's"
    assert finish(installation, 2) == bodies[:2]
    with installation.database.session(Role.WORKER) as session:
        (first, *_) = claim(session, installation.keys, 1)
        assert (first.door, first.received_at, first.body) == ("meta:demo", START, bodies[2])
    assert finish(installation, 100) == bodies[2:]
    assert waiting(installation) == []


def test_listener_is_woken_once_for_a_batch(installation: Installation) -> None:
    async def run() -> list[str]:
        async with signals.listening(installation.database.conninfo(Role.WORKER), signals.INTAKE) as conn:
            await asyncio.to_thread(take, installation, b"uno", b"dos")
            return [notice.channel async for notice in conn.notifies(timeout=0.5)]

    assert asyncio.run(run()) == [signals.INTAKE]


def test_claimers_at_once_never_share_a_body(installation: Installation) -> None:
    bodies = {f"n.º {number}".encode() for number in range(40)}
    take(installation, *bodies)
    together, found = Barrier(4), []

    def work() -> None:
        with installation.database.session(Role.WORKER) as session:
            mine = claim(session, installation.keys, 10)
            together.wait(10)  # all four hold theirs at once
            mark_done(session, mine, installation.clock.now())
        found.append([claimed.body for claimed in mine])

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(body for mine in found for body in mine) == sorted(bodies)
    assert waiting(installation) == []


def test_claim_of_a_worker_that_died_returns(installation: Installation) -> None:
    take(installation, b"uno")
    with pytest.raises(RuntimeError), installation.database.session(Role.WORKER) as session:
        mark_done(session, claim(session, installation.keys, 1), installation.clock.now())
        raise RuntimeError("el proceso muere antes de confirmar")
    assert finish(installation, 1) == [b"uno"]


def test_body_cannot_be_read_in_the_table_nor_moved_to_another_row(installation: Installation) -> None:
    take(installation, CANARY, b"otro cuerpo cualquiera")
    with installation.database.session(Role.WORKER) as session:
        dump = session.execute(text("select string_agg(e::text, '') from platform.webhook_event e")).scalar_one()
        for form in (CANARY.decode(), CANARY.hex(), CANARY[:8].hex(), "Rosa", b"Rosa".hex()):
            assert form not in dump
        session.execute(
            text(
                "update platform.webhook_event set body_sealed ="
                " (select body_sealed from platform.webhook_event order by id limit 1)"
            )
        )
        found = claim(session, installation.keys, 10)
    assert [(claimed.body, claimed.error) for claimed in found] == [(CANARY, None), (b"", "unreadable")]


def test_body_of_a_day_whose_key_is_destroyed_loses_only_itself(installation: Installation) -> None:
    take(installation, CANARY, at=START - timedelta(days=1))
    take(installation, b"hoy")
    installation.keys.destroy_intake(START.date() - timedelta(days=1))
    with installation.database.session(Role.WORKER) as session:
        found = claim(session, installation.keys, 10)
    assert [(claimed.body, claimed.error) for claimed in found] == [(b"", "unreadable"), (b"hoy", None)]


def test_bodies_of_our_own_are_logged_with_the_transaction_that_knows_of_them(installation: Installation) -> None:
    arrivals = [Arrival("meta:demo", START, b"uno"), Arrival("telegram:x", START + timedelta(seconds=1), CANARY)]
    with pytest.raises(RuntimeError), installation.database.session(Role.WORKER) as session:
        append_in(session, installation.keys, arrivals)
        raise RuntimeError("lo que debía saberse de ellos falla")
    assert waiting(installation) == []
    with installation.database.session(Role.WORKER) as session:
        ids = append_in(session, installation.keys, arrivals)
        assert append_in(session, installation.keys, []) == []
    with installation.database.session(Role.WORKER) as session:
        found = claim(session, installation.keys, 10)
    assert [(c.id, c.door, c.received_at, c.body) for c in found] == [
        (number, a.door, a.received_at, a.body) for number, a in zip(ids, arrivals, strict=True)
    ]


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.WORKER, Role.ANALYST)])
def test_no_other_role_appends_reads_bodies_or_keeps_partitions(installation: Installation, role: Role) -> None:
    statements = (
        "select body_sealed from platform.webhook_event",
        "insert into platform.webhook_event values (now(), default, 'x', current_date, gen_random_uuid(), 'x')",
        "select platform.keep_partitions(current_date, 0, 0)",
    )
    for statement in statements:
        with (
            pytest.raises(DBAPIError, match=r"permission denied|read-only"),
            installation.database.session(role) as session,
        ):
            session.execute(text(statement))


def test_days_are_made_ahead_and_dropped_after_a_week_with_what_they_held(installation: Installation) -> None:
    today = START.date()
    assert keep(installation, today) == []
    assert partitions(installation) == ["20261119", "20261120", "_default"]
    assert keep(installation, today) == [], "twice is once"
    take(installation, b"hoy")
    later = today + timedelta(days=7)
    assert keep(installation, later) == []
    assert waiting(installation) == [b"hoy"]
    assert keep(installation, later + timedelta(days=1)) == [today]
    assert waiting(installation) == []
    assert partitions(installation) == ["20261120", "20261126", "20261127", "20261128", "_default"]


def test_days_nobody_prepared_are_kept_and_expire_like_the_others(
    installation: Installation, clock: ManualClock
) -> None:
    """The demo's clock jumps: rows lay in the default partition and from then on no day could be made."""
    for days in (0, 1):
        take(installation, f"día {days}".encode(), at=START + timedelta(days=days))
    today = START.date()
    assert keep(installation, today, ahead=3) == []
    assert partitions(installation) == ["20261121", "20261122", "_default"]
    assert len(waiting(installation)) == 2
    assert keep(installation, today + timedelta(days=8)) == [today]
    assert waiting(installation) == ["día 1".encode()]
    assert keep(installation, today + timedelta(days=30)) == [
        today + timedelta(days=2),
        today + timedelta(days=3),
        today + timedelta(days=8),
        today + timedelta(days=9),
        today + timedelta(days=1),
    ]


def test_partition_is_reached_through_the_log_alone(installation: Installation) -> None:
    keep(installation, START.date())
    take(installation, CANARY)
    for role in (Role.WORKER, Role.STAFF, Role.OPERATOR):
        with pytest.raises(DBAPIError, match="permission denied"), installation.database.session(role) as session:
            session.execute(text("select * from platform.webhook_event_p20261119"))


def test_busy_log_is_not_queued_behind_for_long(installation: Installation) -> None:
    keep(installation, START.date())
    with installation.database.session(Role.WORKER) as session:
        session.execute(text("select * from platform.webhook_event"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            keep(installation, START.date() + timedelta(days=5))


def test_id_of_a_body_is_no_secret_but_never_given_by_the_sender(installation: Installation) -> None:
    take(installation, b"uno", at=datetime(2026, 11, 19, 23, 59, 59, 999_999, tzinfo=UTC))
    take(installation, b"dos", at=datetime(2026, 11, 20, tzinfo=UTC))
    with installation.database.session(Role.WORKER) as session:
        found = session.execute(text("select key_day, nonce_id from platform.webhook_event order by id")).all()
    assert [day for day, _ in found] == [date(2026, 11, 19), date(2026, 11, 20)]
    assert found[0][1] != found[1][1]
