"""Bodies of the Bot API: users, chats, messages, updates, as api.telegram.org writes them."""

import json
from datetime import datetime
from typing import Any

from ingestion.simulator.state import Account, Attachment, Json, Message, Thread

# These kinds of update come only when they are named in allowed_updates (channels.md 4.1).
BY_NAME_ONLY = frozenset({"message_reaction", "message_reaction_count", "chat_member"})


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def written(update: Json) -> bytes:
    return json.dumps(update, ensure_ascii=True, separators=(",", ":")).encode()


def bot_user(bot: Account) -> Json:
    return {"id": int(bot.id), "is_bot": True, "first_name": bot.name, "username": bot.username}


def me(bot: Account) -> Json:
    """The answer of getMe."""
    abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    return bot_user(bot) | abilities | {"can_connect_to_business": False, "has_main_web_app": False}


def user(thread: Thread) -> Json:
    return {"id": int(thread.person_id), "is_bot": False, **_names(thread), "language_code": thread.person.language}


def chat(thread: Thread) -> Json:
    return {"id": int(thread.person_id), **_names(thread), "type": "private"}


def _names(thread: Thread) -> Json:
    person = thread.person
    named = {"first_name": person.first_name, "last_name": person.last_name, "username": person.handle}
    return {key: value for key, value in named.items() if value}


def message(thread: Thread, said: Message) -> Json:
    """A Message object, whoever wrote it."""
    author = user(thread) if said.direction == "in" else bot_user(thread.account)
    content: Json = {"message_id": int(said.id), "from": author, "chat": chat(thread), "date": seconds(said.at)}
    if said.edited_at:
        content["edit_date"] = seconds(said.edited_at)
    if said.reply_to:
        content["reply_to_message"] = message(thread, thread.message(said.reply_to))
    if said.text:
        content |= {"caption" if said.attachments else "text": said.text}
    for attachment in said.attachments:
        content |= _attachment(attachment)
    return content | _entities(said) | said.native


def _entities(said: Message) -> Json:
    if said.direction == "in" and said.text.startswith("/") and not said.attachments:
        return {"entities": [{"type": "bot_command", "offset": 0, "length": len(said.text.split(" ")[0])}]}
    return {}


def update(bot: Account, kind: str, content: Json) -> Json:
    return {"update_id": bot.next_update_id(), kind: content}


def tapped(thread: Thread, pressed: Message, tap_id: str, payload: str) -> Json:
    """A callback_query: somebody pressed a button under a message of the bot."""
    return {
        "id": tap_id,
        "from": user(thread),
        "message": message(thread, pressed),
        "chat_instance": tap_id[::-1],
        "data": payload,
    }


def membership(thread: Thread, at: datetime, *, blocked: bool) -> Json:
    """my_chat_member of a private chat: blocked is `kicked`, back again is `member`."""
    bot = bot_user(thread.account)
    there, gone = {"user": bot, "status": "member"}, {"user": bot, "status": "kicked", "until_date": 0}
    old, new = (there, gone) if blocked else (gone, there)
    return {
        "chat": chat(thread),
        "from": user(thread),
        "date": seconds(at),
        "old_chat_member": old,
        "new_chat_member": new,
    }


def reaction(thread: Thread, said: Message, at: datetime, before: str | None) -> Json:
    old, new = ([{"type": "emoji", "emoji": e}] if e else [] for e in (before, said.reaction))
    return {
        "chat": chat(thread),
        "message_id": int(said.id),
        "user": user(thread),
        "date": seconds(at),
        "old_reaction": old,
        "new_reaction": new,
    }


def _attachment(attachment: Attachment) -> Json:
    maker = _SHAPES.get(attachment.type, _document)
    return maker(attachment)


def _file(attachment: Attachment, **more: Any) -> Json:
    facts = attachment.facts
    found = {"file_id": facts["file_id"], "file_unique_id": facts["file_unique_id"], "file_size": attachment.size}
    return found | {key: value for key, value in more.items() if value}


def _document(attachment: Attachment) -> Json:
    return {"document": _file(attachment, file_name=attachment.name, mime_type=attachment.media_type)}


def _photo(attachment: Attachment) -> Json:
    facts = attachment.facts
    large = _file(attachment) | {"width": facts["width"], "height": facts["height"]}
    return {"photo": [facts["thumb"], large] if "thumb" in facts else [large]}


def _voice(attachment: Attachment) -> Json:
    return {"voice": _file(attachment, mime_type=attachment.media_type) | {"duration": attachment.facts["seconds"]}}


def _audio(attachment: Attachment) -> Json:
    return {"audio": _file(attachment, mime_type=attachment.media_type) | {"duration": attachment.facts["seconds"]}}


def _video(attachment: Attachment) -> Json:
    facts = attachment.facts
    size = {"width": facts["width"], "height": facts["height"], "duration": facts["seconds"]}
    return {"video": _file(attachment, mime_type=attachment.media_type) | size}


def _sticker(attachment: Attachment) -> Json:
    look = {"type": "regular", "is_animated": False, "is_video": False, "width": 512, "height": 512, "emoji": "🙏"}
    return {"sticker": look | _file(attachment)}


def _location(attachment: Attachment) -> Json:
    place = attachment.facts["coordinates"]
    return {"location": {"latitude": place["lat"], "longitude": place["long"]}}


def _contact(attachment: Attachment) -> Json:
    return {"contact": {"phone_number": attachment.facts["phone"], "first_name": attachment.name}}


_SHAPES = {
    "image": _photo,
    "photo": _photo,
    "voice": _voice,
    "audio": _audio,
    "video": _video,
    "sticker": _sticker,
    "location": _location,
    "contact": _contact,
}
