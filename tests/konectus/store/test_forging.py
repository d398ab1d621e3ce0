"""What a session of a Client's people cannot write of that Client: the words of Konectus, of its jobs, of the mail.

Each is the row a service writes, with one value that is not theirs to give: asked as that login, told by PostgreSQL.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from konectus.ids import uuid7
from konectus.services.installation import Installation
from konectus.store.roles import Role
from tests.backoffice.shared import clock, installation, make
from tests.support.clock import START
from tests.support.factories import Factory
from tests.support.rows import fill_every_table

__all__ = ["clock", "installation", "make"]

_AT = "now() - interval '400 days'"
_EXPORT = "insert into ledger.export_job (id, client_id, requested_by, requested_at, done, total, attempts, state"
_NOTICE = """insert into ledger.notice (id, client_id, kind, channel, subject_ref, seq, template_version, language,
  recipient, subject, facts, body_sha256, queued_at, not_before, attempts"""
_NOTICE_VALUES = (
    "values (:id, :c, 'payment_pending', 'email', 'x', 1, 1, 'es', 'a@b.mx', 'x', '{}', '', now(), now(), 0"
)
_END = """insert into ledger.termination (id, client_id, reason, notified_at, notified_by, effective_at, by_whom,
  ground, refund_due, effected_at)"""
_END_VALUES = f"values (:id, :c, 'Lo pide la dueña', {_AT}, 'agent:1', {_AT}"
FORGED = {
    "an archive that is ready for a hundred years": f"""{_EXPORT}, expires_at, ready_at, sha256, step)
      values (:id, :c, 'agent:1', now(), 1, 1, 1, 'ready', now() + interval '100 years', now(), '', 'x')""",
    "a link that lives on": "update ledger.export_job set expires_at = now() + interval '1 year' where client_id = :c",
    "a notice that arrived": f"{_NOTICE}, sent_at, delivered_at) {_NOTICE_VALUES}, {_AT}, {_AT})",
    "bytes that were never composed": f"{_NOTICE}, message) {_NOTICE_VALUES}, 'x'::bytea)",
    "the word of the mail system": """insert into ledger.notice_event (client_id, notice_id, kind, provider_event_id,
      occurred_at, received_at, raw) select :c, id, 'delivered', :id::text, now(), now(), '{}' from ledger.notice
      where client_id = :c limit 1""",
    "a delivery": "update ledger.notice set delivered_at = now() where client_id = :c",
    "an end that was carried out long ago": f"{_END} {_END_VALUES}, 'client', 'client_cancel', false, {_AT})",
    "an end by Konectus, with a refund": f"{_END} {_END_VALUES}, 'konectus', 'assignment_competitor', true, null)",
    "an end by the staff's grant": f"{_END} {_END_VALUES}, 'client', 'assignment_competitor', true, null)",
    "a change that is applied": """insert into ledger.subscription_change (id, client_id, subscription_id, requested_at,
      requested_by, applies_at, applied_at) select :id, :c, id, now(), 'agent:1', now(), now() from ledger.subscription
      where client_id = :c limit 1""",
    "a hold of the legal kind": """insert into ledger.hold (id, client_id, kind, reason, placed_at, placed_by)
      values (:id, :c, 'legal', 'Una orden que nadie dio', now(), 'staff:1')""",
    "the release of a hold": "update ledger.hold set released_at = now(), released_by = 'agent:1' where client_id = :c",
    "another acceptance of the Terms": """update ledger.document_acceptance set ip = '192.0.2.9', outcome_at = now()
      where client_id = :c""",
    "an address that was confirmed": """insert into ledger.email_change (id, client_id, user_id, old_email, new_email,
      token_hash, requested_at, expires_at, confirmed_at) select :id, :c, id, 'a@b.mx', 'c@d.mx', '\\x01', now(), now(),
      now() from ledger.authorized_user where client_id = :c limit 1""",
    "the registered address": "update ledger.client set registered_email = 'c@d.mx' where id = :c",
    "proven authority": "update ledger.client set authority = 'verified' where id = :c",
    "an entry of the staff": """insert into ledger.audit_entry (client_id, at, actor_kind, actor_id, actor_name, action,
      subject_kind, subject_id, before, after) values (:c, now(), 'staff', '1', 'Iñaki Peña', 'payment.recorded',
      'payment', '1', '{}', '{}')""",
    "a lift": "update ledger.suspension set lifted_at = now(), lifted_by = 'agent:1' where client_id = :c",
    "a payment": "insert into ledger.payment (id, client_id) values (:id, :c)",
    "a credit note": "insert into ledger.credit_note (id, client_id) values (:id, :c)",
    "a refund": "insert into ledger.refund (id, client_id) values (:id, :c)",
    "a deferral": "insert into ledger.deferral (id, client_id) values (:id, :c)",
    "an approval": "insert into ledger.approval (id, client_id) values (:id, :c)",
    "a task that is done": """insert into ledger.staff_task (id, client_id, kind, subject_ref, opened_at, closed_at)
      values (:id, :c, 'refund_due', :id::text, now(), now())""",
}


@pytest.fixture(scope="module")
def client_id(installation: Installation, make: Factory) -> UUID:
    """A Client with a row in every table; what lives once is ended, so that uniqueness refuses nothing here."""
    found = make.client().id
    fill_every_table(installation, make, found)
    with installation.database.session(Role.WORKER) as session:
        for done in (
            "update ledger.termination set withdrawn_at = now(), withdrawn_by = 'x' where client_id = :c",
            "update ledger.email_change set withdrawn_at = now() where client_id = :c",
            "update ledger.subscription_change set cancelled_at = now() where client_id = :c",
        ):
            session.execute(text(done), {"c": found})
    return found


@pytest.fixture
def people(installation: Installation, client_id: UUID) -> Iterator[Connection]:
    """A session of that Client's people, taken back at the end."""
    url = make_url(installation.database.conninfo(Role.APP)).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as conn:
        conn.execute(text("select set_config('konectus.client_id', :id, true)"), {"id": str(client_id)})
        yield conn
        conn.rollback()
    engine.dispose()


