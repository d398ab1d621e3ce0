"""What Meta's own record says we have told a person lately: how an outcome nobody knows is found out."""

import httpx

from ingestion.channels.meta import graph, history
from ingestion.channels.port.adapter import Access, Said, Span
from ingestion.channels.port.failures import Permanent
from ingestion.channels.port.reading import id_of, list_of, mapping_of

# Only the 20 newest messages of a conversation are told in full (channels.md 2.8).
_TOO_OLD = "9000001"


def said(http: httpx.Client, access: Access, place: tuple[str, str], span: Span) -> tuple[Said, ...]:
    """Our words of a span, by node and platform (`place`): the person's conversation, its ids, each in full."""
    node, platform = place
    span.pause()
    answer = graph.get(http, access, f"{node}/conversations", platform=platform, user_id=span.person, fields="id")
    threads = [id_of(mapping_of(row).get("id")) for row in list_of(answer.body.get("data"))]
    found: list[Said] = []
    for thread in filter(None, threads):
        span.pause()
        for named in history.messages(http, access, thread):
            if named.created_at is None or span.since <= named.created_at <= span.until:
                told = _told(http, access, named.id, span)
                found.extend([told] if told is not None else [])
    return tuple(found)


def _told(http: httpx.Client, access: Access, message_id: str, span: Span) -> Said | None:
    """The message in full if it is ours and of the span; None else, and for one that is not told any more."""
    span.pause()
    try:
        told = history.message(http, access, message_id)
    except Permanent as refusal:
        if refusal.provider_code.startswith(_TOO_OLD):
            return None
        raise
    if told is None or told.sender == span.person or not span.since <= told.created_at <= span.until:
        return None
    return Said(external_id=told.id, at=told.created_at, text=told.text or "", has_file=bool(told.attachments))
