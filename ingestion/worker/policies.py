"""Meta blocks a Page for breaking its rules, or unblocks it: the Connector is degraded, or back (channels.md 2.2)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from ingestion.worker.noting import Note
from konectus.domain.connectors import LIVE, ConnectorState, Reason
from konectus.services import connectors
from konectus.services.work import Actor, Work
from konectus.store.keystore import Keys
from konectus.store.queries import connectors as read
from konectus.store.queries import thread_events

POLICY = "policy"
_META = Actor("provider", "meta", "Meta")


def settle(session: Session, keys: Keys, now: datetime, notes: Sequence[Note]) -> None:
    """The latest word by Meta's own time counts, however they came in."""
    work = Work(session, now, _META, keys)
    for client_id, connector_id in sorted({(n.client_id, n.connector_id) for n in notes if n.kind == POLICY}):
        _settle(work, client_id, connector_id, _is_blocked(work, client_id, connector_id))


def _is_blocked(work: Work, client_id: UUID, connector_id: UUID) -> bool:
    said = thread_events.events_of_kind(work.session, client_id, connector_id, POLICY)
    actions = [event.facts(work.client_keys(client_id)).get("policy", {}).get("action") for event in said]
    decided = [action for action in actions if action in ("block", "unblock")]
    return bool(decided) and decided[-1] == "block"


def _settle(work: Work, client_id: UUID, connector_id: UUID, is_blocked: bool) -> None:  # noqa: FBT001 - what Meta says
    row = read.lock(work.session, client_id, connector_id)
    if row is None or row.state not in LIVE or row.reason == Reason.PAUSED_BY_STAFF:
        return
    if is_blocked:
        connectors.settle(work, client_id, connector_id, ConnectorState.DEGRADED, Reason.POLICY_BLOCK)
    elif row.reason == Reason.POLICY_BLOCK:
        connectors.settle(work, client_id, connector_id, ConnectorState.CONNECTED)
