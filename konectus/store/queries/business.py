"""Owners' Telegram accounts: through which of them a conversation is answered, and whether it may be."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.sealing import ClientKeys
from konectus.store.queries import thread_events

CONNECTION = "business_connection"
# A person whose last word came through the owner has hardly written so often to the bot since.
_LOOKED_AT = 20
# Anybody on Telegram may connect a bot to their account: what they tell must not slow replies down.
_CONNECTIONS = 200
# Of an owner's chat an external id is connection:chat:message.
_PARTS = 3


@dataclass(frozen=True, slots=True)
class BusinessRoute:
    """The owner's connection. Unknown rights (it was made before the Connector) count as given: the channel decides."""

    connection: str
    enabled: bool
    can_reply: bool


def business_route(
    session: Session, keys: ClientKeys, connector_id: UUID, conversation_id: UUID
) -> BusinessRoute | None:
    """Through which owner's account the person last wrote; None for a conversation with the bot itself."""
    rows = session.execute(
        text(
            "select id, external_id_sealed from tenant.message where client_id = :client"
            " and conversation_id = :conversation and direction = 'in' and external_id_sealed is not null"
            " order by occurred_at desc, id desc limit :most"
        ),
        {"client": keys.client_id, "conversation": conversation_id, "most": _LOOKED_AT},
    ).all()
    for row in rows:
        parts = keys.open_text(row.external_id_sealed, "message", "external_id_sealed", row.id).split(":")
        if len(parts) == _PARTS:
            return _route(session, keys, connector_id, parts[0])
    return None


def _route(session: Session, keys: ClientKeys, connector_id: UUID, connection: str) -> BusinessRoute:
    """As the channel told it last, by its own time; not known any more where very many have connected since."""
    events = thread_events.events_of_kind(session, keys.client_id, connector_id, CONNECTION, most=_CONNECTIONS)
    told = [facts for event in events if (facts := event.facts(keys)).get("id") == connection]
    if not told:
        return BusinessRoute(connection, enabled=True, can_reply=True)
    enabled = told[-1].get("enabled") is True
    return BusinessRoute(connection, enabled=enabled, can_reply=enabled and told[-1].get("can_reply") is True)
