"""P1, P2, P12: a day of traffic of all kinds that comes a second and a third time changes nothing."""

import asyncio
import random
from datetime import UTC, datetime

import pytest

from konectus.store.queries import tombstones
from konectus.store.roles import Role
from tests.ingestion.stored import fingerprint
from tests.promises.figures import tell
from tests.promises.running import Running
from tests.support.processes import until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]
SHORT, LONG = 1_000, 50_000
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def replay(intake: Running, items: int, seed: int) -> None:
    places = intake.clients(3)
    day = intake.traffic(places, seed)
    bodies = [body for body in day.bodies(items) if body.signature == "valid"]
    postman = intake.postman(day.ledger)
    asyncio.run(postman.carry(bodies))
    intake.settle(300)
    verdict = intake.judged(day.ledger, places)
    assert verdict.is_clean, str(verdict)
    first = quiet(intake)
    for turn in (1, 2):
        again = intake.postman(day.ledger)
        order = random.Random(turn).sample(bodies, len(bodies))  # noqa: S311 reason: a repeatable order
        asyncio.run(again.carry(order))
        intake.settle(300)
        until(
            lambda: changed(intake, first) == set(), seconds=30, what=lambda: f"unchanged, but {changed(intake, first)}"
        )
    tell(f"P12 a day of {items} items replayed twice", f"{verdict}; {len(bodies)} bodies")


def quiet(intake: Running) -> dict[str, str]:
    """The fingerprint once names, files, the index and what waited have come to rest: the same twice in a row."""
    seen = [fingerprint(intake.installation)]

    def still() -> bool:
        rests = no_file_is_asked_for(intake)
        seen.append(fingerprint(intake.installation))
        return seen[-1] == seen[-2] and rests and not indexing(intake) and not missed(intake)

    until(still, seconds=120, what="everything has come to rest")
    return seen[-1]


def changed(intake: Running, first: dict[str, str]) -> set[str]:
    """Tables that are not as they were."""
    return {table for table, told in fingerprint(intake.installation).items() if told != first[table]}


def no_file_is_asked_for(intake: Running) -> bool:
    """Dead links are tried for hours, whatever is replayed: put off until tomorrow. True where that was done before."""
    with intake.installation.database.session(Role.WORKER) as session:
        put_off = session.connection().exec_driver_sql(
            "update tenant.attachment set not_before = clock_timestamp() + interval '1 day' where state = 'pending'"
            " and coalesce(not_before, '-infinity') < clock_timestamp() + interval '12 hours' returning id"
        )
        # Those of withdrawn messages are deleted by a job.
        to_delete = session.connection().exec_driver_sql(
            "select from tenant.attachment where state = 'withdrawn'"
            " and (stored_at is not null or preview_at is not null)"
        )
        return not put_off.all() and not to_delete.all()


def indexing(intake: Running) -> bool:
    with intake.installation.database.session(Role.WORKER) as session:
        waiting = session.connection().exec_driver_sql("select exists (select from tenant.search_pending)")
        return bool(waiting.scalar())


def missed(intake: Running) -> bool:
    """Something waits for what is here: batches side by side missed each other, which the worker mends soon."""
    with intake.installation.database.session(Role.WORKER) as session:
        waits = tombstones.met_since(session, LONG_AGO), tombstones.callers_since(session, LONG_AGO)
        return any(waits)


def test_a_thousand_replayed_twice_change_nothing(intake: Running) -> None:
    replay(intake, SHORT, 3)


@pytest.mark.load
@pytest.mark.timeout(3600)
def test_fifty_thousand_replayed_twice_change_nothing(intake: Running) -> None:
    replay(intake, LONG, 50)
