"""What counting a day costs: with the messages of that day and with the Clients, and not with the history."""

import math
import time
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from konectus.clock import monotonic
from konectus.services.installation import Installation
from konectus.store.cluster import Endpoint
from konectus.store.roles import Role
from reports import collect
from reports.pace import Rest
from tests.support.clock import ManualClock
from tests.support.database import Templates, installed
from tests.support.factories import Factory
from tests.support.figures import World

DAY = date(2026, 11, 18)
MORNING = datetime(2026, 11, 18, 14, tzinfo=UTC)
# One Client of the factory is copied; each has a conversation for every five messages of its day.
MADE = (
    """
insert into ledger.subscription (id, client_id, plan_version_id, seats, status, started_at, period_starts_at,
  period_ends_at)
select gen_random_uuid(), c.id, s.plan_version_id, s.seats, s.status, s.started_at, s.period_starts_at, s.period_ends_at
from ledger.client c, (select * from ledger.subscription limit 1) s where c.id <> s.client_id""",
    """
insert into tenant.connector (client_id, id, channel, account_id, name, state, since, generation, created_at)
select c.id, md5(c.id::text)::uuid, 'messenger', c.id::text, 'Página', 'pending_auth', :at, 1, :at
from ledger.client c""",
    """
insert into tenant.contact (client_id, id, connector_id, external_key, external_id_sealed, first_seen_at)
select c.id, md5(c.id::text || n)::uuid, md5(c.id::text)::uuid, uuid_send(gen_random_uuid()), '', :at
from ledger.client c, generate_series(1, :talks) n""",
    """
insert into tenant.conversation (client_id, id, connector_id, contact_id, channel, status, opened_at, last_at, unread)
select t.client_id, t.id, t.connector_id, t.id, 'messenger', 'open', :at, :at, 0 from tenant.contact t""",
)
MESSAGES = """
insert into tenant.message (client_id, id, connector_id, conversation_id, direction, author, kind, text_sealed,
  occurred_at, received_at, status)
select v.client_id, gen_random_uuid(), v.connector_id, v.id, 'in', 'contact', 'message', '', v.at, v.at, 'received'
from (
  select v.*, cast(:at as timestamptz) + v.began * interval '6 hours' + n * interval '1 minute' as at
  from (select v.*, random() as began from tenant.conversation v offset 0) v, generate_series(1, 5) n
) v order by v.at
"""


def fill(installation: Installation, *, clients: int, messages: int, days: int = 1) -> None:
    """So many Clients, whose messages of a day are `messages` in sum, on the last `days` days up to DAY."""
    Factory(installation).client()
    World(installation).clients(clients - 1)
    with installation.database.session(Role.WORKER) as session:
        for statement in MADE:
            session.execute(text(statement), {"at": MORNING, "talks": messages // clients // 5})
        for back in range(days):
            session.execute(text(MESSAGES), {"at": MORNING.replace(day=MORNING.day - back)})
    assert installation.settings.database_url is not None
    owner = installation.settings.database_url.get_secret_value().replace("+psycopg", "")
    with psycopg.connect(owner, autocommit=True) as conn:
        conn.execute("vacuum analyze tenant.message")  # as the server does by itself while they come


def seconds(installation: Installation, rest: Rest = time.sleep) -> float:
    with installation.database.session(Role.RELEASER) as session:
        began = monotonic()
        assert collect.count(session, [DAY], anew=False, rest=rest)
        return monotonic() - began


def no_rest(_seconds: float) -> None:
    """The work alone is what a day costs."""


@pytest.mark.load
@pytest.mark.timeout(900)
def test_day_of_a_million_messages_is_counted_in_half_a_minute(installation: Installation) -> None:
    fill(installation, clients=1000, messages=1_000_000)
    work, took = seconds(installation, no_rest), seconds(installation)
    print(  # noqa: T201 -- the figures of docs/privacy.md
        f"a day of 1,000,000 messages of 1,000 Clients: {took:.1f} s, {work:.1f} s without the rests"
    )
    assert took < 30


@pytest.mark.load
@pytest.mark.timeout(900)
def test_cost_of_a_day_grows_with_the_clients_and_not_with_the_history(
    templates: Templates, endpoint: Endpoint, clock: ManualClock, tmp_path: Path
) -> None:
    took: dict[tuple[int, int], float] = {}
    for clients, days in ((100, 1), (1_000, 1), (10_000, 1), (1_000, 15)):
        folder = tmp_path / f"c{clients}d{days}"
        folder.mkdir()
        with installed(templates, endpoint, clock, folder) as found:
            fill(found, clients=clients, messages=30 * clients, days=days)
            seconds(found, no_rest)
            took[clients, days] = min(seconds(found, no_rest) for _ in range(3))
    slope = math.log(took[10_000, 1] / took[100, 1]) / math.log(100)
    print(f"seconds by (Clients, days of history): {took}; slope {slope:.2f}")  # noqa: T201 -- as above
    assert slope <= 1.1
    assert took[1_000, 15] < 2 * took[1_000, 1]
