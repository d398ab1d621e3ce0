"""Releases in bad weather: cut off anywhere, started three times at once, with Clients about a threshold."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from konectus import figures
from konectus.figures import MONTH
from konectus.services.installation import Installation
from konectus.store.roles import Role
from konectus.store.session import DatabaseDown
from reports import anonymize, building, chain, periods, release
from reports.building import Databases, Outcome
from tests.support.clock import ManualClock
from tests.support.figures import AFTER, CEILINGS, World, client_id, months

EVERYTHING = """
select (select count(*) from released.release), (select count(*) from released.cell),
  (select count(*) from released.metric), (select count(*) from released.ledger)"""
TOLD = """
select distinct c.metric, c.dim from released.cell c join released.release r on r.id = c.release_id
where r.period = :period"""


@contextmanager
def cut_off_before(number: int) -> Iterator[list[str]]:
    """The connection is lost before that statement or commit of the block; what was sent before it."""
    sent: list[str] = []

    def look(conn: Connection, what: str) -> None:
        if len(sent) + 1 == number:
            driver: Any = conn.connection.driver_connection
            driver.close()
        sent.append(what)

    def before(*executed: Any) -> None:
        look(executed[0], executed[2])

    def commit(conn: Connection) -> None:
        look(conn, "commit")

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "commit", commit)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "commit", commit)


def test_a_release_cut_off_at_any_statement_is_there_whole_or_not_at_all_and_is_made_once(world: World) -> None:
    world.believable(clients=150, months=["2026-08", "2026-09"])
    world.releaser.build("2026-08")
    before, number, left = world.releaser.released(EVERYTHING), 0, []
    while _breaks_off(world, number := number + 1):
        left.append(world.releaser.released(EVERYTHING))
    whole = world.releaser.released(EVERYTHING)
    assert whole == [(2, 17, 3, 2)], "releases, cells, metrics, entries of the ledger"
    # Lost at the commit of the snapshot that was only read, when the release was stored already.
    assert left == [before] * (number - 2) + [whole]
    assert number > 10, "reads, four kinds of rows and both commits"
    assert not world.releaser.build("2026-09").built
    with world.installation.released.session(Role.RELEASER) as session:
        assert chain.broken(session) == []


def _breaks_off(world: World, number: int) -> bool:
    try:
        with cut_off_before(number):
            world.releaser.build("2026-09")
    except DatabaseDown:
        return True
    return False


def test_three_schedulers_at_once_make_each_release_once(world: World) -> None:
    world.believable(clients=640, months=months("2026-06", 5))
    installation = replace(world.installation, clock=ManualClock(AFTER))
    with ThreadPoolExecutor(3) as pool:
        made = [one for run in pool.map(lambda _n: release.run(installation), range(3)) for one in run]
    built = [(one.release.grain, one.release.period) for one in made if one.built]
    known = world.releaser.released("select grain, period from released.release order by number")
    assert sorted(built) == sorted(known)
    assert len(set(known)) == len(known) > 20
    assert world.releaser.released("select count(*) from released.ledger") == [(len(known),)]
    with world.installation.released.session(Role.RELEASER) as session:
        assert chain.broken(session) == []


HELD = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
ALL_READABLE = """
select format('lock table %s in access share mode', c.oid::regclass) from pg_class c
where c.relnamespace = 'released'::regnamespace and c.relkind = 'r' and has_table_privilege(c.oid, 'select')"""


def test_no_lock_that_an_analyst_can_hold_keeps_a_release_waiting(world: World) -> None:
    """Advisory locks are anybody's, so a release takes none; to lock a table against writing, rights are missing."""
    world.believable(clients=150, months=["2026-08", "2026-09"])
    with world.installation.released.session(Role.ANALYST) as analyst:
        locks = analyst.execute(text(ALL_READABLE)).scalars().all()
        assert len(locks) == 4
        for statement in locks:
            analyst.execute(text(statement))
        analyst.execute(text("select id from released.release")).all()
        with world.installation.released.session(Role.RELEASER) as released:
            released.execute(text("set local lock_timeout = '2s'"))
            with world.installation.database.session(Role.RELEASER) as main:
                assert building.build(periods.parse("2026-08"), Databases(main, released), CEILINGS, AFTER).built
            assert released.execute(text(HELD)).scalar() == 0
        assert world.releaser.build("2026-09").built


@pytest.mark.parametrize("clients", [1, 19, 20, 119, 121])
def test_what_a_month_tells_follows_from_the_noisy_count_before_it_alone(world: World, clients: int) -> None:
    """At a threshold the noise decides the rung, and never more is told than on the one that it names."""
    world.believable(clients=clients, months=["2026-07", "2026-08", "2026-09"])
    counted, *told = world.releaser.build_all("2026-07", "2026-08", "2026-09")
    assert counted.release.cells == 0
    before = counted.release
    for outcome in told:
        assert abs(before.clients - clients) <= 8 * before.clients_sigma
        assert outcome.release.rung == anonymize.ladder(before.clients, before.rung)
        found = world.releaser.released(TOLD, period=outcome.release.period)
        assert set(found) == (_cuts(outcome) if outcome.release.rung else set())
        before = outcome.release


def _cuts(outcome: Outcome) -> set[tuple[str, str]]:
    return {(cut.metric, cut.dim) for cut in figures.cuts(MONTH, outcome.release.rung)}


def test_an_empty_installation_releases_nothing_and_says_so(installation: Installation) -> None:
    assert release.run(replace(installation, clock=ManualClock(AFTER))) == []


def test_a_client_erased_between_two_releases_is_gone_from_the_second_alone(world: World) -> None:
    world.believable(clients=130, months=["2026-07", "2026-08", "2026-09"])
    first, second = world.releaser.build_all("2026-07", "2026-08")
    before = world.releaser.released("select * from released.cell order by 1, 2, 3, 4")
    with world.installation.database.session(Role.WORKER) as session:
        for number in range(20):
            session.execute(text("delete from ledger.usage_daily where client_id = :id"), {"id": client_id(number)})
    third = world.releaser.build("2026-09").release
    assert abs(third.clients - 110) <= 8 * third.clients_sigma
    kept = "select * from released.cell where release_id <> :id order by 1, 2, 3, 4"
    assert world.releaser.released(kept, id=third.id) == before
    again = [one.release.sha256 for one in world.releaser.build_all("2026-07", "2026-08")]
    assert again == [first.release.sha256, second.release.sha256]
    with world.installation.released.session(Role.RELEASER) as session:
        assert chain.broken(session) == []
