"""What the control API shows: accounts, persons, threads, deliveries, as plain JSON. Changes nothing."""

import base64
from collections.abc import Iterable
from datetime import datetime

from ingestion.simulator import post
from ingestion.simulator.deliver import Delivery
from ingestion.simulator.stage import Stage
from ingestion.simulator.state import Account, Attachment, Json, Message, Person, Thread


def account(stage: Stage, told: Account) -> Json:
    facts: Json = {
        "channel": told.channel,
        "id": told.id,
        "name": told.name,
        "username": told.username,
        "token": told.token,
        "business": told.business,
        "app": told.app,
        "page": told.page,
        "connected": stage.world.is_connected(told),
        "token_expires_at": _iso(told.token_expires_at),
        "calls": dict(told.calls),
    }
    if told.channel == "telegram":
        hook = told.webhook
        facts["webhook"] = None
        if hook.url:
            allowed, waiting = list(hook.allowed_updates), len(post.pending(stage, told))
            facts["webhook"] = {
                "url": hook.url,
                "secret_token": hook.secret_token,
                "allowed_updates": allowed,
                "pending": waiting,
            }
        return facts
    facts["subscribed"] = {app: list(fields) for app, fields in stage.world.subscriptions(told).items()}
    linked = stage.world.linked_instagram(told.id)
    return facts | ({"instagram": account(stage, linked)} if linked else {})


def person(told: Person) -> Json:
    return {"person": told.key, "name": told.name, "handle": told.handle, "language": told.language}


def person_in_full(stage: Stage, told: Person) -> Json:
    theirs = [t for t in stage.world.threads.values() if t.person is told]
    named = {f"{t.account.channel}:{t.account.id}": t for t in theirs}
    return person(told) | {
        "ids": {name: t.person_id for name, t in named.items()},
        "blocked": [name for name, t in named.items() if t.blocked],
        "messages": {name: len(t.messages) for name, t in named.items()},
    }


def message(thread: Thread, told: Message) -> Json:
    """A message of either side as the person sees it, with the times that matter."""
    return {
        "message_id": told.id,
        "channel": thread.account.channel,
        "account": thread.account.id,
        "person": thread.person.key,
        "person_id": thread.person_id,
        "direction": told.direction,
        "by": told.writer.person.key if told.writer else None,
        "text": told.text,
        "attachments": [attachment(a) for a in told.attachments],
        "metadata": told.metadata,
        "reply_to": told.reply_to,
        "tag": told.tag,
        "buttons": told.buttons,
        "reaction": told.reaction,
        "our_reaction": told.native.get("our_reaction"),
        "at": _iso(told.at),
        "delivered_at": _iso(told.delivered_at),
        "read_at": _iso(told.read_at),
        "edited_at": _iso(told.edited_at),
        "deleted_at": _iso(told.deleted_at),
    }


def attachment(told: Attachment) -> Json:
    return {
        "type": told.type,
        "url": told.url,
        "name": told.name,
        "media_type": told.media_type,
        "size": told.size,
        "sha256": told.sha256,
    }


def delivery(told: Delivery) -> Json:
    return {
        "id": told.id,
        "channel": told.channel,
        "account": told.account,
        "person": told.person,
        "kind": told.kind,
        "url": told.url,
        "state": told.state,
        "created_at": _iso(told.created_at),
        "body_base64": base64.b64encode(told.body).decode(),
        "headers": told.headers,
        "attempts": [
            {"at": _iso(a.at), "status": a.status, "error": a.error, "seconds": a.seconds} for a in told.attempts
        ],
    }


def threads(stage: Stage, channel: str, account_id: str, person_key: str = "") -> list[Thread]:
    """The threads that fit; an empty word fits all."""
    wanted = (channel, account_id, person_key)
    return [
        thread
        for key, thread in stage.world.threads.items()
        if all(not want or want == have for want, have in zip(wanted, key[:3], strict=True))
    ]


def received(found: Iterable[Thread]) -> list[Json]:
    """What the business said in these threads, by time."""
    pairs = [(thread, told) for thread in found for told in thread.received()]
    return [message(thread, told) for thread, told in sorted(pairs, key=lambda pair: pair[1].at)]


def thread(told: Thread) -> Json:
    return {
        "channel": told.account.channel,
        "account": told.account.id,
        "person": told.person.key,
        "person_id": told.person_id,
        "name": told.person.name,
        "group": told.group.kind if told.group else None,
        "connection": told.connection.id if told.connection else None,
        "owner_app": told.owner_app,
        "blocked": told.blocked,
        "last_customer_at": _iso(told.last_customer_at),
        "messages": [message(told, m) for m in told.messages],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None
