"""However often, by however many and under whatever clock days are collected, they say what a count anew says."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import text, update

from konectus.services.installation import Installation
from konectus.store.models.inbox import Conversation
from konectus.store.roles import Role
from reports import collect
from tests.support.clock import ManualClock
from tests.support.talks import Talk, Talks, rollups

NOON = datetime(2026, 11, 18, 18, tzinfo=UTC)  # Wednesday 12:00 in Mexico City
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def whole(installation: Installation) -> list[list[dict[str, Any]]]:
    """Every row of both tables."""
    with installation.database.session(Role.RELEASER) as session:
        clients = session.execute(text("select * from ledger.client_daily order by day, client_id")).mappings()
        found = [dict(row) for row in clients]
    return [rollups(installation), found]


def happen(talk: Talk, chance: Random, now: datetime) -> None:
    """Something a conversation can go through next, some of it told late by the channel."""
    with talk.installation.database.session(Role.WORKER) as session:
        stands = session.execute(text("select closed_at, first_reply_at from tenant.conversation")).one()
        turns: dict[str, dict[str, Any]] = {}
        if stands.closed_at is not None:
            turns["reopen"] = {"status": "open", "opened_at": now, "first_reply_at": None, "closed_at": None}
        else:
            turns["close"] = {"status": "closed", "closed_at": now}
            if stands.first_reply_at is None:
                turns["reply"] = {"first_reply_at": now}
        what = chance.choice(("word", "late", "failed", *turns))
        if what in turns:
            session.execute(update(Conversation).values(turns[what]))
    if what == "late":
        talk.message(now - timedelta(hours=chance.randint(1, 400)), received=now)
    elif what == "word":
        talk.message(now)
    elif what == "failed":
        talk.message(now, direction="out", status="failed")


@pytest.mark.parametrize("seed", [1, 2])
def test_days_collected_as_they_went_are_the_days_counted_anew(
    talks: Talks, installation: Installation, clock: ManualClock, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 -- a seeded course of events
    clock.set(NOON - timedelta(days=12))
    talk = talks.start(clock.now())
    for _ in range(24):
        clock.advance(minutes=chance.randint(1, 900))
        happen(talk, chance, clock.now())
        if chance.random() < 0.4:
            collect.run(installation)
    clock.advance(minutes=1)
    collect.run(installation)
    as_it_went = whole(installation)
    with installation.database.session(Role.RELEASER) as session:
        session.execute(text("delete from ledger.usage_daily"))
        session.execute(text("delete from ledger.client_daily"))
        collect.rebuild(session, FIRST, LAST)
    channels, clients = whole(installation)
    assert channels == as_it_went[0]
    assert [row for row in clients if row["day"] <= as_it_went[1][-1]["day"]] == as_it_went[1]


def test_three_schedulers_at_once_write_what_one_writes(talks: Talks, installation: Installation) -> None:
    talks.start(NOON, replied=NOON + timedelta(minutes=1)).message(NOON)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: collect.run(installation), range(3))) == [1, 1, 1]
    [row] = rollups(installation)
    assert (row["messages_in"], row["conversations_opened"]) == (1, 1)


def test_a_clock_that_ran_ahead_hides_nothing_that_comes_after_it_was_put_right(
    talks: Talks, installation: Installation, clock: ManualClock
) -> None:
    talk = talks.start(NOON)
    right = clock.now()
    clock.advance(days=90)
    collect.run(installation)
    clock.set(right + timedelta(hours=2))
    talk.message(NOON - timedelta(days=5), received=clock.now())
    collect.run(installation)
    assert [str(row["day"]) for row in rollups(installation) if row["messages_in"]] == ["2026-11-13"]
