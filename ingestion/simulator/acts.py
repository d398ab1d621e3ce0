"""What End Contacts do: write, react, edit, unsend, read, tap, block; and what an owner types by hand."""

from dataclasses import dataclass, field
from datetime import datetime

from ingestion.simulator import bodies, post, updates
from ingestion.simulator.attachments import UNSUPPORTED, Wanted, make, refuse_foreign
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Json, Message, Thread, Writer
from konectus.errors import Conflict

Sent = list[Delivery]


@dataclass
class Words:
    """What somebody says at once. `at` None is now; `native` goes into the message as it is."""

    text: str = ""
    attachments: list[Wanted] = field(default_factory=list)
    reply_to: str | None = None
    story: bool = False
    at: datetime | None = None
    writer: Writer | None = None
    native: Json = field(default_factory=dict)


def say(stage: Stage, thread: Thread, words: Words) -> tuple[Message, Sent]:
    """A person writes. Telegram sends several files as an album, one update each; the first message is returned."""
    if thread.account.channel != "telegram":
        return _say_meta(stage, thread, words)
    album = (
        {"media_group_id": stage.world.mint.digits(17, "album", *_place(thread))} if len(words.attachments) > 1 else {}
    )
    messages, sent = [], Sent()
    for index, wanted in enumerate(words.attachments or [None]):
        message = _incoming(stage, thread, words, [wanted] if wanted else [])
        message.text = words.text if index == 0 else ""
        message.native |= album
        messages.append(message)
        sent += post.bot_update(stage, thread, "message", updates.message(thread, message), message.at)
    return messages[0], sent


def _say_meta(stage: Stage, thread: Thread, words: Words) -> tuple[Message, Sent]:
    message = _incoming(stage, thread, words, words.attachments)
    if words.story:
        story_id = stage.world.mint.digits(17, "story", thread.account.id)
        key, _ = stage.library.make("image", "story", thread.account.id)
        message.native["reply_to"] = {"story": {"id": story_id, "url": stage.media_url(key)}}
    if any(wanted.type == UNSUPPORTED for wanted in words.attachments):
        message.native["is_unsupported"] = True
    return message, post.meta_event(stage, thread, "message", bodies.said(thread, message))


def _incoming(stage: Stage, thread: Thread, words: Words, wanted: list[Wanted]) -> Message:
    for one in wanted:
        refuse_foreign(thread, one)
    message_id = mint_message_id(stage, thread)
    made = [make(stage, thread, w, f"{message_id}/{i}") for i, w in enumerate(wanted) if w.type != UNSUPPORTED]
    at = words.at or stage.clock.now()
    message = Message(message_id, "in", at, words.text, made, words.reply_to, writer=words.writer)
    message.native = dict(words.native)
    thread.add(message)
    thread.last_customer_at = max(filter(None, (thread.last_customer_at, message.at)))
    return message


def mint_message_id(stage: Stage, thread: Thread) -> str:
    """The next id in the shape of the channel."""
    if thread.account.channel == "telegram":
        return str(thread.next_message_id() if thread.keeps_count else thread.account.next_message_id())
    mint = stage.world.mint
    minted = mint.messenger_mid if thread.account.channel == "messenger" else mint.instagram_mid
    return minted(stage.world.life, *_place(thread))


def _place(thread: Thread) -> tuple[object, ...]:
    return (*thread.account.key, thread.person.key, len(thread.messages))


def edit(stage: Stage, thread: Thread, message_id: str, text: str) -> tuple[Message, Sent]:
    message = _own(thread, message_id)
    now = stage.clock.now()
    message.text, message.edits, message.edited_at = text, message.edits + 1, now
    if thread.account.channel == "telegram":
        return message, post.bot_update(stage, thread, "edit", updates.message(thread, message), now)
    return message, post.meta_event(stage, thread, "edit", bodies.edited(thread, message, now))


def unsend(stage: Stage, thread: Thread, message_id: str) -> tuple[Message, Sent]:
    """A person withdraws a message. Instagram says so, and Telegram in business chats; the others stay silent."""
    message = _own(thread, message_id)
    message.deleted_at = now = stage.clock.now()
    if thread.account.channel != "telegram":
        return message, post.meta_event(stage, thread, "unsend", bodies.unsent(thread, message, now))
    if thread.connection is None:
        return message, []
    return message, post.bot_update(stage, thread, "deleted", updates.business_deleted(thread, [message.id]), now)


