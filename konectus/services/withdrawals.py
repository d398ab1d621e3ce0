"""People who take back what they granted at Meta: deauthorize and data-deletion calls (channels.md 1.7)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from konectus import ids
from konectus.domain.connectors import LIVE, ConnectorState, Reason
from konectus.domain.signed_requests import SignedRequest, grantor
from konectus.errors import NotFound
from konectus.services import connectors
from konectus.services.connectors import Ending
from konectus.services.work import Change, Work
from konectus.settings import MetaApp
from konectus.store.queries import connectors as rows
from konectus.store.queries import deletions
from konectus.store.queries.deletions import Deletion

REVOKED = Ending(Reason.REVOKED, ConnectorState.NEEDS_RECONFIGURATION, "The person who granted it took it back at Meta")
_NOTHING = "nothing_held"
_DONE = "revoked"


class NoSuchDeletion(NotFound):
    code = "no_such_deletion"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the person who asked may see. `outcome` is `revoked` or `nothing_held`, None while it is under way."""

    requested_at: datetime
    finished_at: datetime | None
    outcome: str | None
    connectors: int


def deauthorize(work: Work, app: MetaApp, told: SignedRequest) -> int:
    """Every Connector this person granted stops at once and loses its token, which is dead already; how many. So do
    accounts of theirs that wait to be picked.
    """
    person = _person(work, app, told)
    deletions.forget_consents(work.session, person)
    found = rows.granted_by(work.session, person)
    return sum(_revoke(work, client_id, connector_id) for client_id, connector_id in found)


def delete(work: Work, app: MetaApp, told: SignedRequest) -> str:
    """Begin to delete what we hold of a person who granted Connectors; the code under which they can follow it.

    A call that Meta repeats has the same code. The Connectors are unsubscribed by the sender and lose their tokens;
    conversations belong to the Client and stay.
    """
    person = _person(work, app, told)
    found = rows.granted_by(work.session, person)
    new = Deletion(work.new_id(), _code(), app.name, person, told.issued_at or work.now)
    code = deletions.add(work.session, new, work.now, len(found))
    deletions.forget_consents(work.session, person)
    for client_id, connector_id in found:
        row = connectors.locked(work, client_id, connector_id)
        if row.state in (*LIVE, ConnectorState.PENDING_AUTH):
            connectors.disconnect(work, client_id, connector_id, REVOKED)
    if not rows.granted_by(work.session, person):
        rows.forget_grantor(work.session, person)
        deletions.finish(work.session, person, work.now, _DONE if found else _NOTHING)
    return code


def settled(work: Work, connector_id: UUID) -> None:
    """A Connector was disconnected: where its person waits for a deletion and it was the last one, that is done."""
    person = rows.grantor_of(work.session, connector_id)
    if person is None or rows.granted_by(work.session, person) or not deletions.is_open(work.session, person):
        return
    rows.forget_grantor(work.session, person)
    deletions.finish(work.session, person, work.now, _DONE)


def progress(work: Work, code: str) -> Progress:
    """How a deletion stands. Raises NoSuchDeletion."""
    found = deletions.by_code(work.session, code)
    if found is None:
        raise NoSuchDeletion
    return Progress(*found)


def _person(work: Work, app: MetaApp, told: SignedRequest) -> bytes:
    return grantor(work.keys.hashing(), app.id, told.user_id)


def _revoke(work: Work, client_id: UUID, connector_id: UUID) -> bool:
    row = connectors.locked(work, client_id, connector_id)
    if row.state in LIVE:
        connectors.move(work, row, ConnectorState.DISCONNECTING, Reason.REVOKED)
    elif row.state is ConnectorState.DISCONNECTING:
        return False  # the sender is at it, and ends it where its owner wanted it
    connectors.settle(work, client_id, connector_id, ConnectorState.NEEDS_RECONFIGURATION, Reason.REVOKED)
    change = Change(client_id, REVOKED.why, {"state": str(row.state)}, {"state": "needs_reconfiguration"})
    work.record("connector.revoked", ("connector", connector_id), change)
    return True


def _code() -> str:
    """Letters and digits alone, as Meta asks; nobody guesses 160 bits."""
    return ids.token().replace("-", "x").replace("_", "y")[:32]
