"""Bodies of the Bot API: users, chats, messages, updates, as api.telegram.org writes them."""

import json
from datetime import datetime

from ingestion.simulator import contents
from ingestion.simulator.state import Account, BusinessConnection, Group, Json, Message, Person, Thread, Writer

# These kinds of update come only when they are named in allowed_updates (channels.md 4.1).
BY_NAME_ONLY = frozenset({"message_reaction", "message_reaction_count", "chat_member"})
# Every kind of update there is; whatever is asked for in allowed_updates beyond these is not heeded.
KINDS = BY_NAME_ONLY | {
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "guest_message", "inline_query", "chosen_inline_result",
    "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer",
    "my_chat_member", "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot", "subscription",
    "stopped_message_generation",
}  # fmt: skip
_ADMINISTRATOR = (
    "can_be_edited", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories", "can_send_welcome_messages",
)  # fmt: skip


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def written(update: Json) -> bytes:
    return json.dumps(update, ensure_ascii=True, separators=(",", ":")).encode()


def bot_user(bot: Account) -> Json:
    return {"id": int(bot.id), "is_bot": True, "first_name": bot.name, "username": bot.username}


def me(bot: Account) -> Json:
    """The answer of getMe."""
    abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
    more = ("has_main_web_app", "has_topics_enabled", "allows_users_to_create_topics", "can_manage_bots",
            "supports_guest_queries", "supports_join_request_queries")  # fmt: skip
    return bot_user(bot) | abilities | {"can_connect_to_business": True} | dict.fromkeys(more, False)


def user(thread: Thread, writer: Writer | None = None) -> Json:
    """Whoever the thread is with, or the one of several who wrote."""
    who = writer or Writer(thread.person, thread.person_id)
    return {
        "id": int(who.person_id),
        "is_bot": False,
        **_names(who.person),
        "language_code": who.person.language,
    }


def chat(thread: Thread) -> Json:
    group = thread.group
    if group is None:
        return {"id": int(thread.person_id), **_names(thread.person), "type": "private"}
    return group_chat(group)


def group_chat(group: Group) -> Json:
    more = {"all_members_are_administrators": True} if group.kind == "group" else {}
    return {"id": int(group.chat_id), "title": group.name, "type": group.kind, **more}


def _names(person: Person) -> Json:
    named = {"first_name": person.first_name, "last_name": person.last_name, "username": person.handle}
    return {key: value for key, value in named.items() if value}


def message(thread: Thread, said: Message) -> Json:
    """A Message object, whoever wrote it."""
    content: Json = {"message_id": int(said.id), **_author(thread, said), "chat": chat(thread)}
    content["date"] = seconds(said.at)
    if said.edited_at:
        content["edit_date"] = seconds(said.edited_at)
    if said.reply_to:
        content["reply_to_message"] = message(thread, thread.message(said.reply_to))
    if said.text:
        content |= {"caption" if any(contents.takes_caption(a) for a in said.attachments) else "text": said.text}
    for attachment in said.attachments:
        content |= contents.shape(attachment)
    return content | _entities(said) | {k: v for k, v in said.native.items() if k != "our_reaction"}


def _author(thread: Thread, said: Message) -> Json:
    """Posts of a channel are the channel's; in a business chat the owner speaks, by hand or through the bot."""
    if thread.group is not None and thread.group.kind == "channel":
        return {"sender_chat": chat(thread)}
    if thread.connection is None:
        author = user(thread, said.writer) if said.direction == "in" else bot_user(thread.account)
        return {"from": author}
    named: Json = {"business_connection_id": thread.connection.id}
    if said.direction == "in":
        return named | {"from": user(thread)}
    by_hand = {} if said.writer else {"sender_business_bot": bot_user(thread.account)}
    return named | {"from": user(thread, thread.connection.owner)} | by_hand


def _entities(said: Message) -> Json:
    if said.direction == "in" and said.text.startswith("/") and not said.attachments:
        return {"entities": [{"type": "bot_command", "offset": 0, "length": len(said.text.split(" ")[0])}]}
    return {}


def update(bot: Account, kind: str, content: Json) -> Json:
    return {"update_id": bot.next_update_id(), kind: content}


def tapped(thread: Thread, pressed: Message, tap_id: str, payload: str, writer: Writer | None = None) -> Json:
    """A callback_query: somebody pressed a button under a message of the bot."""
    return {
        "id": tap_id,
        "from": user(thread, writer),
        "message": message(thread, pressed),
        "chat_instance": tap_id[::-1],
        "data": payload,
    }


def membership(thread: Thread, at: datetime, statuses: tuple[str, str], by: Writer | None = None) -> Json:
    """my_chat_member: the bot's status before and after; in a private chat `kicked` means blocked."""
    old, new = ({"user": bot_user(thread.account), "status": status, **_until(status)} for status in statuses)
    return {
        "chat": chat(thread),
        "from": user(thread, by),
        "date": seconds(at),
        "old_chat_member": old,
        "new_chat_member": new,
    }


def _until(status: str) -> Json:
    if status == "kicked":
        return {"until_date": 0}
    return dict.fromkeys(_ADMINISTRATOR, True) | {"is_anonymous": False} if status == "administrator" else {}


def reaction(thread: Thread, said: Message, change: tuple[datetime, str | None], by: Writer | None) -> Json:
    """Who changed the reaction from what (None: there was none) to what, and when."""
    at, before = change
    old, new = ([{"type": "emoji", "emoji": e}] if e else [] for e in (before, said.reaction))
    return {
        "chat": chat(thread),
        "message_id": int(said.id),
        "user": user(thread, by),
        "date": seconds(at),
        "old_reaction": old,
        "new_reaction": new,
    }


def reaction_count(thread: Thread, said: Message, at: datetime) -> Json:
    """How often which reaction stands under a post of a channel; nobody is named."""
    counted = [{"type": {"type": "emoji", "emoji": said.reaction}, "total_count": 1}] if said.reaction else []
    return {"chat": chat(thread), "message_id": int(said.id), "date": seconds(at), "reactions": counted}


def connection(told: BusinessConnection, at: datetime) -> Json:
    owner = told.owner
    person = {"id": int(owner.person_id), "is_bot": False, **_names(owner.person)}
    return {
        "id": told.id,
        "user": person | {"language_code": owner.person.language},
        "user_chat_id": int(owner.person_id),
        "date": seconds(at),
        "is_enabled": told.is_enabled,
        "rights": told.rights,
    }


def business_deleted(thread: Thread, message_ids: list[str]) -> Json:
    named = thread.connection.id if thread.connection else ""
    return {"business_connection_id": named, "chat": chat(thread), "message_ids": [int(m) for m in message_ids]}
