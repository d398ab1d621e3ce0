"""Meta's Conversations API: what a Page or Instagram account said and heard (channels.md 2.8, 3.4). Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from ingestion.channels.meta import graph
from ingestion.channels.port.adapter import Access
from ingestion.channels.port.reading import id_of, instant_of, list_of, mapping_of, text_of

Json = dict[str, object]
_PAGE_OF = "50"
_KINDS = ("image", "video", "audio")


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation and when it last moved."""

    id: str
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of conversations, the latest first, and where the next begins."""

    threads: tuple[Thread, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Named:
    """A message's id and when it was made; what it says is asked for one by one."""

    id: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message as the channel tells it now."""

    id: str
    created_at: datetime
    sender: str
    recipient: str
    text: str | None = field(repr=False)
    attachments: tuple[Json, ...] = field(default=(), repr=False)
    reply_to: str | None = None


def conversations(http: httpx.Client, access: Access, node: str, platform: str, after: str | None) -> Listing:
    """GET /{node}/conversations, a page of it."""
    cursor = {"after": after} if after else {}
    answer = graph.get(
        http, access, f"{node}/conversations", platform=platform, fields="id,updated_time", limit=_PAGE_OF, **cursor
    )
    rows = [mapping_of(row) for row in list_of(answer.body.get("data"))]
    threads = tuple(Thread(name, instant_of(row.get("updated_time"))) for row in rows if (name := id_of(row.get("id"))))
    following = text_of(mapping_of(mapping_of(answer.body.get("paging")).get("cursors")).get("after"))
    return Listing(threads, following if threads else None)


def messages(http: httpx.Client, access: Access, thread: str) -> list[Named]:
    """The ids of a conversation, newest first."""
    told = graph.get(http, access, thread, fields="messages{id,created_time}").body
    rows = [mapping_of(row) for row in list_of(mapping_of(told.get("messages")).get("data"))]
    return [Named(name, instant_of(row.get("created_time"))) for row in rows if (name := id_of(row.get("id")))]


def message(http: httpx.Client, access: Access, message_id: str) -> Told | None:
    """One message; None where the channel does not say who spoke or when.

    Raises Permanent (9000001) for one that is not among the 20 newest of its conversation.
    """
    told = graph.get(http, access, message_id, fields="id,created_time,from,to,message,attachments,reply_to").body
    sender = id_of(mapping_of(told.get("from")).get("id"))
    readers = list_of(mapping_of(told.get("to")).get("data"))
    recipient = id_of(mapping_of(next(iter(readers), None)).get("id"))
    at = instant_of(told.get("created_time"))
    if sender is None or recipient is None or at is None:
        return None
    files = tuple(_attachment(mapping_of(row)) for row in list_of(mapping_of(told.get("attachments")).get("data")))
    answered = id_of(mapping_of(told.get("reply_to")).get("mid"))
    return Told(
        id=message_id,
        created_at=at,
        sender=sender,
        recipient=recipient,
        text=text_of(told.get("message")),
        attachments=files,
        reply_to=answered,
    )


def _attachment(told: Mapping[str, object]) -> Json:
    """As a webhook would have told it: a type and an address."""
    url = next(
        (text for key in ("image_data", "video_data") if (text := text_of(mapping_of(told.get(key)).get("url")))),
        text_of(told.get("file_url")),
    )
    family = (text_of(told.get("mime_type")) or "").partition("/")[0]
    kind = family if family in _KINDS else "file"
    payload: Json = {"url": url} if url else {}
    return {"type": kind, "payload": payload}
