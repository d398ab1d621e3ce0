"""What End Contacts do: write, react, edit, unsend, read, tap, block; and what an owner types by hand."""

from dataclasses import dataclass, field
from datetime import datetime

from ingestion.simulator import bodies, post, updates
from ingestion.simulator.attachments import UNSUPPORTED, Wanted, make, refuse_foreign
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Json, Message, Thread
from konectus.errors import Conflict

Sent = list[Delivery]


@dataclass
class Words:
    """What somebody says at once. `at` None is now."""

    text: str = ""
    attachments: list[Wanted] = field(default_factory=list)
    reply_to: str | None = None
    story: bool = False
    at: datetime | None = None


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
    message = thread.add(Message(message_id, "in", at, words.text, made, words.reply_to))
    thread.last_customer_at = max(filter(None, (thread.last_customer_at, message.at)))
    return message


def mint_message_id(stage: Stage, thread: Thread) -> str:
    """The next id in the shape of the channel."""
    if thread.account.channel == "telegram":
        return str(thread.account.next_message_id())
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
    """A person withdraws a message. Instagram alone says so; the others stay silent."""
    message = _own(thread, message_id)
    message.deleted_at = stage.clock.now()
    if thread.account.channel == "telegram":
        return message, []
    return message, post.meta_event(stage, thread, "unsend", bodies.unsent(thread, message, message.deleted_at))


def react(stage: Stage, thread: Thread, message_id: str, emoji: str | None) -> tuple[Message, Sent]:
    """A reaction, or with None its withdrawal. On Meta it opens the window like a message."""
    message = thread.message(message_id)
    before, message.reaction = message.reaction, emoji
    now = stage.clock.now()
    if thread.account.channel == "telegram":
        if not stage.tuning.telegram_private_reactions:
            return message, []
        return message, post.bot_update(stage, thread, "reaction", updates.reaction(thread, message, now, before), now)
    if emoji:
        thread.last_customer_at = now
    return message, post.meta_event(stage, thread, "reaction", bodies.reacted(thread, message, now))


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


def tap(stage: Stage, thread: Thread, message_id: str | None, payload: str) -> tuple[Message, Sent]:
    """A button under one of our messages, or Get started where there is none yet."""
    if thread.account.channel == "telegram":
        if message_id is None:
            return say(stage, thread, Words(text="/start"))
        pressed = thread.message(message_id)
        tap_id = stage.world.mint.digits(18, "tap", *_place(thread), payload)
        content = updates.tapped(thread, pressed, tap_id, payload)
        return pressed, post.bot_update(stage, thread, "callback", content, stage.clock.now())
    button = _button(thread, message_id, payload)
    message = _incoming(stage, thread, Words(text=str(button["title"])), [])
    if button.get("content_type") == "text":
        message.native["quick_reply"] = {"payload": payload}
        return message, post.meta_event(stage, thread, "message", bodies.said(thread, message))
    return message, post.meta_event(stage, thread, "postback", bodies.tapped(thread, message, payload))


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
    return post.bot_update(stage, thread, "member", updates.membership(thread, now, blocked=blocked), now)


def owner_says(stage: Stage, thread: Thread, text: str) -> tuple[Message, Sent]:
    """The owner types in the Page inbox or the Instagram app: an echo that names no app of ours."""
    if thread.account.channel == "telegram":
        raise Conflict("nobody can write by hand for a bot")
    message = thread.add(Message(mint_message_id(stage, thread), "out", stage.clock.now(), text))
    return message, post.meta_event(stage, thread, "echo", bodies.echoed(thread, message))


def _own(thread: Thread, message_id: str) -> Message:
    message = thread.message(message_id)
    if message.direction != "in":
        raise Conflict("a person can change only what that person wrote")
    return message
