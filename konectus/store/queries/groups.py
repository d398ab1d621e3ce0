"""Groups of Telegram that change their id: contact and conversation stay, and two that had begun become one."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from konectus.sealing import ClientKeys
from konectus.store.queries import intake
from konectus.store.queries.sets import statement

# What hangs on a conversation and moves along.
_BELONGINGS = ("message", "reply", "outbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A chat's id before and after, as the channel writes them."""

    client_id: UUID
    connector_id: UUID
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Merged:
    """People had written under both ids: the conversation that ended, the one that goes on, the messages that moved."""

    ended: UUID
    going_on: UUID
    messages: tuple[UUID, ...]


def rename(session: Session, keys: ClientKeys, migration: Migration) -> Merged | None:
    """The group goes by its new id from now on; nothing where the old one is not known."""
    client_id, connector_id = migration.client_id, migration.connector_id
    old_key, new_key = (keys.key_of("contact", chat) for chat in (migration.old, migration.new))
    refs = [(client_id, connector_id, key) for key in (old_key, new_key)]
    threads = intake.threads(session, refs)
    old, new = threads.get((connector_id, old_key)), threads.get((connector_id, new_key))
    if old is None:
        return None
    merged: Merged | None = None
    if new is not None:
        if old.conversation_id and new.conversation_id:
            merged = _merge(session, client_id, new.conversation_id, old.conversation_id)
        _drop_contact(session, client_id, new.contact_id)
    sealed = keys.seal_text(migration.new, "contact", "external_id_sealed", old.contact_id)
    session.execute(
        text(
            "update tenant.contact set external_key = :key, external_id_sealed = :sealed"
            " where client_id = :client and id = :id"
        ),
        {"key": new_key, "sealed": sealed, "client": client_id, "id": old.contact_id},
    )
    return merged


def _merge(session: Session, client_id: UUID, ending: UUID, going_on: UUID) -> Merged:
    intake.lock(session, [(client_id, ending), (client_id, going_on)])
    values = {"client": client_id, "ending": ending, "on": going_on}
    moved = session.execute(
        text("select id from tenant.message where client_id = :client and conversation_id = :ending"), values
    )
    messages = tuple(moved.scalars())
    for table in _BELONGINGS:
        session.execute(
            statement(
                "update tenant.{table} set conversation_id = :on"
                " where client_id = :client and conversation_id = :ending",
                table=table,
            ),
            values,
        )
    session.execute(
        text(
            "update tenant.draft d set conversation_id = :on where client_id = :client and conversation_id = :ending"
            " and not exists (select 1 from tenant.draft o where o.client_id = d.client_id"
            " and o.conversation_id = :on and o.user_id = d.user_id)"
        ),
        values,
    )
    session.execute(text("delete from tenant.draft where client_id = :client and conversation_id = :ending"), values)
    session.execute(
        text(
            "update tenant.conversation v set last_at = greatest(v.last_at, e.last_at), unread = v.unread + e.unread,"
            " window_opened_at = greatest(v.window_opened_at, e.window_opened_at),"
            " status = case when e.unread > 0 then 'open' else v.status end,"
            " closed_at = case when e.unread > 0 then null else v.closed_at end"
            " from tenant.conversation e where v.client_id = :client and v.id = :on"
            " and e.client_id = :client and e.id = :ending"
        ),
        values,
    )
    return Merged(ending, going_on, messages)


def _drop_contact(session: Session, client_id: UUID, contact_id: UUID) -> None:
    values = {"client": client_id, "id": contact_id}
    session.execute(text("delete from tenant.conversation where client_id = :client and contact_id = :id"), values)
    session.execute(text("delete from tenant.contact where client_id = :client and id = :id"), values)
