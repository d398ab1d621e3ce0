"""What the Graph API tells about accounts, persons, conversations and messages. Reads only."""

import re
from collections.abc import Iterable
from datetime import timedelta

from ingestion.simulator import graph_errors
from ingestion.simulator.calls import Call
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Attachment, Json, Message, Thread

NEWEST = 20  # older messages of a conversation are listed but not told (channels.md 2.8)
_PAGE_OF = 25
_REQUESTS_KEPT = timedelta(days=30)
_INSIDE = re.compile(r"\{[^{}]*\}")


def fields(call: Call) -> set[str]:
    """The top-level names asked for."""
    text = call.text("fields")
    while _INSIDE.search(text):
        text = _INSIDE.sub("", text)
    return {name for name in re.split(r"[,\s]+", re.sub(r"\.\w+\(.*?\)", "", text)) if name}


def chosen(facts: Json, names: Iterable[str], always: tuple[str, ...] = ("id",)) -> Json:
    """The facts asked for; the default ones where nothing was asked."""
    wanted = set(names)
    return {key: value for key, value in facts.items() if key in wanted or key in always}


def account(stage: Stage, told: Account, call: Call) -> Json:
    """A Page or an Instagram account as a node."""
    if told.channel == "instagram":
        return chosen(_instagram(stage, told), fields(call) or {"username"})
    facts: Json = {"id": told.id, "name": told.name, "username": told.username}
    if linked := stage.world.linked_instagram(told.id):
        facts["instagram_business_account"] = {"id": linked.id, "username": linked.username, "name": linked.name}
    return chosen(facts, fields(call) or {"name"})


def _instagram(stage: Stage, told: Account) -> Json:
    """`user_id` is what webhooks use; `id` is scoped to the app under Instagram Login (channels.md 1.6)."""
    scoped = told.id if told.page else stage.world.mint.digits(17, "scoped", told.id)
    picture = stage.media_url(stage.library.make("avatar", told.id)[0])
    names = {"username": told.username, "name": told.name, "account_type": "BUSINESS", "profile_picture_url": picture}
    return {"id": scoped, "user_id": told.id, **names}


def profile(stage: Stage, thread: Thread, call: Call) -> Json:
    """A person, told only after the person wrote and not after a block."""
    if thread.last_customer_at is None or thread.blocked:
        if thread.account.channel == "messenger":
            raise graph_errors.GraphError(100, "(#100) No profile available for this user.", 2018218)
        raise graph_errors.GraphError(230, "(#230) User consent is required to access user profile")
    person = thread.person
    picture = stage.media_url(stage.library.make("avatar", person.key)[0])
    facts: Json = {"id": thread.person_id, "name": person.name, "profile_pic": picture}
    if thread.account.channel == "messenger":
        facts |= {"first_name": person.first_name, "last_name": person.last_name}
        return chosen(facts, fields(call) or {"first_name", "last_name", "profile_pic"})
    facts |= {"username": person.handle, "follower_count": 120 + stage.world.mint.below(900, person.key)}
    facts |= {"is_user_follow_business": True, "is_business_follow_user": False, "is_verified_user": False}
    return chosen(facts, fields(call) or {"name", "username", "profile_pic"})


def conversations(stage: Stage, told: Account, call: Call) -> Json:
    """The conversations of one account, newest first, paged by cursor."""
    listed = (t for t in stage.world.threads_of(told) if t.messages and not _is_missing(stage, t))
    threads = [t for t in listed if call.text("user_id") in {"", t.person_id}]
    threads.sort(key=lambda t: t.messages[-1].at, reverse=True)
    start, limit = int(call.text("after") or 0), int(call.text("limit") or _PAGE_OF)
    shown = [_conversation(stage, t, fields(call) or {"updated_time"}) for t in threads[start : start + limit]]
    paging = {"paging": {"cursors": {"after": str(start + limit)}}} if start + limit < len(threads) else {}
    return {"data": shown, **paging}


def _is_missing(stage: Stage, thread: Thread) -> bool:
    """Requests that nobody answered for 30 days are not listed (channels.md 2.8)."""
    return thread.is_request and stage.clock.now() - thread.messages[-1].at >= _REQUESTS_KEPT


def conversation_id(stage: Stage, thread: Thread) -> str:
    return "t_" + stage.world.mint.digits(17, "conversation", *thread.account.key, thread.person.key)


def _conversation(stage: Stage, thread: Thread, names: set[str]) -> Json:
    people = [
        {"id": thread.person_id, "name": thread.person.name},
        {"id": thread.account.id, "name": thread.account.name},
    ]
    facts: Json = {
        "id": conversation_id(stage, thread),
        "updated_time": _iso(thread.messages[-1]),
        "participants": {"data": people},
        "messages": _listed(thread),
    }
    return chosen(facts, names)


def conversation(stage: Stage, thread: Thread, call: Call) -> Json:
    return _conversation(stage, thread, fields(call) or {"updated_time"})


def messages(thread: Thread) -> Json:
    return _listed(thread)


def _listed(thread: Thread) -> Json:
    return {"data": [{"id": m.id, "created_time": _iso(m)} for m in reversed(_visible(thread))]}


def _visible(thread: Thread) -> list[Message]:
    return [m for m in thread.messages if m.deleted_at is None]


def message(thread: Thread, message_id: str, call: Call) -> Json:
    """One message in full, if it is among the newest of its conversation."""
    newest = _visible(thread)[-NEWEST:]
    found = next((m for m in newest if m.id == message_id), None)
    if found is None:
        raise graph_errors.too_old()
    person = {"id": thread.person_id, "name": thread.person.name}
    business = {"id": thread.account.id, "name": thread.account.name}
    author, reader = (person, business) if found.direction == "in" else (business, person)
    facts: Json = {
        "id": found.id,
        "created_time": _iso(found),
        "from": author,
        "to": {"data": [reader]},
        "message": found.text,
    }
    if found.reply_to:
        facts["reply_to"] = {"mid": found.reply_to}
    if found.attachments:
        facts["attachments"] = {"data": [_attachment(a) for a in found.attachments]}
    return chosen(facts, fields(call) or {"created_time"})


def _attachment(attachment: Attachment) -> Json:
    address = {"image_data": {"url": attachment.url}} if attachment.type == "image" else {"file_url": attachment.url}
    return {"name": attachment.name, "mime_type": attachment.media_type, "size": attachment.size, **address}


def _iso(message: Message) -> str:
    return message.at.strftime("%Y-%m-%dT%H:%M:%S+0000")
