"""What joins the rows of an archive: ids in place of keyed hashes, the Plan of a Subscription, the text shown now."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import aliased

from konectus.sealing import ClientKeys
from konectus.store.models.amendments import MessageVersion
from konectus.store.models.clients import PlanVersion
from konectus.store.models.inbox import Conversation, EndContact, Message

# Names that a part has besides its columns.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "messages": ("reply_to_id", "text_now"),
    "versions": ("message_id",),
    "reactions": ("message_id",),
    "conversation_events": ("conversation_id", "contact_id"),
    "subscriptions": ("plan", "plan_version", "price_cents", "currency", "interval"),
}


def of(name: str, table: Table) -> Sequence[ColumnElement[Any]]:
    """What is read besides the table's columns."""
    make = _READ.get(name)
    return make(table) if make else ()


def told(name: str, keys: ClientKeys, raw: Mapping[Any, Any]) -> dict[str, object]:
    """The values under the names of COLUMNS."""
    found: dict[str, object] = {column: raw[column] for column in COLUMNS.get(name, ()) if column in raw}
    if name == "messages":
        found["text_now"] = _text_now(keys, raw)
    return found


def _text_now(keys: ClientKeys, raw: Mapping[Any, Any]) -> str | None:
    """As the last edit left it; empty where it was never edited."""
    sealed, version_id = raw["version_sealed"], raw["version_id"]
    return keys.read(sealed, "message_version", "text_sealed", version_id) if version_id else None


def _message_of(table: Table, key: str) -> Any:
    """The id of the message that a keyed hash names."""
    message = aliased(Message)
    named = select(message.id).where(
        message.client_id == table.c.client_id,
        message.connector_id == table.c.connector_id,
        message.external_key == table.c[key],
    )
    return named.scalar_subquery()


def _of_message(table: Table) -> Sequence[ColumnElement[Any]]:
    return (_message_of(table, "external_key").label("message_id"),)


def _of_messages(table: Table) -> Sequence[ColumnElement[Any]]:
    def last(column: Any, name: str) -> ColumnElement[Any]:
        newest = (
            select(column)
            .where(
                table.c.edited_at.is_not(None),
                MessageVersion.client_id == table.c.client_id,
                MessageVersion.connector_id == table.c.connector_id,
                MessageVersion.external_key == table.c.external_key,
            )
            .order_by(MessageVersion.at.desc(), MessageVersion.number.desc().nulls_last(), MessageVersion.id.desc())
            .limit(1)
        )
        return newest.scalar_subquery().label(name)

    return (
        _message_of(table, "reply_to_key").label("reply_to_id"),
        last(MessageVersion.id, "version_id"),
        last(MessageVersion.__table__.c.text_sealed, "version_sealed"),
    )


def _of_event(table: Table) -> Sequence[ColumnElement[Any]]:
    contact = (
        select(EndContact.id)
        .where(
            EndContact.client_id == table.c.client_id,
            EndContact.connector_id == table.c.connector_id,
            EndContact.external_key == table.c.contact_key,
        )
        .scalar_subquery()
    )
    conversation = select(Conversation.id).where(
        Conversation.client_id == table.c.client_id, Conversation.contact_id == contact
    )
    return contact.label("contact_id"), conversation.limit(1).scalar_subquery().label("conversation_id")


def _of_subscription(table: Table) -> Sequence[ColumnElement[Any]]:
    def plan(column: Any, name: str) -> ColumnElement[Any]:
        found = select(column).where(PlanVersion.id == table.c.plan_version_id)
        return found.scalar_subquery().label(name)

    of_plan = {"plan": "plan_code", "plan_version": "version"} | {
        name: name for name in ("price_cents", "currency", "interval")
    }
    return tuple(plan(getattr(PlanVersion, column), name) for name, column in of_plan.items())


_READ: Mapping[str, Callable[[Table], Sequence[ColumnElement[Any]]]] = {
    "messages": _of_messages,
    "versions": _of_message,
    "reactions": _of_message,
    "conversation_events": _of_event,
    "subscriptions": _of_subscription,
}