def tried(conn: Connection, statement: str, client_id: UUID) -> Any:
    values = {"c": client_id, "id": uuid7(START)}
    wanted = text(statement.replace(":id::text", "cast(:id as text)"))
    return conn.execute(wanted, {name: value for name, value in values.items() if f":{name}" in str(wanted)})


@pytest.mark.parametrize("forgery", FORGED)
def test_a_clients_people_cannot_write_what_is_not_theirs_to_say(
    people: Connection, client_id: UUID, forgery: str
) -> None:
    with pytest.raises(ProgrammingError, match=r"row-level security|permission denied"):
        tried(people, FORGED[forgery], client_id)


def test_an_end_that_konectus_announced_is_not_theirs_to_take_back(
    installation: Installation, people: Connection, client_id: UUID
) -> None:
    own = f"{_END} {_END_VALUES}, 'client', 'client_cancel', false, null)"
    by_konectus = f"{_END} {_END_VALUES}, 'konectus', 'assignment_competitor', true, null)"
    back = """update ledger.termination set withdrawn_at = now(), withdrawn_by = 'agent:1'
      where client_id = :c and withdrawn_at is null"""
    assert tried(people, own, client_id).rowcount == 1
    assert tried(people, back, client_id).rowcount == 1
    people.commit()
    with installation.database.session(Role.WORKER) as session:
        tried(session.connection(), by_konectus, client_id)
    people.execute(text("select set_config('konectus.client_id', :id, true)"), {"id": str(client_id)})
    with pytest.raises(ProgrammingError, match="row-level security"):
        tried(people, back, client_id)


def test_what_they_were_shown_and_answered_stays_whoever_of_the_pages_writes(
    installation: Installation, client_id: UUID
) -> None:
    """Terms 1: proof that the contract was accepted outlives a mistake of ours as well."""
    for rewriting in (FORGED["another acceptance of the Terms"], "delete from ledger.document_acceptance"):
        refused = pytest.raises(ProgrammingError, match="permission denied")
        with refused, installation.database.session(Role.STAFF) as session:
            tried(session.connection(), rewriting, client_id)
