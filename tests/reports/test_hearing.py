"""Messages are read a slice at a time, each once, and whoever reads long rests."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from konectus.domain.deadlines import start_of
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from reports import collect, hearing, pace
from tests.reports.test_collect_cost import DAY, MORNING, fill

SUMS = """select client_id, conversation_id, kind, hour, sum(n) from pg_temp.heard
group by client_id, conversation_id, kind, hour order by client_id, conversation_id, kind, hour"""
HEARING = "select backend_xid from pg_stat_activity where datname = %s and wait_event_type = 'Lock' and query ~ '^copy'"
BUSIEST = """select max(n) from (
  select count(*) as n from tenant.message group by date_trunc('minute', received_at)) minute"""
MESSAGES = 60


@pytest.fixture
def filled(installation: Installation) -> Installation:
    fill(installation, clients=3, messages=MESSAGES)
    return installation


@pytest.mark.parametrize("sliced_at", [1, 7, 59, 60])
def test_a_day_heard_in_slices_is_the_day_heard_at_once(filled: Installation, sliced_at: int) -> None:
    with filled.database.session(Role.RELEASER) as session:
        hearing.hear(session, [DAY], sliced_at=sliced_at)
        in_slices = session.execute(text(SUMS)).all()
        hearing.hear(session, [DAY])
        assert session.execute(text(SUMS)).all() == in_slices
    assert sum(row.sum for row in in_slices) == MESSAGES


@pytest.mark.parametrize("sliced_at", [1, 7, 59, 60])
def test_slices_hold_each_message_once_and_no_more_than_asked_for(filled: Installation, sliced_at: int) -> None:
    whole = start_of(DAY), start_of(DAY + timedelta(days=1))
    with filled.database.session(Role.RELEASER) as session:
        found = list(hearing.slices(session, whole, sliced_at))
        received = session.execute(text("select received_at from tenant.message")).scalars().all()
        busiest = session.execute(text(BUSIEST)).scalar_one()
    inside = [sum(first <= at < after for at in received) for first, after in found]
    assert sum(inside) == MESSAGES
    assert all(0 < n <= max(sliced_at, busiest) for n in inside)
    assert [first for first, _after in found] == [whole[0], *(after for _first, after in found[:-1])]
    assert found[-1][1] == whole[1]


def test_a_time_without_messages_has_no_slice(filled: Installation) -> None:
    with filled.database.session(Role.RELEASER) as session:
        assert list(hearing.slices(session, (MORNING - timedelta(days=9), MORNING), 10)) == []


def test_who_works_long_rests_four_times_as_long_and_who_is_quick_does_not() -> None:
    rests: list[float] = []
    for seconds in pace.resting([0.0, 0.1, 0.0], rests.append):
        time.sleep(seconds)
    [rest] = rests
    assert 0.1 * pace.REST <= rest < 10


def test_nothing_is_written_while_messages_are_heard(filled: Installation, superuser: Endpoint) -> None:
    """Else the server cannot clear old versions of conversations away meanwhile: intake was a third slower for it."""
    collect.run(filled)  # so that there is a watermark
    database = psycopg.conninfo.conninfo_to_dict(filled.database.conninfo(Role.WORKER))["dbname"]
    address = superuser.url(str(database)).replace("+psycopg", "")
    with (
        psycopg.connect(address) as owner,
        psycopg.connect(address, autocommit=True) as watch,
        ThreadPoolExecutor(1) as thread,
    ):
        owner.execute("lock table tenant.connector in access exclusive mode")
        collecting = thread.submit(collect.run, filled)
        while not (found := watch.execute(HEARING, [database]).fetchall()):
            assert not collecting.done()
        owner.rollback()
        assert found == [(None,)]
        assert collecting.result(timeout=30) == 3


def test_the_heard_messages_are_gone_with_the_transaction(filled: Installation) -> None:
    with filled.database.session(Role.RELEASER) as session:
        hearing.hear(session, [DAY])
        assert session.execute(text("select count(*) from pg_temp.heard")).scalar()
        session.commit()
        assert session.execute(text("select to_regclass('pg_temp.heard')")).scalar() is None
