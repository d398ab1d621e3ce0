"""One update of the Bot API as events. The bot is told by the address it came to, not by the body."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from ingestion.channels.port.reading import (
    facts_of,
    first_text,
    id_of,
    instant_of,
    list_of,
    mapping_of,
    number_of,
    text_of,
)
from ingestion.channels.telegram import messages
from ingestion.channels.telegram.messages import Chat
from ingestion.wire import Broken, Deletion, Edit, Item, Json, Message, Reaction, Signal
from konectus.domain.channels import as_stored
from konectus.domain.conversations import Direction

Content = Mapping[str, object]
# Updates that are known and say nothing to us: they stay in the raw log under their own name.
_RAW_ONLY = frozenset(
    {
        "chat_boost", "chat_join_request", "chat_member", "chosen_inline_result", "guest_message", "inline_query",
        "managed_bot", "message_reaction_count", "poll", "poll_answer", "pre_checkout_query", "purchased_paid_media",
        "removed_chat_boost", "shipping_query", "stopped_message_generation", "subscription",
    }
)  # fmt: skip


def parse(body: object, account: str | None) -> tuple[Item, ...]:
    """The events of an update; several for a withdrawal of several messages, none for an update without content."""
    if not isinstance(body, dict):
        return (Broken(reason="not an object", raw=body, account=account),)
    update = mapping_of(body)
    key = next((name for name in update if name != "update_id"), None)
    if key is None:
        return ()
    content = mapping_of(update[key])
    if key in _READERS:
        read = _READERS[key](content, account) or (Broken(reason="no id", raw=body, account=account),)
        return tuple(_numbered(item, number_of(update.get("update_id"))) for item in read)
    if key in _RAW_ONLY:
        return (Signal(account=account, kind=key, occurred_at=instant_of(content.get("date"))),)
    return (Signal(account=account, kind="unknown", facts={"raw_key": as_stored(key)}),)


def _numbered(item: Item, number: int | None) -> Item:
    """Telegram's clock knows seconds alone: of two changes in one the later update counts."""
    return replace(item, number=number) if isinstance(item, Edit | Reaction) else item


def _message(content: Content, account: str | None) -> tuple[Item, ...]:
    return _maybe(messages.read(content, account))


def _edit(content: Content, account: str | None) -> tuple[Item, ...]:
    return _maybe(messages.read_edit(content, account))


def _maybe(item: Item | None) -> tuple[Item, ...]:
    return () if item is None else (item,)


def _withdrawals(content: Content, account: str | None) -> tuple[Item, ...]:
    chat, connection = Chat.of(content), id_of(content.get("business_connection_id"))
    numbers = content.get("message_ids")
    ids = [number for number in map(id_of, numbers) if number] if isinstance(numbers, list) else []
    if chat is None or connection is None:
        return ()
    return tuple(
        Deletion(
            account=account,
            contact=chat.person,
            facts={"business_connection": connection},
            external_id=f"{connection}:{chat.id}:{number}",
            direction=None,
        )
        for number in ids
    )


def _reaction(content: Content, account: str | None) -> tuple[Item, ...]:
    chat, number = Chat.of(content), id_of(content.get("message_id"))
    if chat is None or number is None:
        return ()
    actor = mapping_of(content.get("user") or content.get("actor_chat"))
    old, new = _emojis(content.get("old_reaction")), _emojis(content.get("new_reaction"))
    told: Json = {"old": old, "new": new}
    return (
        Reaction(
            account=account,
            contact=chat.person,
            occurred_at=instant_of(content.get("date")),
            facts={**chat.facts(id_of(actor.get("id"))), "reaction": told},
            external_id=f"{chat.id}:{number}",
            emoji=new[0] if new else None,
        ),
    )


def _emojis(value: object) -> list[str]:
    """What each reaction is called: an emoji, the id of a custom one, or its type."""
    told = (mapping_of(item) for item in list_of(value))
    return [first_text(item.get("emoji"), item.get("custom_emoji_id"), item.get("type")) or "" for item in told]


def _callback(content: Content, account: str | None) -> tuple[Item, ...]:
    number = id_of(content.get("id"))
    if number is None:
        return ()
    chat = Chat.of(mapping_of(content.get("message")))
    person = messages.person_of(content.get("from"))
    data = text_of(content.get("data"))
    return (
        Message(
            account=account,
            contact=chat.person if chat else None,
            facts=chat.facts(person.id if person else None) if chat else {},
            kind="callback",
            direction=Direction.IN,
            external_id=number,
            text=_label(mapping_of(content.get("message")), data) or data,
            payload=data,
            person=person,
        ),
    )


def _label(message: Content, data: str | None) -> str | None:
    """The words on the button that was tapped."""
    rows = mapping_of(message.get("reply_markup")).get("inline_keyboard")
    buttons = [mapping_of(button) for row in (rows if isinstance(rows, list) else []) for button in list_of(row)]
    return next((text_of(b.get("text")) for b in buttons if data and b.get("callback_data") == data), None)


def _membership(content: Content, account: str | None) -> tuple[Item, ...]:
    chat = Chat.of(content)
    if chat is None:
        return ()
    status = text_of(mapping_of(content.get("new_chat_member")).get("status"))
    return (
        Signal(
            account=account,
            contact=chat.person,
            occurred_at=instant_of(content.get("date")),
            facts={**chat.facts(None), "status": status},
            kind="bot_membership",
        ),
    )


def _connection(content: Content, account: str | None) -> tuple[Item, ...]:
    number = id_of(content.get("id"))
    if number is None:
        return ()
    rights = mapping_of(content.get("rights")) or content  # `can_reply` stood alone before Bot API 9.0
    facts: Mapping[str, Json] = {
        "enabled": content.get("is_enabled") is True,
        "can_reply": rights.get("can_reply") is True,
        "owner": id_of(mapping_of(content.get("user")).get("id")),
        "rights": facts_of(content.get("rights")),
    }
    at = instant_of(content.get("date"))
    return (Signal(account=account, kind="business_connection", external_id=number, occurred_at=at, facts=facts),)


_READERS: Mapping[str, Callable[[Content, str | None], tuple[Item, ...]]] = {
    "message": _message,
    "business_message": _message,
    "channel_post": _message,
    "edited_message": _edit,
    "edited_channel_post": _edit,
    "edited_business_message": _edit,
    "deleted_business_messages": _withdrawals,
    "message_reaction": _reaction,
    "callback_query": _callback,
    "my_chat_member": _membership,
    "business_connection": _connection,
}
