"""What a day knows of a whole Client: its Connectors' states, its agents' load, the events of its contract."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from konectus.ids import uuid7
from konectus.services.installation import Installation
from konectus.store.models.clients import Client, Subscription
from konectus.store.models.connectors import Connector, ConnectorChange
from konectus.store.roles import Role
from reports import collect
from tests.support.clock import ManualClock
from tests.support.talks import Talk, Talks

NOON = datetime(2026, 11, 18, 18, tzinfo=UTC)  # Wednesday 12:00 in Mexico City
WEDNESDAY, THURSDAY = date(2026, 11, 18), date(2026, 11, 19)

ANSWERED = """
with person as (
  insert into tenant.contact (client_id, id, connector_id, external_key, external_id_sealed, first_seen_at)
  select client_id, gen_random_uuid(), connector_id, uuid_send(gen_random_uuid()), '', :at
  from tenant.conversation, generate_series(1, :n) where id = :like returning *
), talk as (
  insert into tenant.conversation
    (client_id, id, connector_id, contact_id, channel, status, opened_at, last_at, unread)
  select client_id, gen_random_uuid(), connector_id, id, 'messenger', 'open', :at, :at, 0 from person returning *
)
insert into tenant.message
  (client_id, id, connector_id, conversation_id, direction, author, author_id, kind, occurred_at, received_at, status)
select client_id, gen_random_uuid(), connector_id, id, 'out', 'agent', :agent, 'message', :at, :at, 'sent'
from talk, generate_series(1, 2)
"""

SUSPENDED = """
insert into ledger.suspension
  (id, client_id, cause, subject_ref, clause, opened_at, opened_by, reason, lifted_at, lifted_by, lift_reason)
values (gen_random_uuid(), :id, 'trial_expired', '-', '14.2', :at, 'system:test', 'diez letras o más',
  cast(:at as timestamptz) + interval '1 day', 'system:test', 'diez letras o más')
"""


def rebuilt(installation: Installation, first: date, last: date) -> list[dict[str, Any]]:
    with installation.database.session(Role.RELEASER) as session:
        collect.rebuild(session, first, last)
    return kept(installation)


def kept(installation: Installation) -> list[dict[str, Any]]:
    with installation.database.session(Role.RELEASER) as session:
        found = session.execute(text("select * from ledger.client_daily order by day")).mappings()
        return [dict(row) for row in found]


def answered(talk: Talk, agent: UUID, conversations: int) -> None:
    """That agent wrote two messages in each of so many conversations of the Client at noon."""
    with talk.installation.database.session(Role.WORKER) as session:
        session.execute(text(ANSWERED), {"like": talk.conversation_id, "agent": agent, "n": conversations, "at": NOON})


def test_a_connector_counts_in_the_state_in_which_its_day_ended(talks: Talks, installation: Installation) -> None:
    talk = talks.start(NOON)
    change = {"client_id": talk.client_id, "connector_id": talk.connector_id, "by": "channel", "reason": None}
    with installation.database.session(Role.WORKER) as session:
        session.execute(
            update(Connector).values(
                created_at=NOON - timedelta(days=9), since=NOON + timedelta(days=1), state="degraded"
            )
        )
        session.execute(
            insert(ConnectorChange),
            [
                change | {"id": uuid7(at), "from_state": None, "to_state": state, "at": at}
                for at, state in ((NOON - timedelta(days=9), "connected"), (NOON + timedelta(days=1), "degraded"))
            ],
        )
    first, second = rebuilt(installation, WEDNESDAY, THURSDAY)
    assert (first["connectors"], second["connectors"]) == ({"connected": 1}, {"degraded": 1})


def test_agents_are_counted_by_how_many_conversations_they_answered_and_not_named(
    talks: Talks, installation: Installation
) -> None:
    talk = talks.start(NOON)
    for conversations in (1, 5, 6, 21):
        answered(talk, uuid7(NOON), conversations)
    [row] = rebuilt(installation, WEDNESDAY, WEDNESDAY)
    assert row["agents_by_load"] == [2, 1, 1, 0, 0]


def test_what_happened_to_a_contract_counts_on_its_day(talks: Talks, installation: Installation) -> None:
    talk = talks.start(NOON)
    values = {"id": talk.client_id, "at": NOON}
    with installation.database.session(Role.WORKER) as session:
        session.execute(update(Client).values(created_at=NOON))
        session.execute(update(Subscription).values(trial_ends_at=NOON + timedelta(days=1)))
        session.execute(text(SUSPENDED), values)
    first, second = rebuilt(installation, WEDNESDAY, THURSDAY)
    assert first["events"] == {"signed_up": 1, "suspended": 1}
    assert second["events"] == {"trial_ended": 1, "lifted": 1}
    assert first["plan_code"].startswith("plan")


def test_a_client_that_was_erased_keeps_the_days_it_had(
    talks: Talks, installation: Installation, clock: ManualClock
) -> None:
    talk = talks.start(NOON)
    answered(talk, uuid7(NOON), 1)
    for _ in range(2):
        collect.run(installation)
    before = kept(installation)
    with installation.database.session(Role.WORKER) as session:
        for table in ("message", "conversation", "contact", "connector_change", "connector"):
            session.execute(text(f"delete from tenant.{table}"))
    clock.advance(minutes=5)
    collect.run(installation)
    assert kept(installation) == before


def test_the_role_that_counts_reads_when_a_client_was_suspended_and_not_why(installation: Installation) -> None:
    with installation.database.session(Role.RELEASER) as session:
        assert session.execute(text("select client_id, opened_at, lifted_at from ledger.suspension")).all() == []
        with pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text("select reason from ledger.suspension"))
        session.rollback()
