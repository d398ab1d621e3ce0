"""Rarer methods of the Bot API: albums, places, cards, and what a bot may do in an owner's chats."""

from collections.abc import Awaitable, Callable
from typing import Any

from ingestion.simulator import bot_errors, post, telegram_send, updates
from ingestion.simulator.calls import Call
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Attachment, Json, Message, Thread

_ALBUM = range(2, 11)
# What may stand together in one album (channels.md 4.6).
_MIXED = frozenset({"photo", "video", "live_photo"})
_KINDS = _MIXED | {"document", "audio"}


async def _media_group(stage: Stage, bot: Account, call: Call) -> list[Json]:
    """2 to 10 items, documents and audio only among their own kind; one Message for each."""
    thread, media = telegram_send.chat_of(stage, bot, call), call.listing("media")
    kinds = {str(item.get("type")) for item in media}
    if len(media) not in _ALBUM:
        raise bot_errors.bad("wrong number of messages in the album: must be between 2 and 10")
    if not kinds <= _KINDS or (len(kinds) > 1 and not kinds <= _MIXED):
        raise bot_errors.bad("can't mix these types in an album")
    if any(telegram_send.length(str(item.get("caption", ""))) > telegram_send.CAPTION_CHARACTERS for item in media):
        raise bot_errors.bad("message caption is too long")
    made = [await telegram_send.attached(stage, bot, i["type"], call, str(i.get("media", ""))) for i in media]
    group = stage.world.mint.digits(17, "sent album", bot.id, len(thread.messages), len(stage.uploads))
    said = []
    for item, attachment in zip(media, made, strict=True):
        message = Message("", "out", stage.clock.now(), str(item.get("caption", "")), [attachment])
        message.native = {"media_group_id": group}
        said.append(telegram_send.said(stage, thread, call, message))
    return said


async def _place(stage: Stage, bot: Account, call: Call) -> Json:
    return _fileless(stage, bot, call, "venue" if call.text("title") else "location")


async def _card(stage: Stage, bot: Account, call: Call) -> Json:
    return _fileless(stage, bot, call, "contact")


async def _dice(stage: Stage, bot: Account, call: Call) -> Json:
    return _fileless(stage, bot, call, "dice")


def _fileless(stage: Stage, bot: Account, call: Call, kind: str) -> Json:
    thread = telegram_send.chat_of(stage, bot, call)
    facts: Json = {"number": stage.world.mint.digits(16, "sent", bot.id, len(thread.messages))}
    if kind in {"location", "venue"}:
        try:
            facts["coordinates"] = {"lat": float(call.text("latitude")), "long": float(call.text("longitude"))}
        except ValueError as error:
            raise bot_errors.bad("wrong latitude or longitude") from error
    facts["phone"] = call.text("phone_number")
    made = Attachment(kind, name=call.text("title") or call.text("first_name"), facts=facts)
    return telegram_send.said(stage, thread, call, Message("", "out", stage.clock.now(), "", [made]))


async def _get_connection(stage: Stage, bot: Account, call: Call) -> Json:
    found = stage.world.connections.get(call.text("business_connection_id"))
    if found is None or found.bot is not bot:
        raise bot_errors.bad("business connection not found")
    return updates.connection(found, found.at)


async def _read_business(stage: Stage, bot: Account, call: Call) -> bool:
    thread = _allowed(stage, bot, call, "can_read_messages")
    if all(m.id != call.text("message_id") for m in thread.messages):
        raise bot_errors.bad("message to read not found")
    return True


async def _delete_business(stage: Stage, bot: Account, call: Call) -> bool:
    """Deleting needs a right of its own, and its deletions are announced like the owner's."""
    ids = {str(given) for given in call.listing("message_ids")}
    connection = stage.world.connections.get(call.text("business_connection_id"))
    theirs = [t for t in stage.world.threads_of(bot) if t.connection is not None and t.connection is connection]
    if connection is None or not connection.rights.get("can_delete_sent_messages"):
        raise bot_errors.bad("business connection not found")
    for thread in theirs:
        gone = [m for m in thread.messages if m.id in ids]
        for message in gone:
            message.deleted_at = stage.clock.now()
        if gone:
            content = updates.business_deleted(thread, [m.id for m in gone])
            post.bot_update(stage, thread, "deleted", content, stage.clock.now())
    return True


def _allowed(stage: Stage, bot: Account, call: Call, right: str) -> Thread:
    thread = stage.world.thread_of(bot, call.text("chat_id"), call.text("business_connection_id"))
    connection = thread.connection if thread else None
    if thread is None or connection is None or not connection.is_enabled or not connection.rights.get(right):
        raise bot_errors.bad("business connection not found")
    return thread


async def _leave(stage: Stage, bot: Account, call: Call) -> bool:
    thread = telegram_send.chat_of(stage, bot, call)
    if thread.group is None:
        raise bot_errors.bad("chat member status can't be changed in private chats")
    thread.blocked = True
    return True


METHODS: dict[str, Callable[[Stage, Account, Call], Awaitable[Any]]] = {
    "sendmediagroup": _media_group,
    "sendlocation": _place,
    "sendvenue": _place,
    "sendcontact": _card,
    "senddice": _dice,
    "getbusinessconnection": _get_connection,
    "readbusinessmessage": _read_business,
    "deletebusinessmessages": _delete_business,
    "leavechat": _leave,
}