def react(
    stage: Stage, thread: Thread, message_id: str, emoji: str | None, by: Writer | None = None
) -> tuple[Message, Sent]:
    """A reaction, or with None its withdrawal. On Meta it opens the window like a message."""
    message = thread.message(message_id)
    before, message.reaction = message.reaction, emoji
    now = stage.clock.now()
    if thread.account.channel == "telegram":
        return message, _react_on_telegram(stage, thread, (message, before, by), now)
    if emoji:
        thread.last_customer_at = now
    return message, post.meta_event(stage, thread, "reaction", bodies.reacted(thread, message, now))


def _react_on_telegram(
    stage: Stage, thread: Thread, what: tuple[Message, str | None, Writer | None], now: datetime
) -> Sent:
    """Private chats keep reactions to themselves; posts of a channel are counted, groups name who reacted."""
    message, before, by = what
    if thread.group is None and not stage.tuning.telegram_private_reactions:
        return []
    if thread.group is not None and thread.group.kind == "channel":
        return post.bot_update(stage, thread, "reaction_count", updates.reaction_count(thread, message, now), now)
    return post.bot_update(stage, thread, "reaction", updates.reaction(thread, message, (now, before), by), now)


def read(stage: Stage, thread: Thread) -> tuple[Message | None, Sent]:
    """The person reads all we wrote. Telegram tells nobody; where there is nothing new, nothing is sent."""
    now = stage.clock.now()
    unread = [m for m in thread.received() if m.read_at is None]
    for message in unread:
        message.read_at = now
    if not unread or thread.account.channel == "telegram":
        return None, []
    last = unread[-1]
    return last, post.meta_event(stage, thread, "read", bodies.read(thread, last, max(now, last.at)))


@dataclass
class Tap:
    """A button that is pressed: under one of our messages, or Get started where there is none yet."""

    payload: str
    message_id: str | None = None
    writer: Writer | None = None
    referral: Json | None = None


def tap(stage: Stage, thread: Thread, pressed: Tap) -> tuple[Message, Sent]:
    message_id, payload = pressed.message_id, pressed.payload
    if thread.account.channel == "telegram":
        if message_id is None:
            return say(stage, thread, Words(text=f"/start {payload}".rstrip()))
        under, seen = thread.message(message_id), stage.world.mint
        thread.taps += 1
        tap_id = seen.digits(18, "tap", *_place(thread), thread.taps, payload)
        content = updates.tapped(thread, under, tap_id, payload, pressed.writer)
        return under, post.bot_update(stage, thread, "callback", content, stage.clock.now())
    button = _button(thread, message_id, payload)
    message = _incoming(stage, thread, Words(text=str(button["title"])), [])
    if button.get("content_type") == "text":
        message.native["quick_reply"] = {"payload": payload}
        return message, post.meta_event(stage, thread, "message", bodies.said(thread, message))
    item = bodies.tapped(thread, message, payload, pressed.referral)
    return message, post.meta_event(stage, thread, "postback", item)


def _button(thread: Thread, message_id: str | None, payload: str) -> Json:
    buttons = thread.message(message_id).buttons if message_id else []
    return next((b for b in buttons if b.get("payload") == payload), {"title": "Empezar"})


def block(stage: Stage, thread: Thread, *, blocked: bool) -> Sent:
    """The person shuts us out, or lets us in again. Telegram says so, Meta lets the next send fail."""
    if thread.blocked == blocked:
        return []
    thread.blocked = blocked
    if thread.account.channel != "telegram":
        return []
    now = stage.clock.now()
    statuses = ("member", "kicked") if blocked else ("kicked", "member")
    return post.bot_update(stage, thread, "member", updates.membership(thread, now, statuses), now)


def owner_says(stage: Stage, thread: Thread, words: Words, app_id: str | None = None) -> tuple[Message, Sent]:
    """The owner types in the Page inbox, the Instagram app or his own Telegram; `app_id` where another app sends."""
    if thread.account.channel == "telegram" and thread.connection is None:
        raise Conflict("nobody can write by hand for a bot")
    message = Message(mint_message_id(stage, thread), "out", words.at or stage.clock.now(), words.text)
    for index, wanted in enumerate(words.attachments):
        message.attachments.append(make(stage, thread, wanted, f"{message.id}/{index}"))
    message.reply_to, message.app_id = words.reply_to, app_id
    thread.add(message)
    if thread.connection is not None:
        message.writer = thread.connection.owner
        return message, post.bot_update(stage, thread, "message", updates.message(thread, message), message.at)
    return message, post.meta_event(stage, thread, "echo", bodies.echoed(thread, message))


def _own(thread: Thread, message_id: str) -> Message:
    message = thread.message(message_id)
    if message.direction != "in":
        raise Conflict("a person can change only what that person wrote")
    return message
